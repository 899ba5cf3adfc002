"""The rows of one query, from a database that is opened for nothing but reading. What it says of its content is never repeated."""

import sqlite3
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import URL, Connection, Engine, create_engine, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from scanner.errors import AccessDenied, ConfigError, OverLimit, ReadError, UnexpectedReply, Unreachable

SQLITE = "sqlite:///"
AT_ONCE = 1000
CONNECT_SECONDS = 15
STEPS = 10_000
"""SQLite looks at the clock after so many steps of its machine."""
REFUSED = ("28", "42501")
CANCELLED = "57014"
UNREACHABLE = ("08", "57")
LOGIN = ("password authentication failed", "no password supplied", "permission denied", "authentication failed", "not permitted to log in")


def rows(url: str, password: str | None, query: str, seconds: float, columns: tuple[str, ...]) -> Iterator[Mapping[str, Any]]:
    """Every row, plain values by column. Raises a ReadError where the answer does not come whole, or lacks one of `columns`."""
    engine, place = _engine(url, password, seconds)
    try:
        with _ours(engine, place), engine.connect() as connection:
            _limit(connection, seconds)
            result = connection.execution_options(no_parameters=True, stream_results=True, max_row_buffer=AT_ONCE).exec_driver_sql(query)
            names = list(result.keys())
            missing = sorted(set(columns) - set(names))
            if missing:
                raise UnexpectedReply(
                    f"the query gives no column {', '.join(map(repr, missing))}", remedy="the config's `columns` names it"
                )
            for row in result:
                yield {name: _plain(value) for name, value in zip(names, row, strict=True)}
    finally:
        engine.dispose()


def address_of(url: str) -> URL:
    """The database's address. Raises ValueError where it is none, or holds a password."""
    if url.startswith(SQLITE):
        return URL.create("sqlite", database=url.removeprefix(SQLITE))  # a path may hold what a URL would read as a query
    try:
        address = make_url(url)
        backend = address.get_dialect().name
    except (ArgumentError, NoSuchModuleError) as error:
        raise ValueError("not a database's: write sqlite:////path or postgresql://user@host/database") from error
    if address.password or "password" in address.query:
        raise ValueError("take the password out of it: `password` names the variable that holds it")
    plain = backend == "postgresql" and address.drivername == "postgresql"
    return address.set(drivername="postgresql+psycopg") if plain else address


def _engine(url: str, password: str | None, seconds: float) -> tuple[Engine, str]:
    """The engine, and how messages call it."""
    address = address_of(url)
    if address.get_backend_name() == "sqlite":
        return _sqlite(Path(address.database or ""), seconds), str(address.database)
    whole = address.set(password=password) if password else address
    options: dict[str, Any] = {}
    if address.get_backend_name() == "postgresql":
        told = {"connect_timeout": CONNECT_SECONDS, "application_name": "gnomon"}
        options = {"connect_args": told, "execution_options": {"postgresql_readonly": True}}
    try:
        return create_engine(whole, pool_size=1, **options), address.render_as_string()
    except ImportError as error:
        raise ConfigError(f"no driver for {address.drivername} is installed") from error


def _sqlite(path: Path, seconds: float) -> Engine:
    if not path.is_file():
        raise Unreachable(f"{path}: no such database file")

    def opened() -> sqlite3.Connection:
        end = time.monotonic() + seconds
        connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
        connection.execute("PRAGMA query_only=ON").close()
        connection.set_progress_handler(lambda: time.monotonic() > end, STEPS)
        return connection

    return create_engine("sqlite://", creator=opened, poolclass=NullPool)


def _limit(connection: Connection, seconds: float) -> None:
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"SET LOCAL statement_timeout = {int(seconds * 1000)}")


@contextmanager
def _ours(engine: Engine, place: str) -> Iterator[None]:
    driver: Any = engine.dialect.loaded_dbapi
    try:
        yield
    except DBAPIError as error:
        raise _said(place, error.orig or error) from error
    except driver.Error as error:  # while rows are fetched, the driver's own errors come through
        raise _said(place, error) from error
    except SQLAlchemyError as error:
        raise UnexpectedReply(f"{place}: the answer to the query cannot be read ({type(error).__name__})") from error


def _said(place: str, error: BaseException) -> ReadError:
    """By its code where there is one; its words may quote a row, so only those of a connection are looked at, and none are told."""
    code = str(getattr(error, "sqlstate", None) or getattr(error, "pgcode", None) or "")
    words = str(error).lower()
    kind = type(error).__name__
    if code.startswith(REFUSED) or (not code and any(each in words for each in LOGIN)):
        return AccessDenied(f"{place}: the database does not let us read this", remedy="check the user and password; allow SELECT")
    if code == CANCELLED or words == "interrupted":
        return OverLimit(f"{place}: the query takes longer than timeout", remedy="ask for less, or raise timeout")
    if code == "25006" or "readonly database" in words:
        return UnexpectedReply(f"{place}: the query wants to write; it was refused")
    if code.startswith(UNREACHABLE) or (not code and kind == "OperationalError" and not isinstance(error, sqlite3.Error)):
        return Unreachable(f"{place}: no connection, or it broke off", remedy="check url, and that the database runs")
    return UnexpectedReply(f"{place}: the database refuses the query ({code or kind})", remedy="try the query by hand")


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else str(value)
    if isinstance(value, UUID):
        return str(value)
    return value
