"""Notebooks, cell by cell: a broken cell costs itself. Outputs and prose are not read."""

import re
from typing import Any

import msgspec

from scanner.detect.reading import lines, python
from scanner.detect.reading.imports import python_imports
from scanner.detect.reading.literal import Reading, Unreadable

MAGIC = re.compile(r"^\s*[%!?]")
SHELL = re.compile(r"^\s*(!|%(?:pip|conda|sh|env)\b)")


def read(text: str) -> Reading:
    """All code cells. Raises Unreadable where the notebook is not JSON of cells."""
    try:
        book = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError) as error:
        raise Unreadable(f"not a notebook: {type(error).__name__}") from None
    cells = book.get("cells") if isinstance(book, dict) else None
    if cells is None and isinstance(book, dict) and isinstance(book.get("worksheets"), list):
        cells = [cell for sheet in book["worksheets"] if isinstance(sheet, dict) for cell in sheet.get("cells") or ()]
    if not isinstance(cells, list):
        raise Unreadable("a notebook without cells")
    reading = Reading()
    at = 0
    for cell in cells:
        source = _source(cell)
        if source:
            at = _found(text, source, at)
            reading.add(_cell(source), text.count("\n", 0, at))
    return reading


def _source(cell: Any) -> str:
    if not isinstance(cell, dict) or cell.get("cell_type") != "code":
        return ""
    source = cell.get("source", cell.get("input", ""))
    return "".join(str(line) for line in source) if isinstance(source, list) else str(source or "")


def _found(text: str, source: str, at: int) -> int:
    first = next((line for line in source.split("\n") if line.strip()), "")
    found = text.find(msgspec.json.encode(first).decode()[1:-1], at)
    return found if found >= 0 else at


def _cell(source: str) -> Reading:
    first = source.lstrip()
    if first.startswith(("%%bash", "%%sh", "%%script", "%%cmd", "%%writefile")):
        return lines.read_shell(source) if not first.startswith("%%writefile") else lines.read_words(source)
    shell = "\n".join(line.lstrip("!% ") if SHELL.match(line) else "" for line in source.split("\n"))
    reading = lines.read_shell(shell) if shell.strip() else Reading()
    code = "\n".join("pass" if MAGIC.match(line) else line for line in source.split("\n"))
    try:
        reading.add(python.read(code))
    except Unreadable:
        reading.add(lines.read_words(code))
        reading.imports += list(python_imports(code))
    return reading
