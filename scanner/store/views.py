"""The store as people and programs may ask it: documented views, opened for reading only. docs/ask.md

The views are made anew in each session, as temporary ones: nothing is written into the store, and its tables may change under them.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Connection, Engine, create_engine, inspect, text
from sqlalchemy.exc import SQLAlchemyError

from scanner.errors import StoreError
from scanner.model import Coverage, Record
from scanner.store.database import open_engine, transaction
from scanner.store.migrations import STEPS, version

SECONDS = 300
ATTRIBUTES = (
    "platform", "owner", "environment", "account", "region", "cluster", "namespace", "repository", "provider", "model_id", "format",
    "running", "exposure", "created", "last_used",
)  # fmt: skip
PARTS = ("identifiers", "scopes", "aliases", "attributes")
TOLD = ("subject", "owner", "title", "because", "remedy", "due", "waived_by")
FACTS = ("organisation", "versions.gnomon", "hashes.config", "hashes.catalogue", "hashes.rules")
RECORD = (
    "id", "name", "version", "state", "registry", "owner", "owner_person", "approver", "use_case", "risk_class", "provider",
    "source_repository", "review_due", "retire_on", "record_updated",
)  # fmt: skip
SCOPE = ("path", "source", "sight", "read", "total", "detail")
GAP = ("scope", "source", "reason", "detail", "remedy")
COLUMNS: dict[str, tuple[str, ...]] = {
    "assets": ("key", "kind", "stale", *ATTRIBUTES, *PARTS),
    "links": ("source", "relation", "target", "evidence"),
    "records": (*RECORD, "identifiers", "found_at"),
    "findings": (
        "id", "verdict", "severity", "status", "open", "asset", "record", *TOLD, "backlog", "first_seen", "last_seen", "run",
    ),
    "coverage": SCOPE,
    "gaps": GAP,
    "runs": ("id", "started", "finished", "status", "partial", *(name.rpartition(".")[2] for name in FACTS)),
}  # fmt: skip
"""Every view with its columns, as docs/ask.md gives them."""


class Answer(NamedTuple):
    """Rows with their columns' names."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]


def ask(url: str, password: str | None, question: str) -> Answer:
    """The rows of one SELECT over the views. Raises StoreError in the database's own words where it is no such thing."""
    with _reading(url, password) as connection:
        try:
            result = connection.exec_driver_sql(*_one_select(question.strip().rstrip(";"), connection.dialect.name))
            return Answer(tuple(result.keys()), tuple(tuple(row) for row in result))
        except SQLAlchemyError as error:
            said = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
            raise StoreError(f"{said}. Ask with one SELECT over {', '.join(COLUMNS)} (docs/ask.md)") from error


def _one_select(question: str, dialect: str) -> tuple[str, tuple[int, ...]]:
    """The question inside a SELECT, so that it can be nothing else; a parameter makes PostgreSQL refuse a second statement."""
    if dialect == "postgresql":
        return f"SELECT * FROM (\n{question.replace('%', '%%')}\n) AS asked WHERE %s = 1", (1,)  # noqa: S608 - the operator's own question
    return f"SELECT * FROM (\n{question}\n) AS asked", ()  # noqa: S608 - the operator's own question


@contextmanager
def _reading(url: str, password: str | None) -> Iterator[Connection]:
    engine = _opened(url, password)
    try:
        with transaction(engine) as connection:
            _current(connection)
            _make(connection)
            _close_for_writing(connection)
            yield connection
            connection.rollback()
    finally:
        engine.dispose()


def _opened(url: str, password: str | None) -> Engine:
    if not url.startswith("sqlite:///"):
        return open_engine(url, password)
    path = Path(url.removeprefix("sqlite:///"))
    if not path.is_file():
        raise StoreError(f"{path}: there is no store yet; `gnomon scan` makes it")
    return create_engine("sqlite://", creator=lambda: sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=SECONDS))


