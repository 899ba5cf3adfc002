"""What a repository's files are to whoever reads them, wherever they lie."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

import msgspec

from scanner.detect.artifacts import Ranged
from scanner.model import Gap, Reason, Value


class File(msgspec.Struct, frozen=True, gc=False):
    """One file. `oid` is git's blob id in hexadecimal where it is known before reading."""

    path: str
    size: int | None
    oid: str | None = None


class Tree(Protocol):
    """The files of one repository."""

    def files(self) -> Iterator[File | Gap]:
        """Every regular file."""
        ...

    def bring(self, wanted: Sequence[File]) -> None:
        """Makes these files readable at once: a batch fetch, where they are far away."""
        ...

    def contents(self, wanted: Sequence[File], limit: int) -> Iterator[tuple[File, bytes | None]]:
        """Each file with its true size and blob id, and its bytes: None where it is larger than `limit` or cannot be read."""
        ...

    def opened(self, file: File) -> AbstractContextManager[Ranged]:
        """One file by ranged reads. Raises Unread or a ReadError."""
        ...


class Place(msgspec.Struct, frozen=True):
    """Where the files stand: `owner` as in docs/vocabulary.md, `where` begins evidence, `inherited` are the blobs of a fork's origin."""

    owner: str
    where: str
    source: str
    scope: str
    location: Mapping[str, Value]
    archived: bool = False
    inherited: Collection[str] = frozenset()

    def gap(self, reason: Reason, detail: str, remedy: str = "") -> Gap:
        """A gap of this repository."""
        return Gap(self.source, self.scope, reason, detail, remedy)


def shown(path: str) -> str:
    """A path as text that every store and report can hold: bytes that are not UTF-8 as `\\xe9`."""
    return path.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
