"""Keeps two runs apart. Both locks die with the process that holds them, however it dies."""

import fcntl
import os
import socket
from pathlib import Path
from typing import Protocol

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import OperationalError

from scanner.errors import StoreError
from scanner.store.database import sqlite_file

KEY = "hashtext('gnomon run')"
PATIENCE = 2
LOCK_NOT_AVAILABLE = "55P03"  # postgresql.org/docs/current/errcodes-appendix.html


class Lock(Protocol):
    """What is held until `release`."""

    def release(self) -> None:
        """Lets the next run begin."""
        ...


def take(engine: Engine) -> Lock:
    """The lock of this store. Raises StoreError, within seconds, where another run holds it."""
    path = sqlite_file(engine)
    return FileLock(path.with_name(path.name + ".lock")) if path else ServerLock(engine)


class FileLock:
    """A record lock on a file beside the database: children of fork do not inherit it, so none keeps it alive."""

    def __init__(self, path: Path) -> None:
        self._handle = os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        try:
            fcntl.lockf(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = os.read(self._handle, 200).decode("utf-8", "replace")
            os.close(self._handle)
            raise StoreError(f"another run holds the store ({holder or path}): wait for it, or end it") from error
        os.ftruncate(self._handle, 0)
        os.write(self._handle, f"process {os.getpid()} on {socket.gethostname()}".encode())

    def release(self) -> None:
        """Closing gives the lock back. The file stays: removing it would let two runs lock two files of one name."""
        os.close(self._handle)


class ServerLock:
    """A session's advisory lock: PostgreSQL frees it when the connection ends, and may need a moment to see that it has."""

    def __init__(self, engine: Engine) -> None:
        self._connection: Connection = engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        try:
            self._connection.execute(text(f"SET lock_timeout = '{PATIENCE}s'"))
            self._connection.execute(text(f"SELECT pg_advisory_lock({KEY})"))
        except OperationalError as error:
            self.release()
            held = getattr(error.orig, "sqlstate", None) == LOCK_NOT_AVAILABLE
            raise StoreError("another run holds the store: wait for it, or end it" if held else "the database went away") from error

    def release(self) -> None:
        """Gives the lock back; the connection is not pooled again, so that it cannot hold it by accident."""
        self._connection.invalidate()
        self._connection.close()
