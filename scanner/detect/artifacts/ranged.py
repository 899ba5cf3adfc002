"""Bytes by offset. A 16 GB model is identified by reading some kilobytes of it, wherever it lies."""

import os
import stat
from pathlib import Path
from typing import Protocol, runtime_checkable

BLOCK = 4096
MAX_REQUESTS = 6
MAX_BYTES = 11_000_000


class Unread(Exception):
    """Why a file's inside could not be told: one clear reason, for the artifact's `unread`."""


class Spent(Unread):
    """The limit of requests or bytes for one file was reached."""


@runtime_checkable
class Ranged(Protocol):
    """A file read by offset. `size` is None where it is not known before the first read."""

    size: int | None
    requests: int
    """Reads answered so far."""
    received: int
    """Bytes read so far."""

    def read(self, offset: int, length: int) -> bytes:
        """Up to `length` bytes; fewer, or none, only at the end of the file. May raise a ReadError."""
        ...


class BytesRanged:
    """A file that is already in memory."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.size: int | None = len(content)
        self.requests = 0
        self.received = 0

    def read(self, offset: int, length: int) -> bytes:
        """Up to `length` bytes from `offset`."""
        found = self.content[offset : offset + length]
        self.requests += 1
        self.received += len(found)
        return found


class FileRanged:
    """A regular file on this machine. Symlinks are not followed, and a FIFO or device is refused rather than waited for."""

    def __init__(self, path: Path) -> None:
        self.descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        status = os.fstat(self.descriptor)
        if not stat.S_ISREG(status.st_mode):
            os.close(self.descriptor)
            raise Unread("not a regular file")
        self.size: int | None = status.st_size
        self.requests = 0
        self.received = 0

    def read(self, offset: int, length: int) -> bytes:
        """Up to `length` bytes from `offset`."""
        found = os.pread(self.descriptor, length, offset)
        self.requests += 1
        self.received += len(found)
        return found

    def close(self) -> None:
        """Gives the descriptor back."""
        os.close(self.descriptor)

    def __enter__(self) -> "FileRanged":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Reader:
    """A Ranged with a memory and a limit: no byte is fetched twice, and no file may cost more than its share."""

    def __init__(self, source: Ranged, max_requests: int = MAX_REQUESTS, max_bytes: int = MAX_BYTES) -> None:
        self.source = source
        self.left = max_requests
        self.bytes_left = max_bytes
        self.ended: int | None = source.size
        self.segments: list[tuple[int, bytearray]] = []

    @property
    def size(self) -> int | None:
        """Bytes of the file, as far as known by now."""
        return self.ended

    def upto(self, offset: int, length: int, ahead: int = 0) -> bytes:
        """Up to `length` bytes from `offset`; fewer at the end of the file. `ahead` fetches more than is asked, for what comes next."""
        start, held = self._segment(offset)
        missing = offset + length - (start + len(held))
        if missing > 0:
            held += self._fetch(start + len(held), max(missing, ahead))
        return bytes(held[offset - start : offset - start + length])

    def read(self, offset: int, length: int, ahead: int = 0) -> bytes:
        """Exactly `length` bytes, or Unread where the file ends before."""
        found = self.upto(offset, length, ahead)
        if len(found) < length:
            raise Unread(f"ends at byte {self.ended}, before the {length} bytes that its header announces at {offset}")
        return found

    def head(self, length: int = BLOCK) -> bytes:
        """The first bytes."""
        return self.upto(0, length)

    def tail(self, length: int) -> tuple[int, bytes]:
        """The last bytes and where they begin."""
        if self.ended is None:
            raise Unread("the size is not known, so its end cannot be read")
        start = max(0, self.ended - length)
        return start, self.upto(start, self.ended - start)

    def _segment(self, offset: int) -> tuple[int, bytearray]:
        for start, held in self.segments:
            if start <= offset <= start + len(held):
                return start, held
        self.segments.append((offset, bytearray()))
        return self.segments[-1]

    def _fetch(self, offset: int, length: int) -> bytes:
        wanted = max(length, BLOCK)
        if self.ended is not None:
            wanted = min(wanted, self.ended - offset)
        if wanted <= 0:
            return b""
        if self.left <= 0:
            raise Spent("needs more reads than one file may cost")
        if wanted > self.bytes_left:
            raise Spent(f"needs {wanted:,} more bytes than one file may cost")
        found = self.source.read(offset, wanted)
        self.left -= 1
        self.bytes_left -= len(found)
        self.ended = self._end(offset, wanted, len(found))
        return found

    def _end(self, offset: int, wanted: int, found: int) -> int | None:
        if self.source.size is not None and self.ended is None:
            return self.source.size
        if found >= wanted:
            return self.ended
        if self.ended is not None:
            raise Unread(f"was cut short: {found} of {wanted} bytes came at {offset}")
        return offset + found
