"""Files on this machine, opened so that no link is followed and no FIFO waited for."""

import os
import stat
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from hashlib import sha1
from pathlib import Path

import msgspec

from connectors._tree import File
from scanner.detect.artifacts import FileRanged, Unread
from scanner.model import Gap

SMALL = 1 << 20


class Files:
    """Files on disk as a Tree (connectors/_tree.py). Only regular files are opened, links are never followed."""

    def __init__(self, root: Path, paths: Iterable[str]) -> None:
        self.root, self.paths = root, paths

    def files(self) -> Iterator[File | Gap]:
        """Every regular file that can be stated."""
        for path in self.paths:
            try:
                status = os.lstat(self.root / path)
            except OSError:
                continue  # deleted in the work tree, or meanwhile
            if stat.S_ISREG(status.st_mode):
                yield File(path, status.st_size)

    def bring(self, wanted: Sequence[File]) -> None:
        """They are here."""

    def contents(self, wanted: Sequence[File], limit: int) -> Iterator[tuple[File, bytes | None]]:
        """Each file's bytes, with the id that git would give them."""
        for file in wanted:
            content = self._content(file, limit)
            if content is None:
                yield file, None
                continue
            oid = sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()
            yield msgspec.structs.replace(file, size=len(content), oid=oid), content

    def _content(self, file: File, limit: int) -> bytes | None:
        try:
            with self.opened(file) as source:
                content = source.read(0, limit + 1)
        except (OSError, ValueError, Unread):
            return None
        return content if len(content) <= limit else None

    def opened(self, file: File) -> AbstractContextManager[FileRanged]:
        """The file by ranged reads."""
        return FileRanged(self.root / file.path)


def is_regular(file: Path, limit: int | None = None) -> bool:
    """Whether this is a regular file, of at most `limit` bytes."""
    try:
        status = os.lstat(file)
    except OSError:
        return False
    return stat.S_ISREG(status.st_mode) and (limit is None or status.st_size <= limit)


def text(file: Path, limit: int = SMALL) -> str:
    """A small regular file as text; empty where it is none."""
    try:
        with FileRanged(file) as source:
            return source.read(0, limit).decode("utf-8", "surrogateescape")
    except (OSError, ValueError, Unread):
        return ""
