"""Files inside files: a ConfigMap's scripts, an application's configuration in a block of text, commands of a step."""

import re

from scanner.detect.reading import documents, lines, python
from scanner.detect.reading.imports import python_imports
from scanner.detect.reading.literal import Literal, Reading, Unreadable

PYTHON = re.compile(r"^(?:import \w|from [\w.]+ import )", re.MULTILINE)
MAPPING = re.compile(r"^[ \t]*(?:- )?[\w.\"/-]+:(?: |$)", re.MULTILINE)
ASSIGNMENT = re.compile(r"^[A-Za-z_][\w.-]*\s*=\s*\S", re.MULTILINE)
SHELL_KEYS = frozenset(
    {"run", "command", "args", "script", "before_script", "after_script", "entrypoint", "commands", "bash", "shell", "source"}
)
MOST = 200


def expand(reading: Reading) -> None:
    """Reads each text of several lines by what it is, and adds what it gives."""
    if any(isinstance(document.value, dict) and {"openapi", "swagger"} & set(document.value) for document in reading.documents):
        return  # its blocks are descriptions and samples
    blocks = [literal for literal in reading.literals if "\n" in literal.text.strip() and len(literal.text) > 20]
    for literal in blocks[:MOST]:
        reading.add(_read(literal), max(literal.line - 1, 0))


def _read(literal: Literal) -> Reading:
    text, name = literal.text, literal.key.lower()
    if name.endswith(".py") or PYTHON.search(text):
        return _python(text)
    if name.endswith(".json") or (text.strip()[:1] + text.strip()[-1:]) in ("{}", "[]"):
        return documents.read_json(text)
    if name.endswith((".yaml", ".yml")) or len(MAPPING.findall(text)) * 2 > text.strip().count("\n") + 1:
        return documents.read_yaml(text)
    if name.endswith((".sh", ".bash")) or text.startswith("#!") or literal.key in SHELL_KEYS:
        return lines.read_shell(text)
    if len(ASSIGNMENT.findall(text)) * 2 > text.strip().count("\n") + 1:
        return lines.read_words(text)
    return Reading()


def _python(text: str) -> Reading:
    try:
        return python.read(text)
    except Unreadable:
        found = lines.read_words(text)
        found.imports = list(python_imports(text))
        return found
