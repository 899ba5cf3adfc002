"""run.json: what a run was, in a chain. Each file holds the hash of the one before and of every output, so that a changed or
missing one shows. Earlier ones are kept as `run-<id>.json` beside it. docs/decisions/0011-crawl-and-store.md
"""

import hashlib
import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import msgspec

from scanner.errors import ReportError
from scanner.model import Coverage, Run

LATEST = "run.json"


class RunFile(msgspec.Struct, frozen=True):
    """What run.json holds. `outputs` are the sha256 of the run's files by name; `previous` that of the run.json before."""

    run: Run
    coverage: Coverage
    outputs: Mapping[str, str]
    previous: str | None = None
    format: int = 1


class Broken(msgspec.Struct, frozen=True):
    """A link of the chain that does not hold: in which file, and what is wrong."""

    file: str
    what: str


def run_file(run: Run, coverage: Coverage, outputs: Iterable[Path], directory: Path) -> Path:
    """Writes run.json for a run that wrote these outputs; the one before becomes `run-<id>.json`. Returns its path.

    Raises ReportError where it cannot be written, or where the one before cannot be read.
    """
    try:
        before = _kept(directory)
        hashes = {_name(path, directory): _sha256(path) for path in sorted(outputs)}
        previous = None if before is None else _sha256(before)
        body = RunFile(msgspec.structs.replace(run, previous=previous), coverage, hashes, previous)
        return whole(directory / LATEST, msgspec.json.format(msgspec.json.encode(body, order="deterministic"), indent=1))
    except OSError as error:
        raise ReportError(f"{directory / LATEST}: {error.strerror}") from error


def last_hash(directory: Path) -> str | None:
    """The sha256 of the run.json that is there, or None."""
    path = directory / LATEST
    return _sha256(path) if path.exists() else None


def verify_chain(directory: Path) -> tuple[Broken, ...]:
    """Every link that does not hold, newest first; empty where the chain is whole.

    The outputs of the newest run are checked as well; those of earlier runs were overwritten.
    """
    return tuple(_faults(directory))


def _faults(directory: Path) -> Iterator[Broken]:
    files = {_sha256(path): path for path in directory.glob("run-*.json")}
    files.pop(last_hash(directory) or "", None)  # a run that was killed while it wrote leaves a second copy of the newest
    path: Path | None = directory / LATEST
    while path is not None:
        body = _read(path)
        if body is None:
            yield Broken(path.name, "it is missing or is not a run file")
            return
        if path.name == LATEST:
            yield from _changed(body, directory)
        if body.previous is not None and body.previous not in files:
            yield Broken(path.name, f"the run before it, sha256 {body.previous}, is missing or was changed")
            return
        path = files.pop(body.previous) if body.previous else None
    yield from (Broken(left.name, "no later run names it") for left in sorted(files.values()))


def _changed(body: RunFile, directory: Path) -> Iterator[Broken]:
    for name, expected in sorted(body.outputs.items()):
        output = directory / name
        if not output.is_file():
            yield Broken(name, "the output is missing")
        elif _sha256(output) != expected:
            yield Broken(name, "the output was changed after the run")


def _kept(directory: Path) -> Path | None:
    """The run.json before, under a name of its own; copied, so that no moment is without a run.json."""
    path = directory / LATEST
    if not path.exists():
        return None
    body = _read(path)
    if body is None:
        raise ReportError(f"{path}: it is not a run file, so the chain of runs would end here; move it away to begin a new chain")
    return whole(directory / f"run-{body.run.id}.json", path.read_bytes())


def _read(path: Path) -> RunFile | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=RunFile)
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError):
        return None


def _name(path: Path, directory: Path) -> str:
    return path.relative_to(directory).as_posix() if path.is_relative_to(directory) else str(path)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def whole(path: Path, content: bytes) -> Path:
    """Writes a file whole or not at all, and 0600."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".run-", suffix=".tmp")
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
