"""The git binary, used so that nothing in a scanned repository can make it run, ask, write or fetch anything.

No repository's own configuration is ever loaded: every command runs in an empty repository of ours (_git_home.py) that, for a local
one, only borrows its object directory or its index. What is then left to hostile hands is data.
Settings: git-config(1), git(1) "Environment variables"; the batch fetch is what git itself does for a missing blob
(promisor-remote.c), only once for all blobs.
"""

import os
import signal
import subprocess
import tempfile
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit

import msgspec

from connectors import _git_errors, _git_home
from scanner.contracts import Network
from scanner.errors import OverLimit, ReadError, UnexpectedReply, Unreachable

CHUNK = 1 << 16
BLOCK = 512  # `ulimit -f` counts in blocks of POSIX
LIMITED = 'ulimit -f "$1" 2>/dev/null; shift; exec git "$@"'


class Entry(msgspec.Struct, frozen=True, gc=False):
    """One blob of a tree. `path` holds surrogates where it is not UTF-8; `size` is None where the blob is not here yet."""

    path: str
    oid: str
    size: int | None
    symlink: bool = False


class Blob(msgspec.Struct, frozen=True, gc=False):
    """`data` is the whole blob where that is at most the limit asked for, and its head otherwise."""

    oid: str
    size: int
    data: bytes


