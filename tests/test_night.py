"""The nightly run, by the command itself: what it mails, what is the backlog, what monitoring reads."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from scanner.tools import now
from tests.estate.kubernetes import Cluster
from tests.mailroom import Mailroom, mailroom
from tests.place import CLUSTER, Place, removed, running, serving

SOURCE = CLUSTER.format(name="prod-eu")
RETIRED = {"id": "llama", "identifiers": ["hf:meta-llama/Llama-3.1-8B-Instruct"], "state": "retired"}


@pytest.fixture
def night(tmp_path: Path) -> Iterator[tuple[Place, Cluster, Mailroom]]:
    """A cluster that serves an unregistered model, and a mail server."""
    place = Place(tmp_path)
    place.records({"id": "other", "identifiers": ["hf:acme/other"], "state": "approved"})
    with running(place, serving()) as cluster, mailroom(tmp_path) as room:
        place.config(SOURCE, REPORTS.format(port=room.port), more=MORE)
        yield place, cluster, room


MORE = 'heartbeat = "alive.json"'
REPORTS = """[[report]]
type = "email"
host = "127.0.0.1"
port = {port}
security = "none"
sender = "gnomon@example.com"
to = ["governance@example.com"]
retry_seconds = 0
[[report]]
type = "json"
[[report]]
type = "prometheus"
"""


def scan(place: Place, code: int = 0, *options: str) -> str:
    done = place.gnomon("scan", *options)
    assert done.code == code, done
    return done.err


def next_second() -> None:
    """Runs are told apart by the second they began in, and here they take less."""
    was = now()
    while now() == was:
        pass


def body(room: Mailroom) -> str:
    part = room.taken[-1][2].get_body(("plain",))
    assert part is not None
    return " ".join(part.get_content().split())


@pytest.mark.slow
def test_the_first_mail_the_quiet_one_and_what_is_resolved(night: tuple[Place, Cluster, Mailroom]) -> None:
    place, cluster, room = night
    scan(place)
    assert room.subjects[-1].startswith("Unregistered running: ")
    assert "This is the first run" in body(room)
    scan(place)
    assert room.subjects[-1].startswith("nothing changed, ")
    removed(cluster, serving())
    scan(place)
    assert "1 resolved" in room.subjects[-1]


@pytest.mark.slow
def test_the_baseline_leaves_the_mail_and_not_the_report(night: tuple[Place, Cluster, Mailroom]) -> None:
    place, cluster, room = night
    assert place.gnomon("baseline", "--by", "m-gov", "--why", "first night").code == 2
    scan(place)
    assert place.gnomon("baseline", "--by", "m-gov").code == 2
    done = place.gnomon("baseline", "--by", "m-gov", "--why", "first night")
    assert (done.code, "are the backlog" in done.out) == (0, True)
    next_second()
    assert "m-gov dated the backlog" in place.gnomon("baseline", "--by", "x", "--why", "later").err
    cluster.server.storage.add(*serving("acme/second", "second"))
    scan(place)
    report = place.report()
    marks = {(row["check"], row["backlog"], row["status"]) for row in report["findings"] if row["check"] == "unregistered-running"}
    assert marks == {("unregistered-running", True, "ongoing"), ("unregistered-running", False, "new")}
    assert report["baseline"]["by"] == "m-gov"
    assert "Backlog (dated" in body(room) and "by m-gov)" in body(room)
    assert "(m-gov, " in place.gnomon("baseline").out
    assert place.gnomon("baseline", "--withdraw").code == 0
    scan(place)
    assert place.report()["baseline"] is None


@pytest.mark.slow
def test_the_configs_baseline_is_the_same_thing_and_is_no_change_of_sight(night: tuple[Place, Cluster, Mailroom]) -> None:
    place, cluster, room = night
    scan(place)
    before = place.report()["run"]["hashes"]["config"]
    text = (place.directory / "gnomon.toml").read_text("utf-8")
    (place.directory / "gnomon.toml").write_text(text + '\n[policy]\nbaseline = "2099-01-01"\n', "utf-8")
    assert "[policy] baseline" in place.gnomon("baseline", "--by", "m-gov", "--why", "first night").err
    cluster.server.storage.add(*serving("acme/second", "second"))
    scan(place)
    report = place.report()
    assert {row["backlog"] for row in report["findings"]} == {True}
    assert report["run"]["hashes"]["config"] == before
    assert room.subjects[-1].startswith("nothing changed, ")


@pytest.mark.slow
def test_a_retired_model_that_runs_stays_loud(night: tuple[Place, Cluster, Mailroom]) -> None:
    place, _, room = night
    place.records(RETIRED)
    scan(place)
    place.gnomon("baseline", "--by", "m-gov", "--why", "first night")
    scan(place)
    assert room.subjects[-1].startswith("Retired but running: llama 1; ")


@pytest.mark.slow
def test_a_mail_server_that_is_down_costs_neither_the_run_nor_the_mail(night: tuple[Place, Cluster, Mailroom]) -> None:
    place, _, room = night
    room.answers = ["451 later"]
    said = scan(place, 2)
    assert "email: not sent to 1 by 127.0.0.1" in said and "451 later" in said
    assert not (place.directory / "alive.json").exists()
    scan(place)
    assert [subject[:5] for subject in room.subjects] == ["[Late", "nothi"]
    assert (place.directory / "alive.json").exists()


@pytest.mark.slow
def test_a_mail_as_the_only_report_still_lets_the_run_be_remembered(night: tuple[Place, Cluster, Mailroom]) -> None:
    place, _, room = night
    place.config(SOURCE, REPORTS.format(port=room.port).split('[[report]]\ntype = "json"')[0])
    room.answers = ["554 no"]
    scan(place, 2)
    scan(place)
    assert [subject[:5] for subject in room.subjects] == ["[Late", "nothi"]


@pytest.mark.slow
def test_monitoring_reads_a_sign_of_life_only_of_full_runs(night: tuple[Place, Cluster, Mailroom]) -> None:
    place, _, _ = night
    place.repository("quiet", {"a.py": "print()\n"})
    alive = place.directory / "alive.json"
    scan(place, 1, "--fail-on", "info")
    told = json.loads(alive.read_bytes())
    assert (told["exit"], told["findings"] > 0, set(told)) == (
        1,
        True,
        {"run", "started", "finished", "exit", "findings", "gaps", "version"},
    )
    assert oct(alive.stat().st_mode)[-3:] == "644"
    alive.unlink()
    scan(place, 0, "--path", "code")
    assert not alive.exists()


@pytest.mark.slow
def test_a_log_of_json_is_one_object_a_line(night: tuple[Place, Cluster, Mailroom]) -> None:
    place, _, room = night
    lines = [json.loads(line) for line in scan(place, 0, "--log", "json").splitlines()]
    assert {"time", "level", "event"} <= set.intersection(*(set(line) for line in lines))
    assert [line["event"] for line in lines][-1] == "finished"
    assert (lines[-1]["exit"], lines[-1]["findings"] > 0) == (0, True)
    assert any(line["event"] == "units" and line["done"] == line["known"] for line in lines)
    room.answers = ["554 no"]
    failed = [json.loads(line) for line in scan(place, 2, "--log", "json").splitlines()]
    assert [line["event"] for line in failed][-2:] == ["report-failed", "finished"]
    (place.directory / "gnomon.toml").write_text("[nonsense]\n", "utf-8")
    (line,) = [json.loads(line) for line in scan(place, 2, "--log", "json").splitlines()]
    assert (line["event"], line["level"], line["exit"]) == ("failed", "error", 2)
