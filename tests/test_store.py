"""The store: private, versioned, held by one run at a time, and the same on SQLite and PostgreSQL."""

import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import inspect, text

from scanner.errors import StoreError
from scanner.model import Asset, Coverage, Evidence, Finding, Gap, Kind, Link, Point, Reason, Relation, Severity, Sheet, Sighting, Status
from scanner.store import Conclusion, Reading, State, Store, Versions, encode, open_store
from scanner.store.database import open_engine, transaction
from scanner.store.migrations import STEPS, migrate
from scanner.store.tables import METADATA
from tests.postgres import server

NOW, LATER, NEXT_DAY = "2026-11-20T02:00:00Z", "2026-11-20T03:00:00Z", "2026-11-21T02:00:00Z"
EYES = Versions("s1", "c1", "d1", "reader")
PROOF = (Evidence("shelf:x", "rule"),)
SEEN = (
    Sighting("workload:a", Kind.WORKLOAD, ("uid:k:1",), {"running": True, "images": ("x", "y")}, PROOF),
    Link("workload:a", Relation.RUNS, "image:x"),
)
FINDING = Finding("RBR-1", "retired-but-running", "workload:a", Severity.HIGH, "t", PROOF, "r", record="m1", first_seen=NOW, last_seen=NOW)
HOLDER = """
import sys
from scanner.store import open_store
store = open_store(sys.argv[1])
store.begin("c", False, sys.argv[2])
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    with server() as url:
        yield url


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'g.db'}"
        return
    address = request.getfixturevalue("postgresql")
    yield address
    engine = open_engine(address)
    with transaction(engine, write=True) as connection:
        connection.execute(text("DROP SCHEMA public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))
    engine.dispose()


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    with open_store(url) as opened:
        yield opened


def read(*seen: Sighting | Link, revision: str | None = "1", **rest: object) -> Reading:
    return Reading(State.READ, revision, chunks=(encode(seen),), held=len(seen), **rest)  # type: ignore[arg-type]  # the fields of Reading


def conclusion(*findings: Finding, **rest: object) -> Conclusion:
    point = Point("r", str(rest.pop("finished", LATER)), {"high": len(findings)}, 1, 1)
    made = Conclusion(findings, (), (), (), Coverage((), ()), point, {})
    return msgspec.structs.replace(made, **rest)


def test_a_new_store_has_the_tables_that_the_program_expects(url: str) -> None:
    open_store(url).close()
    engine = open_engine(url)
    there = inspect(engine)
    for table in METADATA.sorted_tables:
        columns = {column["name"]: column["nullable"] for column in there.get_columns(table.name)}
        expected = {column.name: bool(column.nullable) for column in table.columns}
        keys = {column.name for column in table.primary_key}
        assert columns.keys() == expected.keys(), table.name
        assert {name: null for name, null in columns.items() if name not in keys} == {k: v for k, v in expected.items() if k not in keys}
        assert set(there.get_pk_constraint(table.name)["constrained_columns"]) == keys, table.name
    assert set(there.get_table_names()) == set(METADATA.tables)
    engine.dispose()


def test_a_store_of_a_newer_program_is_refused_and_left_alone(url: str) -> None:
    open_store(url).close()
    engine = open_engine(url)
    with transaction(engine, write=True) as connection:
        connection.execute(text("UPDATE schema_version SET version = 99"))
    with pytest.raises(StoreError, match=rf"version 99 .* version {len(STEPS)}"):
        open_store(url)
    with transaction(engine) as connection:
        assert connection.execute(text("SELECT version FROM schema_version")).scalar() == 99
    engine.dispose()


def test_a_step_that_fails_leaves_the_store_as_it_was(url: str) -> None:
    open_store(url).close()
    engine = open_engine(url)

    def step(connection: object) -> None:
        connection.execute(text("CREATE TABLE half (id TEXT)"))  # type: ignore[attr-defined]  # a Connection
        connection.execute(text("SELECT nothing FROM nowhere"))  # type: ignore[attr-defined]  # a Connection

    with pytest.raises(StoreError), transaction(engine, write=True) as connection:
        migrate(connection, (*STEPS, step))
    assert "half" not in inspect(engine).get_table_names()
    open_store(url).close()
    engine.dispose()


def test_the_files_are_for_their_owner_only(tmp_path: Path) -> None:
    with open_store(f"sqlite:///{tmp_path / 'new dir' / 'a ?%b.db'}") as store:
        store.begin("c", False, NOW)
        store.link("m1", "name:x", "ann", NOW, "why")
        modes = {path.name: path.stat().st_mode & 0o777 for path in (tmp_path / "new dir").iterdir()}
    assert modes == dict.fromkeys(("a ?%b.db", "a ?%b.db-wal", "a ?%b.db-shm", "a ?%b.db.lock"), 0o600)


def test_what_is_no_database_is_refused_in_plain_words(tmp_path: Path) -> None:
    (tmp_path / "g.db").write_text("these are not the bytes of a database, whatever the name says\n" * 50)
    with pytest.raises(StoreError, match="not a database"):
        open_store(f"sqlite:///{tmp_path / 'g.db'}")
    for wrong in ("g.db", "mysql://u@h/d", "sqlite://", "sqlite:///:memory:", "nonsense://x"):
        with pytest.raises(StoreError, match="sqlite:///path or postgresql://"):
            open_store(wrong)


def test_a_server_that_is_away_is_said_without_the_password() -> None:
    with pytest.raises(StoreError) as raised:
        open_store("postgresql://ann@127.0.0.1:1/x", password="hunter2")
    assert "hunter2" not in str(raised.value)
    assert "127.0.0.1" in str(raised.value)


def test_observations_come_back_as_they_went_in(store: Store) -> None:
    run = store.begin("c", False, NOW)
    store.units.write("s", ("u", "kubernetes/prod/u"), run.id, EYES, read(*SEEN), NOW)
    assert list(store.sheets()) == [Sheet("s", "kubernetes/prod/u", False, SEEN)]
    assert list(store.sheets(["other"])) == []


def test_a_unit_is_replaced_whole(store: Store) -> None:
    run = store.begin("c", False, NOW)
    for _ in range(3):
        store.units.write("s", ("u", "a/u"), run.id, EYES, read(*SEEN), NOW)
    store.units.write("s", ("u", "a/u"), run.id, EYES, read(SEEN[0]), NOW)
    assert [sheet.observations for sheet in store.sheets()] == [SEEN[:1]]


def test_stale_is_what_this_run_did_not_read(url: str) -> None:
    with open_store(url) as store:
        run = store.begin("c", False, NOW)
        for key in ("kept", "failed", "unread"):
            store.units.write("s", (key, f"a/{key}"), run.id, EYES, read(*SEEN), NOW)
        store.save(run, conclusion())
    with open_store(url) as store:
        run = store.begin("c", False, NEXT_DAY)
        store.units.confirm("s", ["kept"], run.id, EYES.eyes)
        store.units.fail("s", ("failed", "a/failed"), run.id, EYES, (Gap("s", "a/failed", Reason.DENIED),))
        assert {sheet.scope: sheet.stale for sheet in store.sheets()} == {"a/kept": False, "a/failed": True, "a/unread": True}
        known = store.units.known("s")
        assert (known["failed"].state, known["failed"].revision, known["failed"].held) == (State.FAILED, None, 2)
        assert known["failed"].gaps[0].reason is Reason.DENIED


def test_a_failed_unit_that_never_was_read_is_noted(store: Store) -> None:
    run = store.begin("c", False, NOW)
    store.units.fail("s", ("u", "a/u"), run.id, EYES, ())
    known = store.units.known("s")["u"]
    assert (known.state, known.held, known.read_run, list(store.sheets())) == (State.FAILED, 0, None, [])


def test_forgetting_a_unit_forgets_its_observations(store: Store) -> None:
    run = store.begin("c", False, NOW)
    store.units.write("s", ("u", "a/u"), run.id, EYES, read(*SEEN), NOW)
    store.units.forget("s", ["u"])
    assert (store.units.known("s"), list(store.sheets()), list(store.units.observations("s", "u"))) == ({}, [], [])


def test_an_operator_can_give_up_what_a_source_saw(store: Store) -> None:
    run = store.begin("c", False, NOW)
    for name in ("s", "other"):
        store.units.write(name, ("u", "a/u"), run.id, EYES, read(*SEEN), NOW)
    assert store.forget("s") == 1
    assert [sheet.source for sheet in store.sheets()] == ["other"]


def test_facts_are_remembered_with_the_unit_they_came_from(store: Store) -> None:
    run = store.begin("c", False, NOW)
    assert store.facts.get(b"blob", "py/1") is None
    store.units.write("s", ("u", "a/u"), run.id, EYES, read(*SEEN, learned=((b"blob", "py/1", b"facts"),) * 2), NOW)
    assert (store.facts.get(b"blob", "py/1"), store.facts.get(b"blob", "py/2")) == (b"facts", None)


def test_two_runs_are_kept_apart(url: str) -> None:
    """In two processes, as two runs are."""
    with subprocess.Popen([sys.executable, "-c", HOLDER, url, NOW], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        with open_store(url) as store:
            assert store.previous_findings() == ()
            with pytest.raises(StoreError, match="another run holds the store"):
                store.begin("c", False, NOW)
            other.kill()
            other.wait()
            assert store.begin("c", False, NOW).resumed


def test_a_killed_run_of_the_same_config_goes_on(url: str) -> None:
    with open_store(url) as store:
        first = store.begin("c", False, NOW)
    with open_store(url) as store:
        assert store.begin("c", False, LATER) == msgspec.structs.replace(first, resumed=True)


@pytest.mark.parametrize(("config", "partial", "when"), [("other", False, LATER), ("c", True, LATER), ("c", False, NEXT_DAY)])
def test_a_killed_run_of_another_kind_or_of_yesterday_does_not(url: str, config: str, partial: bool, when: str) -> None:
    with open_store(url) as store:
        first = store.begin("c", False, NOW)
    with open_store(url) as store:
        assert store.begin(config, partial, when).id != first.id


def test_a_run_that_began_by_a_clock_that_was_wrong_is_not_resumed(url: str) -> None:
    """How long ago it read what it read, nobody knows."""
    with open_store(url) as store:
        store.begin("c", False, LATER)
    with open_store(url) as store:
        assert not store.begin("c", False, NOW).resumed


def test_a_finished_run_is_not_resumed(url: str) -> None:
    with open_store(url) as store:
        first = store.begin("c", False, NOW)
        store.save(first, conclusion())
    with open_store(url) as store:
        assert store.begin("c", False, LATER).id != first.id


def test_what_a_run_concluded_comes_back(store: Store) -> None:
    run = store.begin("c", False, NOW)
    asset = Asset("workload:a\0", Kind.WORKLOAD, ("uid:k:1",), {"running": True, "images": ("x",)}, PROOF, ("a/u",), ("workload:b",))
    link = Link("workload:a", Relation.RUNS, "image:x", PROOF)
    closed = msgspec.structs.replace(FINDING, id="RBR-2", status=Status.RESOLVED)
    coverage = Coverage((), (Gap("s", "a/u", Reason.DENIED),))
    names = {"workload:b": "workload:a"}
    store.save(run, conclusion(FINDING, closed=(closed,), assets=(asset,), links=(link,), coverage=coverage, names=names, clean=("m1",)))
    assert store.previous_findings() == (FINDING, closed)
    assert store.ledger.closed() == {"RBR-2"}
    assert list(store.ledger.assets()) == [asset]
    assert list(store.ledger.links()) == [link]
    assert (store.ledger.coverage(), store.ledger.roots(), store.ledger.clean_scans()) == (coverage, names, {"m1": 1})
    assert store.identifiers("workload:none") == ()


def test_the_hashes_of_the_last_full_run_are_known(url: str) -> None:
    for hour, (hashed, partial) in enumerate([("a", False), ("b", False), ("c", True)]):
        with open_store(url) as store:
            run = store.begin(hashed, partial, f"2026-11-20T0{hour}:00:00Z")
            facts = msgspec.json.encode({"hashes": {"config": hashed}, "more": 1}).decode()
            store.save(run, conclusion(partial=partial, facts=facts, finished=f"2026-11-20T0{hour}:30:00Z"))
    with open_store(url) as store:
        assert store.ledger.hashes() == {"config": "b"}


def test_a_store_without_a_run_has_no_hashes(store: Store) -> None:
    assert store.ledger.hashes() == {}


def test_clean_scans_are_counted_in_a_row(store: Store) -> None:
    run = store.begin("c", False, NOW)
    for clean in (("m1", "m2"), ("m1",), ("m1", "m2")):
        store.save(run, conclusion(clean=clean))
    assert store.ledger.clean_scans() == {"m1": 3, "m2": 1}
    store.save(run, conclusion(clean=(), partial=True))
    assert store.ledger.clean_scans() == {"m1": 3, "m2": 1}


def test_a_finding_that_is_not_named_stays_as_it_was(store: Store) -> None:
    run = store.begin("c", False, NOW)
    other = msgspec.structs.replace(FINDING, id="RBR-2")
    store.save(run, conclusion(FINDING, other))
    store.save(run, conclusion(msgspec.structs.replace(FINDING, status=Status.ONGOING)))
    assert [(each.id, each.status) for each in store.previous_findings()] == [("RBR-1", Status.ONGOING), ("RBR-2", Status.NEW)]


def test_the_trend_holds_full_runs_oldest_first(store: Store) -> None:
    run = store.begin("c", False, NOW)
    for day in range(1, 6):
        point = Point(f"r{day}", f"2026-11-0{day}T02:00:00Z", {"high": day}, day, 9)
        store.save(run, conclusion(point=point, partial=day == 5))
    assert [point.run for point in store.trend(3)] == ["r2", "r3", "r4"]


def test_an_approved_identifier_is_remembered_with_who_said_so(store: Store) -> None:
    for identifier in ("name:x", "hf:a/b", "name:x"):
        store.link("m1", identifier, "ann", NOW, "same weights")
    assert store.linked() == {"m1": ("hf:a/b", "name:x")}


def test_only_finished_runs_say_how_many_records_a_registry_had(url: str) -> None:
    with open_store(url) as store:
        run = store.begin("c", False, NOW)
        store.count_registry(run, "files", 60)
        assert store.registry_count("files") is None
        store.save(run, conclusion())
        assert store.registry_count("files") == 60
    with open_store(url) as store:
        store.count_registry(store.begin("c", False, LATER), "files", 3)
        assert store.registry_count("files") == 60


def test_pruning_forgets_old_runs_and_never_what_stands(url: str) -> None:
    for day in range(1, 5):
        with open_store(url) as store:
            finished = f"2026-11-0{day}T03:00:00Z"
            run = store.begin("c", False, f"2026-11-0{day}T02:00:00Z")
            store.units.write("s", ("u", "a/u"), run.id, EYES, read(*SEEN, learned=((b"%d" % day, "v", b"f"),)), finished)
            resolved = msgspec.structs.replace(FINDING, id=f"R-{day}", status=Status.RESOLVED, last_seen=finished)
            point = Point(run.id, finished, {}, 1, 1)
            store.save(run, conclusion(msgspec.structs.replace(FINDING, last_seen="2026-11-01T03:00:00Z"), closed=(resolved,), point=point))
    with open_store(url) as store:
        store.prune(2, "2026-11-03T00:00:00Z")
        assert [point.finished for point in store.trend(9)] == ["2026-11-03T03:00:00Z", "2026-11-04T03:00:00Z"]
        assert [each.id for each in store.previous_findings()] == ["R-3", "R-4", "RBR-1"]
        assert [store.facts.get(b"%d" % day, "v") for day in range(1, 5)] == [None, None, b"f", b"f"]
        assert [sheet.observations for sheet in store.sheets()] == [SEEN]


def test_a_reader_is_not_stopped_by_a_run(tmp_path: Path) -> None:
    address = f"sqlite:///{tmp_path / 'g.db'}"
    with open_store(address) as running, open_store(address) as reading:
        run = running.begin("c", False, NOW)
        for number in range(50):
            running.units.write("s", (str(number), "a"), run.id, EYES, read(*SEEN), NOW)
        sheets = reading.sheets()
        next(sheets)
        running.units.write("s", ("more", "a"), run.id, EYES, read(*SEEN), NOW)
        assert len(list(sheets)) == 49


def test_a_full_disk_is_an_error_and_loses_nothing(tmp_path: Path) -> None:
    address = f"sqlite:///{tmp_path / 'g.db'}"
    with open_store(address) as store:
        run = store.begin("c", False, NOW)
        store.units.write("s", ("u", "a/u"), run.id, EYES, read(*SEEN), NOW)
        with sqlite3.connect(tmp_path / "g.db") as direct:
            pages = direct.execute("PRAGMA page_count").fetchone()[0]
        direct.close()
        with transaction(store._engine) as connection:
            connection.exec_driver_sql(f"PRAGMA max_page_count={pages}")
        big = Reading(State.READ, "2", chunks=(os.urandom(500_000),), held=1)
        with pytest.raises(StoreError, match="full"):
            store.units.write("s", ("u", "a/u"), run.id, EYES, big, NOW)
        assert [sheet.observations for sheet in store.sheets()] == [SEEN]


def test_what_a_database_refuses_in_bulk_is_an_error_without_content(store: Store) -> None:
    run = store.begin("c", False, NOW)
    twice = (Asset("workload:hunter2", Kind.WORKLOAD, (), {}, ()),) * 2
    with pytest.raises(StoreError) as raised:
        store.save(run, conclusion(assets=twice))
    assert "hunter2" not in str(raised.value)
    assert list(store.ledger.assets()) == []