class Git(msgspec.Struct, frozen=True):
    """A repository of ours, and how commands run in it."""

    directory: Path
    environment: Mapping[str, str]
    seconds: float
    most: int

    def run(self, *arguments: str, stdin: bytes = b"") -> bytes:
        """The output of a command that says little."""
        with self.output(*arguments, stdin=stdin) as stream:
            return stream.read()

    @contextmanager
    def output(self, *arguments: str, stdin: bytes = b"") -> Iterator[IO[bytes]]:
        """The output of a command as a stream. Raises a ReadError where the command fails or takes too long."""
        command = ["/bin/sh", "-c", LIMITED, "git", str(max(1, self.most // BLOCK)), *arguments]
        with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as said:
            given.write(stdin)
            given.seek(0)
            process = subprocess.Popen(
                command, stdin=given, stdout=subprocess.PIPE, stderr=said, env=dict(self.environment), start_new_session=True, cwd="/"
            )
            with _deadline(process, self.seconds, _name(arguments)):
                assert process.stdout is not None  # noqa: S101 - stdout is a pipe
                yield process.stdout
                process.stdout.close()
                code = process.wait()
            if code and self._full():
                raise OverLimit(f"git {_name(arguments)}: larger than {self.most:,} bytes", remedy="raise max_clone_bytes of this source")
            if code:
                said.seek(0)
                raise _git_errors.error(_name(arguments), code, said.read(4096).decode("utf-8", "replace"))

    def _full(self) -> bool:
        """Whether a file of ours stopped growing at the limit: the kernel ends its writer without a word."""
        limit = max(1, self.most // BLOCK) * BLOCK
        return any(file.stat().st_size >= limit for file in self.directory.rglob("*") if file.is_file())


def _name(arguments: tuple[str, ...]) -> str:
    return next(word for word in arguments if word[:1].islower() and "." not in word and "/" not in word)


@contextmanager
def _deadline(process: subprocess.Popen[bytes], seconds: float, command: str) -> Iterator[None]:
    """Ends the process and its children when the block ends, or is late; lateness is told in place of what it broke."""
    late = threading.Event()
    watch = threading.Timer(seconds, _too_late, (process, late))
    watch.start()
    try:
        yield
    except ReadError:
        if not late.is_set():
            raise
    finally:
        watch.cancel()
        _kill(process)
        process.wait()
        if process.stdout is not None:
            process.stdout.close()
    if late.is_set():
        raise Unreachable(f"git {command} took longer than {seconds:.0f} s", remedy="raise max_seconds of this source")


def _too_late(process: subprocess.Popen[bytes], late: threading.Event) -> None:
    late.set()
    _kill(process)


def _kill(process: subprocess.Popen[bytes]) -> None:
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return


@contextmanager
def remote(url: str, network: Network, scratch: Path, *, header: str | None, seconds: float, most: int) -> Iterator[Git]:
    """An empty bare repository whose origin is `url`; it is deleted afterwards. `header` is an HTTP header that carries the token."""
    with tempfile.TemporaryDirectory(prefix="clone-", dir=scratch) as directory:
        origin = f'[remote "origin"]\n\turl = {_git_home.quoted(url)}\n\tpromisor = true\n\tpartialclonefilter = blob:none\n'
        _git_home.empty(Path(directory), extra=origin, extension="\tpartialClone = origin\n")
        settings = {"http.lowSpeedTime": str(max(1, round(network.timeout))), "http.proxy": network.proxy or ""}
        if network.ca_bundle is not None:
            settings["http.sslCAInfo"] = str(network.ca_bundle)
        if header is not None:
            parts = urlsplit(url)
            settings[f"http.{parts.scheme}://{parts.netloc}/.extraHeader"] = header
        yield Git(Path(directory), _git_home.environment(Path(directory), settings, protocols=urlsplit(url).scheme), seconds, most)


@contextmanager
def borrowed(objects: Path, scratch: Path, *, sha256: bool, seconds: float, most: int, index: Path | None = None) -> Iterator[Git]:
    """A bare repository of ours over another one's object directory, and its index where that is named."""
    with tempfile.TemporaryDirectory(prefix="local-", dir=scratch) as directory:
        _git_home.empty(Path(directory), extension="\tobjectFormat = sha256\n" if sha256 else "")
        variables = _git_home.environment(Path(directory), {}, protocols="none") | {"GIT_OBJECT_DIRECTORY": str(objects)}
        if index is not None:
            variables["GIT_INDEX_FILE"] = str(index)
        yield Git(Path(directory), variables, seconds, most)


def fetch_trees(git: Git, *wanted: str) -> None:
    """Brings these commits (ids or ref names) with their trees, and no blob."""
    arguments = ("fetch", "--quiet", "--depth=1", "--filter=blob:none", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules")
    git.run(*arguments, "origin", "--stdin", stdin="\n".join(wanted).encode())


def fetch_blobs(git: Git, oids: Iterable[str]) -> None:
    """Brings these blobs in one request."""
    wanted = "\n".join(oids).encode()
    if wanted:
        noop = ("-c", "fetch.negotiationAlgorithm=noop")
        quiet = ("fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules", "--filter=blob:none")
        git.run(*noop, *quiet, "origin", "--stdin", stdin=wanted)


def entries(git: Git, commit: str, *, sizes: bool, under: str = "") -> Iterator[Entry]:
    """Every blob of a commit's tree. Submodules are left out: they are repositories of their own."""
    with git.output("ls-tree", "-r", "-z", "--full-tree", *(("-l",) if sizes else ()), commit, *((under,) if under else ())) as stream:
        for line in split(stream):
            facts, _, path = line.partition(b"\t")
            mode, kind, oid, *size = facts.split()
            if kind == b"blob":
                known = int(size[0]) if size and size[0].isdigit() else None
                yield Entry(os.fsdecode(path), oid.decode(), known, symlink=mode == b"120000")


def blobs(git: Git, oids: Iterable[str], limit: int) -> Iterator[Blob]:
    """The blobs that are here, in the order asked for; of a larger one only its first `limit` bytes."""
    with git.output("cat-file", "--batch", "--buffer", stdin="".join(f"{oid}\n" for oid in oids).encode()) as stream:
        while header := stream.readline():
            oid, kind, *size = header.split()
            if kind != b"blob":
                continue  # "missing": said by whoever asked, who knows its path
            count = int(size[0])
            data = _exactly(stream, min(count, limit))
            _skip(stream, count - len(data) + 1)
            yield Blob(oid.decode(), count, data)


def _exactly(stream: IO[bytes], count: int) -> bytes:
    data = stream.read(count)
    if len(data) < count:
        raise UnexpectedReply("git ended in the middle of a blob")
    return data


def _skip(stream: IO[bytes], count: int) -> None:
    while count:
        count -= len(_exactly(stream, min(count, CHUNK)))


def split(stream: IO[bytes]) -> Iterator[bytes]:
    """The parts of a stream that NUL bytes end."""
    rest = b""
    while chunk := stream.read(CHUNK):
        *whole, rest = (rest + chunk).split(b"\0")
        yield from whole
    if rest:
        yield rest
