"""A store that is held or newer, a disk without room, a report that cannot be written: said clearly, and nothing lost."""

import resource
import signal
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.estate.kubernetes import Cluster
from tests.place import CLUSTER, Place, checks, running, serving, statuses


@pytest.fixture
def estate(tmp_path: Path) -> Iterator[tuple[Place, Cluster]]:
    place = Place(tmp_path)
    place.records({"id": "other", "identifiers": ["hf:acme/other"], "state": "approved"})
    place.config(CLUSTER.format(name="prod-eu"))
    with running(place, serving()) as cluster:
        yield place, cluster


def test_two_runs_at_once_the_second_says_who_holds_the_store(estate: tuple[Place, Cluster]) -> None:
    place, cluster = estate
    cluster.fail("/pods", hang=True)
    with ExitStack() as stack:
        first = stack.enter_context(place.started("scan"))
        while not any("/pods" in request for request in cluster.requests):
            assert first.poll() is None
        second = place.gnomon("scan")
        assert (second.code, second.out) == (2, "")
        assert f"process {first.pid}" in second.err
        first.send_signal(signal.SIGKILL)
    cluster.heal()
    assert checks(place.scan()) == ["unregistered-running"]


def test_a_store_of_a_newer_version_is_left_alone(estate: tuple[Place, Cluster]) -> None:
    import sqlite3

    place, cluster = estate
    place.scan()
    with sqlite3.connect(place.directory / "gnomon.db") as connection:
        connection.execute("update schema_version set version = 999")
    connection.close()
    before, asked = (place.directory / "gnomon.db").read_bytes(), len(cluster.requests)
    done = place.gnomon("scan")
    assert (done.code, done.out) == (2, "")
    assert "version 999" in done.err
    assert ((place.directory / "gnomon.db").read_bytes(), len(cluster.requests)) == (before, asked)


def test_reports_that_could_not_be_written_are_told_before_anything_is_read(estate: tuple[Place, Cluster]) -> None:
    place, cluster = estate
    (place.directory / "gnomon-report").write_text("a file where the directory should be", "utf-8")
    done = place.gnomon("scan")
    assert (done.code, done.out, cluster.requests) == (2, "", [])
    assert "the reports cannot be written there" in done.err


def test_a_report_that_fails_does_not_take_the_others_nor_the_run_with_it(estate: tuple[Place, Cluster]) -> None:
    place, _ = estate
    (place.directory / "gnomon-report" / "report.html").mkdir(parents=True)
    done = place.gnomon("scan")
    assert done.code == 2
    assert "html: " in done.err
    assert "The run itself is kept" in done.err
    assert statuses(place.report()) == {"unregistered-running": "new"}
    (place.directory / "gnomon-report" / "report.html").rmdir()
    assert statuses(place.scan("--format", "html,json")) == {"unregistered-running": "ongoing"}


def test_where_no_report_could_be_written_the_run_is_resumed(estate: tuple[Place, Cluster]) -> None:
    place, _ = estate
    (place.directory / "gnomon-report" / "report.json").mkdir(parents=True)
    done = place.gnomon("scan", "--format", "json")
    assert done.code == 2
    assert "run the same command again" in done.err
    (place.directory / "gnomon-report" / "report.json").rmdir()
    assert statuses(place.scan()) == {"unregistered-running": "new"}


def test_a_full_disk_is_said_and_the_run_goes_on_when_there_is_room(estate: tuple[Place, Cluster]) -> None:
    place, _ = estate
    place.scan()

    def little() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))

    with place.started("scan", preexec_fn=little) as process:
        _, err = process.communicate(timeout=60)
    assert process.returncode == 2, err
    assert "Traceback" not in err
    assert err.count("gnomon: ") == 1
    assert statuses(place.scan()) == {"unregistered-running": "ongoing"}


def test_a_standard_output_that_is_full_is_said(estate: tuple[Place, Cluster]) -> None:
    place, _ = estate
    with Path("/dev/full").open("wb") as full, place.started("scan", "--format", "json", "--output", "-", stdout=full) as process:
        _, err = process.communicate(timeout=60)
    assert process.returncode == 2
    assert "No space left" in err
    assert "Traceback" not in err
