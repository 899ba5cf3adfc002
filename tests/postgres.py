"""A real PostgreSQL of its own for a test, on loopback, gone afterwards."""

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


def programs() -> Path | None:
    """Where initdb lies, or None."""
    found = shutil.which("initdb")
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return Path(found).parent if found else installed[-1].parent if installed else None


@contextmanager
def server() -> Iterator[str]:
    """The URL of an empty database; skips the test where there is no PostgreSQL."""
    where = programs()
    if where is None:
        pytest.skip("no initdb: install postgresql to run this test")
    directory = Path(tempfile.mkdtemp(prefix="gnomon-pg-"))
    data, port = directory / "data", free_port()
    run = _as_postgres(directory)
    options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={directory} -c fsync=off"
    try:
        _call([*run, str(where / "initdb"), "-D", str(data), "-A", "trust", "-U", "postgres", "--no-sync", "-E", "UTF8"], directory)
        _call([*run, str(where / "pg_ctl"), "-D", str(data), "-o", options, "-l", str(directory / "log"), "-w", "start"], directory)
        yield f"postgresql://postgres@127.0.0.1:{port}/postgres"
    finally:
        if (data / "postmaster.pid").exists():
            _call([*run, str(where / "pg_ctl"), "-D", str(data), "-m", "immediate", "-w", "stop"], directory)
        shutil.rmtree(directory)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _as_postgres(directory: Path) -> list[str]:
    """PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return []
    shutil.chown(directory, "postgres", "postgres")
    return ["runuser", "-u", "postgres", "--"]


def _call(command: list[str], directory: Path) -> None:
    """Through a file, not a pipe: the server would hold a pipe open and the call would never end."""
    with (directory / "out").open("ab") as out:
        done = subprocess.run(command, cwd=directory, stdout=out, stderr=out, timeout=60, check=False)
    assert done.returncode == 0, (directory / "out").read_text()
