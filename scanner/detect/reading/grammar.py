"""Languages that ast-grep parses: every string with the names it is bound to, found by climbing from the string.

catalogue/languages.toml names the node kinds of the tree-sitter grammars; one climb serves all of them.
"""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import TYPE_CHECKING

import msgspec

from scanner.detect.catalogue import rows, table
from scanner.detect.reading.literal import Literal, Reading, Unreadable

if TYPE_CHECKING:
    from ast_grep_py import SgNode


class Language(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A language: its file endings, and the node kinds that are strings."""

    id: str
    endings: tuple[str, ...]
    strings: tuple[str, ...]


class Kinds(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Node kinds by what they do to a string inside them."""

    pairs: frozenset[str]
    calls: frozenset[str]
    lists: frozenset[str]
    index: frozenset[str]
    stops: frozenset[str]
    modifiers: frozenset[str]
    arguments: frozenset[str]


@cache
def languages() -> Mapping[str, Language]:
    """Every language, by file ending."""
    return {ending: row for row in rows("languages", "language", Language) for ending in row.endings}


@cache
def _kinds() -> Kinds:
    return msgspec.convert(table("languages")["kinds"], Kinds)


LONGEST, HIGHEST, LINE = 4000, 24, 500_000
NAME = re.compile(r"[A-Za-z_$@][\w$.-]*")


def read(text: str, ending: str) -> Reading:
    """A file with one of the endings of `languages`."""
    from ast_grep_py import SgRoot

    language = languages().get(ending)
    if language is None:  # ast-grep answers an unknown language with a panic that no `except` catches
        raise Unreadable(f"no grammar for .{ending}")
    if len(text) > LINE and any(len(line) > LINE for line in text.splitlines()):
        raise Unreadable(f"a line of more than {LINE} characters")
    root = SgRoot(text, language.id).root()
    return Reading(literals=list(_literals(root, language)))


def _literals(root: "SgNode", language: Language) -> Iterator[Literal]:
    hcl = language.id == "hcl"
    for node in root.find_all(any=[{"kind": kind} for kind in language.strings]):
        text = _text(node)
        if text is None:
            continue
        yield _bound(node, text, hcl=hcl)


def _text(node: "SgNode") -> str | None:
    """The string without its quotes; None where it is longer than any name, or a sentence."""
    raw = node.text()
    if len(raw) > LONGEST or len(raw) < 2:
        return None
    if node.kind() == "template_literal":
        return raw
    for opening, closing in (
        ('"""', '"""'),
        ('@"', '"'),
        ('$"', '"'),
        ('r#"', '"#'),
        ('r"', '"'),
        ('"', '"'),
        ("'", "'"),
        ("`", "`"),
        ("[[", "]]"),
    ):
        if raw.startswith(opening) and raw.endswith(closing) and len(raw) >= len(opening) + len(closing):
            return raw[len(opening) : -len(closing)]
    return raw


def _bound(node: "SgNode", text: str, *, hcl: bool) -> Literal:
    keys: list[str] = []
    callee, group, member = "", 0, False
    child, start = node, node.range().start
    for _ in range(HIGHEST):
        parent = child.parent()
        if parent is None:
            break
        kind = parent.kind()
        if hcl and kind == "block":
            keys += reversed(_labels(parent))
        elif kind in _kinds().stops and not hcl:
            break
        elif kind in _kinds().arguments and not keys and not callee:
            keys += _numbered(parent, child)
        elif kind in _kinds().pairs:
            name = _pair(parent, child)
            if name is None:
                member = member or not keys
            elif name and not (callee and not keys):
                keys.append(name)
        elif kind in _kinds().calls and not callee and not _at_start(parent, child):
            callee = _callee(parent)
        elif kind in _kinds().index and not callee and not _at_start(parent, child):
            callee = "[]"
        elif kind in _kinds().lists and not group and not (hcl and kind == "literal_value"):
            group = parent.range().start.index + 1
            member = member or not keys
        child = parent
    return Literal(text, start.line + 1, keys[0] if keys else "", callee, tuple(reversed(keys[1:6])), group, member)


def _at_start(parent: "SgNode", child: "SgNode") -> bool:
    return parent.range().start.index == child.range().start.index


def _numbered(arguments: "SgNode", child: "SgNode") -> list[str]:
    """`#1` for a second argument; the first has no name, as where there is but one."""
    begin = child.range().start.index
    before = sum(1 for part in arguments.children() if part.is_named() and part.range().start.index < begin)
    return [f"#{before}"] if before else []


def _pair(parent: "SgNode", child: "SgNode") -> str | None:
    """The name a pair gives to `child`; None where `child` is that name, "" where there is no name."""
    named = [part for part in parent.children() if part.is_named()]
    if len(named) < 2:
        return ""
    first = named[1] if named[0].kind() in _kinds().modifiers else named[0]
    if first.range().start.index == child.range().start.index:
        return None
    words = NAME.findall(first.text()[:120])
    return words[-1 if first.kind() not in ("variable_declaration", "expression_list") else 0].lstrip("$@") if words else ""


def _callee(call: "SgNode") -> str:
    for field in ("function", "name", "constructor", "method", "type", "macro"):
        found = call.field(field)
        if found is not None:
            return _last(found.text())
    first = next((part for part in call.children() if part.is_named()), None)
    return _last(first.text()) if first is not None else ""


def _last(text: str) -> str:
    """The last names of a dotted function: `client.chat.create`."""
    words = re.findall(r"[A-Za-z_]\w*", text[-160:])
    return ".".join(words[-3:])


def _labels(block: "SgNode") -> list[str]:
    """`resource "aws_sagemaker_model" "x"` as its words."""
    heads = [part for part in block.children() if part.kind() in ("identifier", "string_lit")]
    return [part.text().strip('"') for part in heads]
