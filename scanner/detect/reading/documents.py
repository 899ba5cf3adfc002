"""YAML, JSON and TOML: parsed by libraries that survive hostile input; every scalar found again in the text for its line.

What does not parse (a chart's template, half a file) is read line by line, so that it still gives what it names.
"""

import re
from collections.abc import Iterator
from typing import Any

import msgspec
import rtoml
import ryaml

from scanner.detect.reading.lines import read_words, value_of
from scanner.detect.reading.literal import Document, Literal, Reading

DEEPEST, MOST = 60, 200_000
RELAXED = re.compile(r"\"(?:[^\"\\\n]|\\.)*\"|//[^\n]*|/\*.*?\*/", re.DOTALL)
NESTED = 100
BRACKET = re.compile(r"[\[\]{}]")
TEMPLATE = re.compile(r"\{\{-?.*?-?\}\}", re.DOTALL)
TEMPLATE_LINE = re.compile(r"^[ \t]*(?:\{\{[^\n]*?\}\}[ \t]*)+$", re.MULTILINE)
PAIR = re.compile(r"^(?P<indent>\s*)(?P<dash>(?:-\s+)*)(?P<quote>[\"']?)(?P<key>[\w./@ -]{1,120}?)(?P=quote)\s*:(?:\s+(?P<value>.*?))?\s*$")
ITEM = re.compile(r"^(?P<indent>\s*)-\s+(?P<value>\S.*?)\s*$")
ALIASES = re.compile(r"(?:^|[\s\[,])\*[A-Za-z_]\w*", re.MULTILINE)


ASSIGNED = re.compile(r"([A-Za-z_][\w.-]*|--[a-z][\w-]*)=(\S.*)$")


class Bomb(Exception):
    """More values than a file of configuration has."""


def read_yaml(text: str) -> Reading:
    """A stream of YAML documents."""
    for candidate in (text, _untemplated(text)) if "{{" in text else (text,):
        if _nested(candidate):
            break
        try:
            values = ryaml.loads_all(candidate)
            return _walked(values, text)
        except (ryaml.InvalidYamlError, RecursionError, ValueError, Bomb, UnicodeError):
            continue
    reading = _by_lines(text)
    reading.broken = "" if "{{" in text or "<%" in text else "not YAML"
    return reading


def read_json(text: str) -> Reading:
    """One JSON document; comments and trailing commas are forgiven."""
    for candidate in (text, _relaxed(text)):
        try:
            return _walked([msgspec.json.decode(candidate)], text)
        except (msgspec.DecodeError, RecursionError, Bomb, UnicodeError):
            continue
    return _lines_of_json(text)


def read_toml(text: str) -> Reading:
    """One TOML document."""
    try:
        return _walked([rtoml.loads(text)], text)
    except (rtoml.TomlParsingError, RecursionError, Bomb, ValueError):
        return _by_assignment(text)


def _nested(text: str) -> bool:
    """Whether brackets stand deeper in each other than any parser goes; finding that out may take it minutes."""
    if text.count("[") + text.count("{") < NESTED:
        return False
    depth = 0
    for bracket in BRACKET.finditer(text):
        depth += 1 if bracket[0] in "[{" else -1
        if depth > NESTED:
            return True
    return False


def _untemplated(text: str) -> str:
    """A chart's template as YAML: lines of control removed, expressions made into words."""
    text = TEMPLATE_LINE.sub("", text)
    return TEMPLATE.sub(_word, text)


def _word(found: re.Match[str]) -> str:
    default = re.search(r"default\s+\"([^\"{}]+)\"", found[0])
    if default:
        return default[1]
    values = re.search(r"\.Values\.([\w.]+)", found[0])
    return f"${{values.{values[1]}}}".replace("{", "(").replace("}", ")") if values else "$(template)"


def _relaxed(text: str) -> str:
    """JSON with the comments and trailing commas of JSON5 taken out; strings are left as they are."""
    if len(text) > 2_000_000:
        return text
    bare = RELAXED.sub(lambda found: found[0] if found[0].startswith('"') else "\n" * found[0].count("\n"), text)
    return re.sub(r",(\s*[}\]])", r"\1", bare)


def _walked(values: list[Any], text: str) -> Reading:
    walker = _Walker(text)
    for value in values:
        walker.begin = 0
        walker.walk(value, (), "", 0)
        walker.reading.documents.append(Document(value, walker.begin or walker.line))
    return walker.reading


