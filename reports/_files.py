"""A report is a map for an attacker: its files are for their owner only, and never half there."""

import os
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from scanner.contracts import Destination
from scanner.errors import ReportError

FILE_NAME = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,120}$"
"""What a file name in a Settings may be: no folder, no hidden file."""


def deliver(to: Destination, files: Mapping[str, bytes], *, alone: str) -> tuple[Path, ...]:
    """Writes every file, 0600 and whole or not at all; standard output gets `alone` only. Raises ReportError."""
    if to.directory is None:
        _print(files[alone])
        return ()
    try:
        to.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        return tuple(_replace(to.directory / name, content) for name, content in files.items())
    except OSError as error:
        raise ReportError(f"{to.directory}: the report could not be written: {error.strerror or error}") from error


def _replace(path: Path, content: bytes) -> Path:
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    return path


def _print(content: bytes) -> None:
    try:
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
    except OSError as error:
        raise ReportError(f"standard output: the report could not be written: {error.strerror or error}") from error
