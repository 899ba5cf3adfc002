"""What readers give."""

from typing import Any, NamedTuple

import msgspec


class Unreadable(Exception):
    """A file that its reader cannot make sense of; what could be told without structure is told all the same."""


class Literal(NamedTuple):
    """A text of a file and what it is bound to.

    `key` is the nearest name (a variable, an argument, a mapping's key, an option), `callee` the function, class or block it is
    given to, `path` the keys above it in a document, `group` the list or mapping it is a member of (0: none).
    """

    text: str
    line: int
    key: str = ""
    callee: str = ""
    path: tuple[str, ...] = ()
    group: int = 0
    member: bool = False  # a list's element or a mapping's key rather than a value with a name of its own


class Import(NamedTuple):
    """A module that code imports, in the spelling of its language (`ecosystem`: python, npm, go, java, ...)."""

    ecosystem: str
    module: str
    line: int
    names: tuple[str, ...] = ()


class Document(NamedTuple):
    """One document of configuration, parsed; `lines` finds where a value stands."""

    value: Any
    line: int


class Call(NamedTuple):
    """A call or construction: its dotted name and its line."""

    name: str
    line: int


class Reading(msgspec.Struct):
    """All that a reader gave of one file."""

    literals: list[Literal] = []
    imports: list[Import] = []
    documents: list[Document] = []
    commands: list[tuple[str, int]] = []
    calls: list[Call] = []
    broken: str = ""

    def add(self, other: "Reading", shift: int = 0) -> None:
        """Takes over what a part of the file gave, `shift` lines further down."""
        self.literals += [literal._replace(line=literal.line + shift) for literal in other.literals]
        self.imports += [found._replace(line=found.line + shift) for found in other.imports]
        self.calls += [call._replace(line=call.line + shift) for call in other.calls]
        self.commands += [(text, line + shift) for text, line in other.commands]
        self.documents += [document._replace(line=document.line + shift) for document in other.documents]
