"""What an identifier proves: the table scanner/data/identifiers.toml, validated when first asked."""

import re
from collections import defaultdict
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

import msgspec

from scanner.model import Kind, Relation


class Row(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One kind of identifier; the columns are explained in the table."""

    prefix: str
    shape: str = ""
    merges: bool = False
    content: bool = False
    strong: bool = False
    pinned: bool = False
    version_after: str = ""


class _Names(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    names: tuple[str, ...]


class Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole table."""

    shared_at_most: int
    expand_at_most: int
    identifier: tuple[Row, ...]
    placeholder: Mapping[Relation, Kind]
    prefer: Mapping[str, tuple[str | bool, ...]]
    latest: _Names
    earliest: _Names


WEAK = Row(prefix="")
KINDS = frozenset({*(str(kind) for kind in Kind), "http", "https"})
"""What a key, or an address, begins with."""


@cache
def table() -> Table:
    """The table as it lies in the package."""
    return msgspec.toml.decode(files("scanner").joinpath("data/identifiers.toml").read_bytes(), type=Table)


@cache
def merging() -> tuple[str, ...]:
    """The prefixes of identifiers that name one very thing."""
    return tuple(row.prefix for row in table().identifier if row.merges)


def row(identifier: str) -> Row:
    """The row that decides on an identifier; a weak one where the table knows nothing of it."""
    kind = identifier[: identifier.find(":") + 1]
    if kind in _plain():
        return _plain()[kind]
    for row, shape in _rows().get(kind, ()):
        if identifier.startswith(row.prefix) and (shape is None or shape.fullmatch(identifier, len(row.prefix))):
            return row
    return WEAK


def typed(identifier: str) -> bool:
    """Whether it says what it names: a type of the table, or the kind of an asset whose key it is."""
    kind, found, _ = identifier.partition(":")
    return bool(found) and (f"{kind}:" in _rows() or kind in KINDS)


def name_of(identifier: str) -> str | None:
    """The name that all versions of this share: `hf:org/name@rev` -> `hf:org/name`; None where it holds no version."""
    if identifier[: identifier.find(":") + 1] not in _versioned():
        return None
    separator = row(identifier).version_after
    head, found, version = identifier.rpartition(separator) if separator else ("", "", "")
    return head if found and version and head.partition(":")[2] else None


@cache
def _plain() -> Mapping[str, Row]:
    """The rows that decide by what stands before the colon alone."""
    alone = {kind: rows[0] for kind, rows in _rows().items() if len(rows) == 1}
    return {kind: row for kind, (row, shape) in alone.items() if row.prefix == kind and shape is None}


@cache
def _versioned() -> frozenset[str]:
    """What stands before the colon of identifiers that may hold a version."""
    return frozenset(row.prefix[: row.prefix.index(":") + 1] for row in table().identifier if row.version_after)


@cache
def _rows() -> Mapping[str, list[tuple[Row, re.Pattern[str] | None]]]:
    """The rows by what stands before the colon, the longest prefix first; asked a million times in a run."""
    rows: defaultdict[str, list[tuple[Row, re.Pattern[str] | None]]] = defaultdict(list)
    for row in sorted(table().identifier, key=lambda row: (-len(row.prefix), not row.shape)):
        rows[row.prefix[: row.prefix.index(":") + 1]].append((row, re.compile(row.shape) if row.shape else None))
    return dict(rows)
