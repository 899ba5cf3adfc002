"""Opens the database: SQLite as a private file with a write-ahead log, PostgreSQL by its URL."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

from scanner.errors import StoreError

BUSY_SECONDS = 60
SQLITE = "sqlite:///"


def open_engine(url: str, password: str | None = None) -> Engine:
    """An engine for `sqlite:///path` or `postgresql://...`. Raises StoreError where the URL is neither."""
    address = _address(url, password)
    if address.get_backend_name() == "sqlite":
        return _sqlite(address)
    return create_engine(address, pool_pre_ping=True)


def sqlite_file(engine: Engine) -> Path | None:
    """The database's file, or None for PostgreSQL."""
    return Path(engine.url.database or "") if engine.dialect.name == "sqlite" else None


@contextmanager
def transaction(engine: Engine, *, write: bool = False) -> Iterator[Connection]:
    """One transaction; what the database says against it becomes a StoreError."""
    driver: Any = engine.dialect.loaded_dbapi
    try:
        with engine.connect().execution_options(write=write) as connection, connection.begin():
            yield connection
    except (SQLAlchemyError, driver.Error) as error:
        origin = getattr(error, "orig", None) or error
        said = _first_line(origin) if isinstance(origin, driver.OperationalError) else _named(origin)
        raise StoreError(f"{engine.url.render_as_string(hide_password=True)}: {said}") from error


def vacuum(engine: Engine) -> None:
    """Rewrites a SQLite file without what was deleted from it; the one statement that runs outside a transaction."""
    try:
        raw = engine.raw_connection()
        try:
            raw.cursor().execute("VACUUM")
        finally:
            raw.close()
    except (SQLAlchemyError, engine.dialect.loaded_dbapi.Error) as error:
        raise StoreError(f"{engine.url.database}: {_first_line(error)}") from error


def _address(url: str, password: str | None) -> URL:
    if url.startswith(SQLITE) and len(url) > len(SQLITE) and url != f"{SQLITE}:memory:":
        return URL.create("sqlite", database=url.removeprefix(SQLITE))  # a path may hold what a URL would read as a query
    try:
        address = make_url(url)
        backend = address.get_backend_name()
    except (ArgumentError, NoSuchModuleError) as error:
        raise StoreError("store.url is not a database URL: write sqlite:///path or postgresql://user@host/database") from error
    if backend == "postgresql":
        return address.set(drivername="postgresql+psycopg", password=password or address.password)
    raise StoreError(f"store.url is for {backend!r}: write sqlite:///path or postgresql://user@host/database")


def _sqlite(address: URL) -> Engine:
    path = Path(address.database or "")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600))
        path.chmod(0o600)
    except OSError as error:
        raise StoreError(f"{path}: {error.strerror}") from error
    engine = create_engine(address, connect_args={"timeout": BUSY_SECONDS})
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)
    return engine


def _prepare(connection: Any, _record: object) -> None:
    """The driver's own idea of transactions leaves CREATE TABLE outside them, so it is switched off."""
    connection.isolation_level = None
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON", "cache_size=-65536", "temp_store=MEMORY"):
        connection.execute(f"PRAGMA {pragma}").close()


def _begin(connection: Connection) -> None:
    """A writer asks for the write lock at once, where it can wait for it; halfway through it could only fail."""
    write = connection.get_execution_options().get("write")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")


def _named(origin: BaseException) -> str:
    """What a database says of a row could hold content, so only what it says of itself is told."""
    line = _first_line(origin)
    return (
        line
        if line in ("file is not a database", "database disk image is malformed")
        else f"the database refused ({type(origin).__name__})"
    )


def _first_line(origin: BaseException) -> str:
    return str(origin).strip().partition("\n")[0]
