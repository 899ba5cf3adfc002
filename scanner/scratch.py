"""A private directory for clones and the like, gone after the run; what a killed run left is removed by the next one."""

import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PREFIX, ALIVE = "gnomon-", ".alive"
SETTLED = 60
"""Seconds after which a directory without a holder was left behind, and is not just being made."""


@contextmanager
def scratch() -> Iterator[Path]:
    """A directory (0700) that is gone afterwards, whatever happened."""
    _sweep(Path(tempfile.gettempdir()))
    directory = Path(tempfile.mkdtemp(prefix=PREFIX))
    alive = os.open(directory / ALIVE, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    fcntl.flock(alive, fcntl.LOCK_EX)
    try:
        yield directory
    finally:
        shutil.rmtree(directory, ignore_errors=True)
        os.close(alive)


def _sweep(parent: Path) -> None:
    """Removes the directories of runs of ours that were killed: nobody holds their lock."""
    for marker in parent.glob(f"{PREFIX}*/{ALIVE}"):
        try:
            mine = marker.lstat()
            if mine.st_uid != os.getuid() or time.time() - mine.st_mtime < SETTLED:
                continue
            handle = os.open(marker, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
        except OSError:
            continue  # gone meanwhile, or not ours to touch
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(marker.parent, ignore_errors=True)
        except BlockingIOError:
            continue
        finally:
            os.close(handle)
