"""The files of one commit as a Tree (connectors/_tree.py): of a clone, or of a bare repository on this machine."""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext

import msgspec

from connectors import _git
from connectors._tree import File
from scanner.detect.artifacts import BytesRanged, Unread
from scanner.model import Gap

HEAD = 12 << 20
"""Of a larger model file only this much is looked at; its size and, in its tail, a ZIP's directory are then not known."""


class Blobs:
    """A commit's blobs. `far`: they are fetched by `bring`, and their sizes are not known before."""

    def __init__(self, git: _git.Git, commit: str, *, far: bool) -> None:
        self.git, self.commit, self.far = git, commit, far
        self.here: set[str] = set()

    def files(self) -> Iterator[File | Gap]:
        """Every blob but symlinks: what they point to is read where it stands."""
        for entry in _git.entries(self.git, self.commit, sizes=not self.far):
            if not entry.symlink:
                yield File(entry.path, entry.size, entry.oid)

    def bring(self, wanted: Sequence[File]) -> None:
        """One fetch of what is not here yet."""
        if self.far:
            missing = list(dict.fromkeys(file.oid for file in wanted if file.oid is not None and file.oid not in self.here))
            _git.fetch_blobs(self.git, missing)
            self.here.update(missing)

    def contents(self, wanted: Sequence[File], limit: int) -> Iterator[tuple[File, bytes | None]]:
        """Each file's bytes, in the order asked for."""
        files: dict[str, list[File]] = {}
        for file in wanted:
            files.setdefault(str(file.oid), []).append(file)
        for blob in _git.blobs(self.git, files, limit):
            for file in files.pop(blob.oid):
                yield msgspec.structs.replace(file, size=blob.size), blob.data if blob.size <= limit else None
        yield from ((file, None) for missing in files.values() for file in missing)

    def opened(self, file: File) -> AbstractContextManager[BytesRanged]:
        """The head of one blob."""
        blob = next(iter(list(_git.blobs(self.git, [str(file.oid)], HEAD))), None)
        if blob is None:
            raise Unread("its blob is not in the repository")
        source = BytesRanged(blob.data)
        source.size = blob.size
        return nullcontext(source)
