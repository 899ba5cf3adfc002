"""TOML, YAML, JSON and CSV to mappings with the line that each begins on. Hostile files end in Malformed, never in a crash."""

import csv
import io
import json
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime
from typing import Any

import msgspec

from connectors.registries._cells import put

GROUPS = ("record", "records", "model", "models")
"""A file may hold one record, a list of them, or a list under one of these names."""
DEEPEST = 60


class Malformed(ValueError):
    """The file is not what its name says. `line` counts from 1."""

    def __init__(self, message: str, line: int = 1) -> None:
        super().__init__(message)
        self.line = line


class Entry(msgspec.Struct, frozen=True):
    """One record as it stands in its file."""

    values: Mapping[str, Any]
    line: int


Reader = Callable[[bytes, Mapping[str, str], str], Iterator[Entry]]


def _text(data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Malformed("not UTF-8; save it as UTF-8", data[: error.start].count(b"\n") + 1) from error


def _toml(data: bytes, _columns: Mapping[str, str], _separators: str) -> Iterator[Entry]:
    text = _text(data)
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise Malformed(str(error), _line_in(str(error))) from error
    except RecursionError as error:
        raise Malformed("nested too deeply") from error
    yield from _entries(raw, text)


def _yaml(data: bytes, _columns: Mapping[str, str], _separators: str) -> Iterator[Entry]:
    import ryaml

    text = _text(data)
    try:
        documents = ryaml.loads_all(text)
    except ryaml.InvalidYamlError as error:
        raise Malformed(str(error), _line_in(str(error))) from error
    for document in documents:
        yield from _entries(document, text)


def _json(data: bytes, _columns: Mapping[str, str], _separators: str) -> Iterator[Entry]:
    text = _text(data)
    try:
        raw = json.loads(text)
    except json.JSONDecodeError as error:
        raise Malformed(error.msg, error.lineno) from error
    except RecursionError as error:
        raise Malformed("nested too deeply") from error
    yield from _entries(raw, text)


def _csv(data: bytes, columns: Mapping[str, str], separators: str) -> Iterator[Entry]:
    text = _text(data)
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
    fields = {column: field for field, column in columns.items()}
    try:
        missing = sorted(set(columns.values()) - set(reader.fieldnames or ()))
        if missing:
            raise Malformed(f"no column {', '.join(map(repr, missing))}; the config's `columns` names it")
        for row in reader:
            yield Entry(_row(row, fields, separators), reader.line_num)
    except csv.Error as error:
        raise Malformed(str(error), reader.line_num) from error


def _delimiter(text: str) -> str:
    head = text.partition("\n")[0]
    return max(",;\t", key=head.count)


def _row(row: Mapping[str | None, Any], fields: Mapping[str, str], separators: str) -> Mapping[str, Any]:
    values: dict[str, Any] = {}
    for column, cell in row.items():
        if column is None:
            values["cells beyond the header"] = " ".join(cell)
        elif cell:
            put(values, fields.get(column, column.strip()), cell.strip(), separators)
    return values


def _entries(raw: Any, text: str) -> Iterator[Entry]:
    entries = _listed(raw)
    if not entries or not all(isinstance(entry, dict) for entry in entries):
        raise Malformed("holds no record")
    start = 0
    for entry in entries:
        line, start = _place(entry, text, start)
        yield Entry(_plain(entry), line)


def _listed(raw: Any) -> list[Any]:
    if isinstance(raw, list):
        return raw
    group = next((raw[name] for name in GROUPS if isinstance(raw, dict) and isinstance(raw.get(name), list)), None)
    return group if group is not None else [raw] if raw else []


def _place(entry: Mapping[str, Any], text: str, start: int) -> tuple[int, int]:
    """The line that names the record's id, or its name: where a person looks for it."""
    known = next((str(entry[name]) for name in ("id", "name") if isinstance(entry.get(name), str)), None)
    found = re.compile(rf"""(?<![\w.-]){re.escape(known)}(?![\w.-])""").search(text, start) if known else None
    if found is None:
        return text.count("\n", 0, start) + 1, start
    return text.count("\n", 0, found.start()) + 1, found.end()


def _plain(value: Any, depth: int = 0) -> Any:
    """Dates as text, and nothing nested without end."""
    if depth > DEEPEST:
        raise Malformed("nested too deeply")
    if isinstance(value, dict):
        return {str(key): _plain(each, depth + 1) for key, each in value.items()}
    if isinstance(value, list):
        return [_plain(each, depth + 1) for each in value]
    return value.isoformat() if isinstance(value, (date, datetime)) else value


def _line_in(message: str) -> int:
    found = re.search(r"line (\d+)", message)
    return int(found[1]) if found else 1


FORMATS: Mapping[str, Reader] = {".toml": _toml, ".yaml": _yaml, ".yml": _yaml, ".json": _json, ".csv": _csv}
