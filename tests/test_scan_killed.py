"""The whole command, killed in mid-run and started again, ends as if it had never been killed."""

import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from scanner.scratch import ALIVE, SETTLED, scratch
from tests.estate.kubernetes import Cluster
from tests.place import CLUSTER, CODE, Place, removed, running, serving

SOURCES = ('[[source]]\ntype = "folder"\npath = "code"\n', CLUSTER.format(name="prod-eu"))
OTHER = {"id": "other", "identifiers": ["hf:acme/other"], "state": "approved"}
PARTS = ("findings", "resolved", "sightings", "links", "gaps", "coverage", "matches")


@contextmanager
def planted(directory: Path) -> Iterator[tuple[Place, Cluster]]:
    """An estate after its first night, in the second: things came, changed and went."""
    place = Place(directory)
    for number in range(3):
        place.repository(f"r{number}", {f"app{each}.py": CODE for each in range(2)})
    place.records(OTHER)
    place.config(*SOURCES)
    with running(place, serving()) as cluster:
        assert place.gnomon("scan").code == 0
        for each in range(2):
            (place.directory / "code" / "r0" / f"app{each}.py").unlink()
        (place.directory / "code" / "r1").rename(place.directory / "r1")
        place.repository("r9", {"app.py": CODE})
        removed(cluster, serving())
        cluster.server.storage.add(*serving("acme/second", "second"))
        yield place, cluster


def in_the_crawl(place: Place, cluster: Cluster) -> None:
    """Killed while a namespace hangs."""
    before = len(cluster.requests)
    cluster.fail("/namespaces/web/", hang=True)
    with place.started("scan") as process:
        while not any("/namespaces/web/" in request for request in cluster.requests[before:]):
            assert process.poll() is None
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
    cluster.heal()


def in_the_report(place: Place, cluster: Cluster) -> None:
    """Killed while it writes into a pipe that nobody empties."""
    with place.started("scan", "--format", "json", "--output", "-", text=False, pipesize=4096) as process:
        assert process.stdout is not None
        assert os.read(process.stdout.fileno(), 1) == b"{"
        process.send_signal(signal.SIGKILL)


def told(place: Place) -> dict[str, Any]:
    """What the report says, but for times and what stands in each line only here."""
    text = json.dumps({name: place.report()[name] for name in PARTS})
    loaded: dict[str, Any] = json.loads(text.replace(str(place.directory).strip("/"), "HERE"))
    for finding in (*loaded["findings"], *loaded["resolved"]):
        finding.update(first_seen=None, last_seen=None)
    return loaded


@pytest.mark.slow
@pytest.mark.parametrize("end", [in_the_crawl, in_the_report], ids=lambda each: each.__name__)
def test_killed_and_started_again_it_loses_and_doubles_nothing(tmp_path: Path, end: Callable[[Place, Cluster], None]) -> None:
    with planted(tmp_path / "calm") as (calm, _), planted(tmp_path / "kill") as (interrupted, cluster):
        end(interrupted, cluster)
        for place in (calm, interrupted):
            assert place.gnomon("scan").code == 0
        for name in PARTS:
            assert told(interrupted)[name] == told(calm)[name], name
        points = [[(point["open"], point["read"]) for point in place.report()["trend"]] for place in (interrupted, calm)]
        assert points[0] == points[1]
        assert len(points[0]) == 2
        assert {"new", "ongoing", "resolved"} <= {row["status"] for part in ("findings", "resolved") for row in told(calm)[part]}


@pytest.mark.slow
@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGINT])
def test_a_run_that_is_told_to_stop_leaves_nothing_temporary_behind(tmp_path: Path, sign: signal.Signals) -> None:
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    place = Place(tmp_path / "place")
    place.environment = {"TMPDIR": str(temporary)}
    place.config(SOURCES[1])
    with running(place, serving()) as cluster:
        cluster.fail("/namespaces/web/", hang=True)
        with place.started("scan") as process:
            while not any("/namespaces/web/" in request for request in cluster.requests):
                assert process.poll() is None
                time.sleep(0.01)
            assert list(temporary.iterdir())
            process.send_signal(sign)
            _, said = process.communicate(timeout=30)
    assert (process.returncode, list(temporary.iterdir())) == (2, [])
    assert "goes on where it was" in said


def test_what_a_killed_run_left_is_removed_by_the_next_and_what_lives_is_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    left, others = tmp_path / "gnomon-left", tmp_path / "gnomon-of-somebody"
    for directory in (left, others):
        directory.mkdir()
        (directory / "clone").write_text("code")
    (left / ALIVE).touch()
    with scratch() as living:
        for path in (left, living):
            os.utime(path / ALIVE, (time.time() - 2 * SETTLED,) * 2)
        with scratch():
            assert living.exists()
            assert not left.exists()
    assert [path.name for path in tmp_path.iterdir()] == [others.name]
