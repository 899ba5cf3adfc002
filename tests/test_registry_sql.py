"""A registry in a database, on SQLite and on a real PostgreSQL: what a query may say, and that nothing can be written."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from sqlalchemy import create_engine

from connectors.registries.sql import Settings
from scanner.config import Plugin
from scanner.model import ApprovedScope, Reason, State
from scanner.reading import Registries, read
from tests import postgres
from tests.desk import desk
from tests.postgres import free_port

TABLE = """
CREATE TABLE approvals (model TEXT, revision TEXT, status TEXT, team TEXT, places TEXT, digest TEXT, changed BIGINT);
INSERT INTO approvals VALUES ('fraud', '1.10', 'Live', 'fraud-team', 'prod-eu;prod-us', 'sha256:ab | hf:acme/fraud', 1795250341582);
INSERT INTO approvals VALUES ('fraud', '1.9', 'Withdrawn', 'fraud-team', NULL, '', 1795250341);
INSERT INTO approvals VALUES ('50% off', '1', 'proposed', NULL, NULL, NULL, NULL);
"""
QUERY = "SELECT model, revision, status, team, places, digest, changed FROM approvals"
QUERY += " WHERE model NOT LIKE '%:nothing%' ORDER BY model DESC, revision"
COLUMNS = {
    "name": "model", "version": "revision", "state": "status", "owner": "team", "identifiers": "digest", "record_updated": "changed",
    "approved_scope.clusters": "places",
}  # fmt: skip
ASKED = {"query": QUERY, "columns": COLUMNS, "states": {"Live": "deployed", "withdrawn": "retired"}}


@pytest.fixture
def lite(tmp_path: Path) -> str:
    path = tmp_path / "a b?c.db"
    with closing(sqlite3.connect(path)) as made:
        made.executescript(TABLE)
    return f"sqlite:///{path}"


@pytest.fixture(scope="module")
def full() -> Iterator[str]:
    with postgres.server() as url:
        run(url, *TABLE.strip().split("\n"))
        run(url, "CREATE ROLE auditor LOGIN", "GRANT SELECT ON approvals TO auditor", "CREATE TABLE hidden (name TEXT)")
        yield url


def run(url: str, *statements: str) -> None:
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    with engine.begin() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement.replace("%", "%%"))
    engine.dispose()


def told(url: str, scratch: Path, *, before: int | None = None, **changes: Any) -> Registries:
    """As a scan reads it."""
    settings = Settings(url=url, **{**ASKED, **changes})
    return read([Plugin(type="sql", name="sql", settings=settings)], desk(scratch), lambda _: before)


def holds(found: Registries) -> None:
    """What the table says."""
    assert [(one.id, one.state) for one in found.records] == [
        ("sql/fraud-1.10", State.DEPLOYED), ("sql/fraud-1.9", State.RETIRED), ("sql/50% off-1", State.PROPOSED),
    ]  # fmt: skip
    live, withdrawn, _ = found.records
    assert (live.version, live.owner, live.identifiers) == ("1.10", "fraud-team", ("sha256:ab", "hf:acme/fraud"))
    assert live.approved_scope == ApprovedScope(clusters=("prod-eu", "prod-us"))
    assert (live.record_updated, withdrawn.record_updated) == ("2026-11-21T08:39:01Z", "2026-11-21T08:39:01Z")
    assert (live.where, found.gaps) == ("sql, row 1", ())


def test_sqlite(lite: str, tmp_path: Path) -> None:
    holds(told(lite, tmp_path / "scratch"))


@pytest.mark.slow
def test_postgresql(full: str, tmp_path: Path) -> None:
    holds(told(full, tmp_path))
    holds(told(full.replace("postgres@", "auditor@"), tmp_path))


WRITES = (
    "WITH gone AS (DELETE FROM approvals RETURNING model) SELECT model, 'Live' AS status FROM gone",
    "SELECT 1; DELETE FROM approvals",
    "SELECT 1; COMMIT; DELETE FROM approvals",
)


@pytest.mark.slow
@pytest.mark.parametrize("query", WRITES)
def test_nothing_can_be_written_to_postgresql(full: str, tmp_path: Path, query: str) -> None:
    found = told(full, tmp_path, query=query, columns={})
    assert found.records == () and found.gaps[0].reason is Reason.UNEXPECTED
    holds(told(full, tmp_path))


def test_nothing_can_be_written_to_sqlite(lite: str, tmp_path: Path) -> None:
    query = "WITH a AS (SELECT 1) DELETE FROM approvals RETURNING model AS name, status AS state"
    found = told(lite, tmp_path / "scratch", query=query, columns={})
    assert found.records == () and found.gaps[0].detail.endswith("the query wants to write; it was refused")
    holds(told(lite, tmp_path / "scratch"))


@pytest.mark.slow
def test_who_may_not_read_is_told_so(full: str, tmp_path: Path) -> None:
    for url in (full.replace("postgres@", "nobody@"), full.replace("postgres@", "auditor@")):
        query = "SELECT name, 'x' AS state FROM hidden" if "auditor" in url else QUERY
        found = told(url, tmp_path, query=query, columns={})
        assert found.gaps[0].reason in (Reason.DENIED, Reason.UNREACHABLE) and not found.whole
    assert found.gaps[0].reason is Reason.DENIED


@pytest.mark.slow
def test_a_query_that_takes_too_long_is_given_up_on_postgresql(full: str, tmp_path: Path) -> None:
    found = told(full, tmp_path, query="SELECT pg_sleep(30), 'x' AS name, 'approved' AS state", columns={}, timeout=0.2)
    assert (found.records, found.gaps[0].reason) == ((), Reason.LIMIT)


def test_a_query_that_takes_too_long_is_given_up_on_sqlite(lite: str, tmp_path: Path) -> None:
    endless = "WITH RECURSIVE n(name) AS (VALUES (1) UNION ALL SELECT name + 1 FROM n) SELECT max(name) AS name, 'approved' AS state FROM n"
    found = told(lite, tmp_path / "scratch", query=endless, columns={}, timeout=0.2)
    assert (found.records, found.gaps[0].reason) == ((), Reason.LIMIT)


@pytest.mark.slow
def test_a_row_that_fails_in_mid_answer_keeps_those_before_and_tells_no_content(full: str, tmp_path: Path) -> None:
    failing = "CASE WHEN n = 3000 THEN ('secret' || n)::int END AS version"
    query = f"SELECT 'm' || n AS name, 'approved' AS state, {failing} FROM generate_series(1, 4000) n"
    found = told(full, tmp_path, query=query, columns={})
    assert 0 < len(found.records) < 3000 and not found.whole
    assert "secret" not in found.gaps[0].detail and "22P02" in found.gaps[0].detail


def test_more_rows_than_max_records_are_cut_and_named(lite: str, tmp_path: Path) -> None:
    found = told(lite, tmp_path / "scratch", max_records=2)
    assert (len(found.records), found.gaps[0].reason) == (2, Reason.LIMIT)


def test_an_empty_answer_and_one_a_fifth_shorter_are_not_whole(lite: str, tmp_path: Path) -> None:
    assert [gap.reason for gap in told(lite, tmp_path / "scratch", query=f"SELECT * FROM ({QUERY}) LIMIT 0").gaps] == [Reason.PARTIAL]
    assert [gap.reason for gap in told(lite, tmp_path / "scratch", before=4).gaps] == [Reason.SHRUNK]


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("SELECT model AS name FROM approvals", "the query gives no column"),
        ("SELECT nothing FROM approvals", "refuses the query"),
        ("SELECT * FROM nowhere", "refuses the query"),
        ("SELECT ((", "refuses the query"),
    ],
)
def test_a_query_that_does_not_fit_is_a_gap(lite: str, tmp_path: Path, query: str, said: str) -> None:
    (gap, *_) = told(lite, tmp_path / "scratch", query=query).gaps
    assert (gap.scope, gap.reason) == ("registry/sql", Reason.UNEXPECTED) and said in gap.detail


@pytest.mark.parametrize(
    ("row", "fault", "whole"),
    [
        ("'x' AS name, NULL AS state", "no state", True),
        ("'x' AS name, 'gone' AS state", "state 'gone' is none of", True),
        ("NULL AS name, 'approved' AS state", "neither an id nor a name", False),
        ("'x' AS name, 'approved' AS state, x'00ff' AS identifiers", "identifiers is not a list of texts", False),
    ],
)
def test_a_broken_row_is_named_and_the_others_are_read(lite: str, tmp_path: Path, row: str, fault: str, whole: bool) -> None:
    extra = ", NULL AS identifiers" if "identifiers" in row else ""
    query = f"SELECT {row} UNION ALL SELECT 'fine', 'approved'{extra}"
    found = told(lite, tmp_path / "scratch", query=query, columns={})
    assert "sql/fine" in [one.id for one in found.records]
    assert (len(found.gaps), found.whole) == (1, whole) and fault in found.gaps[0].detail


@pytest.mark.parametrize("content", [b"", b"no database at all" * 100])
def test_a_file_that_is_no_database_is_a_gap(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.db").write_bytes(content)
    assert told(f"sqlite:///{tmp_path}/x.db", tmp_path / "scratch").gaps[0].reason is Reason.UNEXPECTED


def test_nobody_there_is_a_gap(tmp_path: Path) -> None:
    assert told(f"sqlite:///{tmp_path}/nowhere.db", tmp_path).gaps[0].reason is Reason.UNREACHABLE
    assert not (tmp_path / "nowhere.db").exists()
    gaps = told(f"postgresql://u@127.0.0.1:{free_port()}/x", tmp_path, password="TOKEN").gaps
    assert gaps[0].reason is Reason.UNREACHABLE and "estate-token" not in repr(gaps)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"url": "registry.acme.example"}, "not a database's"),
        ({"url": "nosuch://u@h/d"}, "not a database's"),
        ({"url": "postgresql://u:p@h/d"}, "take the password out"),
        ({"url": "postgresql://u@h/d?password=p"}, "take the password out"),
        ({"query": "DELETE FROM approvals"}, "only reads"),
        ({"columns": {"ownr": "team"}}, "no field 'ownr'"),
    ],
)
def test_a_wrong_setting_is_refused(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said) as refused:
        Settings(**{"url": "sqlite:////x.db", **ASKED, **changes})
    assert ":p@" not in str(refused.value.errors(include_input=False))
