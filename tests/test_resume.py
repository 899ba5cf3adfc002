"""A run that is killed, wherever it is, and started again ends as if it had never been killed."""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text

from scanner.store import decode
from scanner.store.database import open_engine, transaction
from scanner.store.tables import CHUNKS, FACTS, LATEST, METADATA, POINTS, SOURCES, UNITS
from tests.crawler import main
from tests.postgres import server
from tests.shelf import put

ROOT = Path(__file__).resolve().parent.parent
FIRST_NIGHT, SECOND_NIGHT, AN_HOUR_LATER = "2026-11-20T02:00:00Z", "2026-11-21T02:00:00Z", "2026-11-21T03:00:00Z"
UNITS_THERE = 24
ALL = 19
"""Lines of the second night: it began, 17 units that are not as they were, all is crawled; only the conclusion is missing."""

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def postgresql() -> Iterator[str]:
    with server() as url:
        yield url


def stores(database: str, request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, str]:
    """Two empty stores."""
    if database == "sqlite":
        return f"sqlite:///{tmp_path / 'calm.db'}", f"sqlite:///{tmp_path / 'killed.db'}"
    base = request.getfixturevalue("postgresql")
    engine = open_engine(base).execution_options(isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for name in ("calm", "killed"):
            connection.execute(text(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
            connection.execute(text(f"CREATE DATABASE {name}"))
    engine.dispose()
    server_only = base.removesuffix("/postgres")
    return f"{server_only}/calm", f"{server_only}/killed"


def shelve(directory: Path, night: int) -> None:
    """Units that stay, change, fail, break, go, and come."""
    for number in range(UNITS_THERE):
        name, kind = f"n{number:02}", number % 6
        seen: list[dict[str, Any]] = [{"sighting": f"workload:{name}/{part}"} for part in range(20)]
        seen += [{"learned": f"blob {name} {night if kind == 1 else 0}"}]
        if night == 2:
            seen = {
                1: seen[5:],
                2: [*seen[:3], {"raise": "throttled"}],
                3: [*seen[:9], {"gap": [f"kubernetes/prod/{name}/x", "denied"]}],
            }.get(kind, seen)
        put(directory, name, *seen, revision=None if kind == 4 else str(night if kind in (1, 2, 3) else 0))
    if night == 2:
        (directory / "n00.unit").unlink()
        put(directory, "new", {"sighting": "workload:new"})


def crawler(url: str, shelf: Path, now: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "tests.crawler", url, str(shelf), now],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )


def killed(url: str, shelf: Path, now: str, lines: int) -> list[str]:
    """What the crawler had said when it was killed, `lines` lines after it began."""
    with crawler(url, shelf, now) as process:
        assert process.stdout is not None
        said = [process.stdout.readline().strip() for _ in range(lines)]
        process.send_signal(signal.SIGKILL)
        process.wait()
    return said


def dump(url: str) -> dict[str, Any]:
    """All that the store holds but the names of runs and times of use."""
    engine = open_engine(url)
    with transaction(engine) as connection:
        runs = {row.id: row.started for row in connection.execute(select(METADATA.tables["runs"]))}
        rows = {
            table.name: [row._asdict() for row in connection.execute(select(table))] for table in (UNITS, CHUNKS, SOURCES, LATEST, FACTS)
        }
        points = len(connection.execute(select(POINTS)).all())
    engine.dispose()
    for row in (row for table in rows.values() for row in table):
        row.update({name: runs.get(value, value) for name, value in row.items() if isinstance(value, str)})
        row.update(used=None)
    held = [(row["source"], row["key"], row["stale"], decode(row.pop("body"))) for row in rows.pop("chunks")]
    ordered = {name: sorted(map(repr, table)) for name, table in rows.items()}
    return {**ordered, "held": sorted(map(repr, held)), "points": points, "runs": sorted(runs.values())}


@pytest.mark.parametrize(("database", "lines"), [("sqlite", 1), ("sqlite", 7), ("sqlite", ALL), ("postgresql", 12), ("postgresql", ALL)])
def test_a_killed_run_loses_and_doubles_nothing(
    database: str, lines: int, request: pytest.FixtureRequest, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    calm, interrupted = stores(database, request, tmp_path)
    shelf = tmp_path / "shelf"
    shelve(shelf, 1)
    main(calm, str(shelf), FIRST_NIGHT)
    main(interrupted, str(shelf), FIRST_NIGHT)
    shelve(shelf, 2)
    main(calm, str(shelf), SECOND_NIGHT)
    capsys.readouterr()
    assert len(killed(interrupted, shelf, SECOND_NIGHT, lines)) == lines
    main(interrupted, str(shelf), AN_HOUR_LATER)
    assert capsys.readouterr().out.startswith("resumed")
    assert dump(interrupted) == dump(calm)


def test_ctrl_c_ends_a_run_at_once_even_with_a_stuck_unit(request: pytest.FixtureRequest, tmp_path: Path) -> None:
    url, _ = stores("sqlite", request, tmp_path)
    shelf = tmp_path / "shelf"
    shelve(shelf, 1)
    put(shelf, "a-first", {"stuck": True})
    with crawler(url, shelf, FIRST_NIGHT) as process:
        assert process.stdout is not None
        assert [process.stdout.readline().strip() for _ in range(UNITS_THERE + 1)][-1] == "done"
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=20) != 0


def test_killed_again_and_again_at_any_moment(request: pytest.FixtureRequest, tmp_path: Path) -> None:
    calm, interrupted = stores("sqlite", request, tmp_path)
    shelf = tmp_path / "shelf"
    shelve(shelf, 1)
    main(calm, str(shelf), FIRST_NIGHT)
    for milliseconds in (200, 500, 600, 700):
        with crawler(interrupted, shelf, FIRST_NIGHT) as process:
            _wait(milliseconds / 1000)
            process.kill()
            process.communicate()
    main(interrupted, str(shelf), FIRST_NIGHT)
    told = dump(interrupted)
    assert {**told, "points": 1, "runs": told["runs"][:1]} == dump(calm)


def _wait(seconds: float) -> None:
    """The moment of the kill is what is varied here, so this is a clock and no synchronisation."""
    time.sleep(seconds)