class _Walker:
    """Walks parsed values in the order of the text, and finds each scalar's line from where the last one was."""

    def __init__(self, text: str) -> None:
        self.text, self.at, self.line, self.seen, self.groups = text, 0, 1, 0, 0
        self.begin = 0
        self.reading = Reading()

    def walk(self, value: Any, path: tuple[str, ...], key: str, group: int, *, member: bool = False) -> None:
        """One value and what is below it."""
        self.seen += 1
        if self.seen > MOST or len(path) > DEEPEST:
            raise Bomb
        if isinstance(value, dict):
            self._mapping(value, (*path, key) if key else path)
        elif isinstance(value, list):
            self.groups += 1
            mine = self.groups
            for item in value:
                self.walk(item, path, key, mine, member=True)
                self._assignment(item, path)
        elif isinstance(value, str):
            self._find(value)
            self.reading.literals.append(Literal(value, self.line, key, "", path, group, member))
        elif value is not None:
            self._find(str(value))

    def _mapping(self, value: dict[Any, Any], path: tuple[str, ...]) -> None:
        self.groups += 1
        mine = self.groups
        for name, inner in value.items():
            text = str(name)
            self._find(text)
            self.reading.literals.append(Literal(text, self.line, path[-1] if path else "", "key", path[:-1], mine, member=True))
            self.walk(inner, path, text, 0)

    def _assignment(self, item: Any, path: tuple[str, ...]) -> None:
        """`- NAME=value` in a list, as compose writes an environment."""
        found = ASSIGNED.match(item) if isinstance(item, str) else None
        if found:
            self.reading.literals.append(Literal(value_of(found[2]), self.line, found[1], "", path))

    def _find(self, text: str) -> None:
        """Moves to the next place where this text stands; stays where it cannot be found (an alias, an escape)."""
        probe = text.split("\n", 1)[0][:80].strip()
        found = self.text.find(probe, self.at) if probe else -1
        if 0 <= found < self.at + 200_000:
            self.line += self.text.count("\n", self.at, found)
            self.at = found
            self.begin = self.begin or self.line


def _by_lines(text: str) -> Reading:
    """Keys, values and list items by their indentation, without a parser."""
    reading = Reading()
    above: list[tuple[int, str]] = []
    group = 1
    for number, raw in enumerate(text.splitlines(), 1):
        if len(raw) > 20_000 or raw.lstrip().startswith("#"):
            group += 1
            continue
        pair = PAIR.match(raw)
        if pair:
            indent = len(pair["indent"]) + len(pair["dash"])
            while above and above[-1][0] >= indent:
                above.pop()
            path = tuple(key for _, key in above)
            reading.literals.append(Literal(pair["key"], number, path[-1] if path else "", "key", path[:-1], 0, True))
            if pair["value"]:
                reading.literals.append(Literal(_scalar(pair["value"]), number, pair["key"], "", path))
            above.append((indent, pair["key"]))
            group += 1
        elif item := ITEM.match(raw):
            path = tuple(key for _, key in above)
            reading.literals.append(Literal(_scalar(item["value"]), number, path[-1] if path else "", "", path[:-1], group, True))
    return reading


def _scalar(raw: str) -> str:
    raw = re.sub(r"\s+#.*$", "", raw).strip()
    default = re.search(r"\{\{.*?default\s+\"([^\"{}]+)\".*?\}\}", raw)
    if default:
        return default[1]
    return raw[1:-1] if len(raw) > 1 and raw[0] == raw[-1] and raw[0] in "\"'" else raw


def _lines_of_json(text: str) -> Reading:
    reading = Reading()
    for number, raw in enumerate(text.splitlines(), 1):
        if len(raw) > 200_000:
            continue
        for found in re.finditer(r"\"([^\"\\]{1,120})\"\s*:\s*\"([^\"\\]{1,300})\"", raw):
            reading.literals.append(Literal(found[2], number, found[1]))
            reading.literals.append(Literal(found[1], number, "", "key", (), 0, True))
    reading.broken = "not JSON"
    return reading


def _by_assignment(text: str) -> Reading:
    reading = read_words(text)
    reading.broken = "not TOML"
    return reading


def scalars(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], str]]:
    """Every text of a document with the keys above it; at most MOST, DEEPEST deep."""
    stack: list[tuple[Any, tuple[str, ...]]] = [(value, path)]
    for _ in range(MOST):
        if not stack:
            return
        item, above = stack.pop()
        if isinstance(item, dict) and len(above) < DEEPEST:
            stack.extend((inner, (*above, str(name))) for name, inner in reversed(item.items()))
        elif isinstance(item, list) and len(above) < DEEPEST:
            stack.extend((inner, above) for inner in reversed(item))
        elif isinstance(item, str):
            yield above, item