def _current(connection: Connection) -> None:
    if not inspect(connection).has_table("schema_version"):
        raise StoreError("there is no store yet; `gnomon scan` makes it")
    have = version(connection)
    if have > len(STEPS):
        raise StoreError(f"the store has version {have} and this Gnomon knows version {len(STEPS)}: install a later one")


def _close_for_writing(connection: Connection) -> None:
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("PRAGMA query_only = ON")
    else:
        connection.exec_driver_sql("SET TRANSACTION READ ONLY")
        connection.exec_driver_sql(f"SET LOCAL statement_timeout = '{SECONDS}s'")


def _make(connection: Connection) -> None:
    postgres = connection.dialect.name == "postgresql"
    schema = connection.exec_driver_sql("SELECT quote_ident(current_schema())").scalar() if postgres else "main"

    def value(column: str, path: str) -> str:
        name = path.rpartition(".")[2]
        keys = path.replace(".", ",")
        return f"({column}::json #>> '{{{keys}}}') AS {name}" if postgres else f"json_extract({column}, '$.{path}') AS {name}"

    def view(name: str, columns: Sequence[str]) -> None:
        connection.exec_driver_sql(f"CREATE TEMP VIEW {name} AS SELECT {', '.join(columns)} FROM {schema}.{name}")  # noqa: S608 - our own names

    backlog = (
        "coalesce(body::json #>> '{backlog}', '') = 'true' AS backlog"
        if postgres
        else "coalesce(json_extract(body, '$.backlog'), 0) AS backlog"
    )
    view(
        "assets",
        ["key", "kind", "stale", *(value("body", f"attributes.{name}") for name in ATTRIBUTES), *(value("body", name) for name in PARTS)],
    )
    view("links", COLUMNS["links"])
    said = [value("body", name) for name in TOLD]
    view(
        "findings",
        ["id", '"check" AS verdict', "severity", "status", "open", "asset", "record", *said, backlog, "first_seen", "last_seen", "run"],
    )
    view("runs", ["id", "started", "finished", "status", "partial", *(value("facts", name) for name in FACTS)])
    _kept(connection, str(schema))


def _kept(connection: Connection, schema: str) -> None:
    """What the store keeps as one value, as tables of this session."""
    bodies = {row.name: bytes(row.body) for row in connection.execute(text(f"SELECT name, body FROM {schema}.latest"))}  # noqa: S608 - our own name
    coverage = msgspec.msgpack.decode(bodies["coverage"], type=Coverage) if "coverage" in bodies else Coverage((), ())
    records = msgspec.msgpack.decode(bodies["records"], type=tuple[Record, ...]) if "records" in bodies else ()
    _fill(connection, "coverage", [tuple(_plain(getattr(scope, name)) for name in SCOPE) for scope in coverage.scopes])
    _fill(connection, "gaps", [tuple(_plain(getattr(gap, name)) for name in GAP) for gap in coverage.gaps])
    rows = [
        (*(_plain(getattr(each, name)) for name in RECORD), msgspec.json.encode(each.identifiers).decode(), each.where) for each in records
    ]
    _fill(connection, "records", rows)


def _fill(connection: Connection, name: str, rows: Sequence[tuple[Any, ...]]) -> None:
    columns = COLUMNS[name]
    kinds = ("INTEGER" if column in ("read", "total") else "TEXT" for column in columns)
    connection.exec_driver_sql(
        f"CREATE TEMP TABLE {name} ({', '.join(f'{column} {kind}' for column, kind in zip(columns, kinds, strict=True))})"
    )
    if rows:
        places = ", ".join(f":{column}" for column in columns)
        statement = text(f"INSERT INTO {name} VALUES ({places})")  # noqa: S608 - our own names
        connection.execute(statement, [dict(zip(columns, row, strict=True)) for row in rows])


def _plain(value: object) -> object:
    """Text without NUL, which PostgreSQL does not hold, and without lone surrogates."""
    return str(value).replace("\0", "\ufffd").encode("utf-8", "backslashreplace").decode() if isinstance(value, str) else value
