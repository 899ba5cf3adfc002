"""Real bare repositories, made by real git: one fast-import each."""

import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

from tests.estate.github.specs import Repository

WHEN = b"Estate <estate@example.org> 1767225600 +0000"
CONFIG = """[core]
\trepositoryformatversion = 0
\tbare = true
[uploadpack]
\tallowFilter = true
\tallowAnySHA1InWant = true
"""
QUIET = {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1", "PATH": "/usr/local/bin:/usr/bin:/bin"}


def make(spec: Repository, directory: Path) -> None:
    """The repository at `directory`, anew."""
    for name in ("objects", "refs"):
        (directory / name).mkdir(parents=True, exist_ok=True)
    (directory / "HEAD").write_text(f"ref: refs/heads/{spec.default_branch}\n")
    (directory / "config").write_text(CONFIG)
    stream = b"".join(_stream(spec))
    if stream:
        command = ["git", "fast-import", "--quiet", "--force"]
        subprocess.run(command, input=stream, check=True, env={**QUIET, "GIT_DIR": str(directory)}, timeout=120)


def head(spec: Repository, directory: Path) -> str | None:
    return branch(directory, spec.default_branch) if spec.files or spec.symlinks else None


def branch(directory: Path, name: str) -> str:
    return (directory / "refs" / "heads" / name).read_text().strip()


def _stream(spec: Repository) -> Iterator[bytes]:
    if spec.files or spec.symlinks:
        yield from _commit(spec.default_branch, spec.files, spec.symlinks)
    for name, files in spec.branches.items():
        yield from _commit(name, files, {})


def _commit(name: str, files: Mapping[str, bytes], symlinks: Mapping[str, str]) -> Iterator[bytes]:
    yield b"commit refs/heads/%s\ncommitter %s\ndata 1\nx\ndeleteall\n" % (name.encode(), WHEN)
    for path, content in files.items():
        yield b"M 100644 inline %s\n" % _quoted(path) + _data(content)
    for path, target in symlinks.items():
        yield b"M 120000 inline %s\n" % _quoted(path) + _data(target.encode())


def _data(content: bytes) -> bytes:
    return b"data %d\n%s\n" % (len(content), content)


def _quoted(path: str) -> bytes:
    raw = path.encode("utf-8", "surrogateescape")
    escaped = b"".join(b"\\%03o" % byte if byte < 32 or byte > 126 or byte in b'"\\' else bytes([byte]) for byte in raw)
    return b'"%s"' % escaped
