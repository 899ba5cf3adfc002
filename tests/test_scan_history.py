"""Runs one after the other, by the command itself: what is new, gone, back, out of sight, and what people decided."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from scanner.runfile import verify_chain
from tests.estate.kubernetes import Cluster
from tests.place import CLUSTER, LLAMA, Place, checks, gaps, removed, running, serving, statuses

OTHER = {"id": "other", "identifiers": ["hf:acme/other"], "state": "approved"}
SOURCE = CLUSTER.format(name="prod-eu")


@pytest.fixture
def estate(tmp_path: Path) -> Iterator[tuple[Place, Cluster]]:
    """A cluster that serves a model which the registry does not know."""
    place = Place(tmp_path)
    place.records(OTHER)
    place.config(SOURCE)
    with running(place, serving()) as cluster:
        yield place, cluster


def the(report: dict[str, object], check: str = "unregistered-running") -> dict[str, object]:
    findings = report["findings"]
    assert isinstance(findings, list)
    return next(row for row in findings if row["check"] == check)


def test_new_ongoing_resolved_reopened(estate: tuple[Place, Cluster]) -> None:
    place, cluster = estate
    first, second = place.scan(), place.scan()
    assert [statuses(report) for report in (first, second)] == [{"unregistered-running": "new"}, {"unregistered-running": "ongoing"}]
    removed(cluster, serving())
    gone = place.scan()
    assert (gone["findings"], statuses(gone)) == ([], {"unregistered-running": "resolved"})
    assert place.scan()["resolved"] == []
    cluster.server.storage.add(*serving())
    back = place.scan()
    assert statuses(back) == {"unregistered-running": "reopened"}
    assert the(back)["id"] == the(first)["id"]
    assert the(back)["first_seen"] == the(first)["first_seen"]
    counts = [point["open"].get("unregistered-running", 0) for point in back["trend"]]
    assert counts == [1, 1, 0, 0, 1]


def test_a_blocked_source_loses_from_sight_and_resolves_nothing(estate: tuple[Place, Cluster]) -> None:
    place, cluster = estate
    place.scan()
    cluster.fail(".*", status=503, body=b"")
    for _ in range(2):
        blind = place.scan()
        assert statuses(blind) == {"unregistered-running": "lost-from-sight"}
        assert ("kubernetes/prod-eu", "unreachable") in [(scope.removesuffix("/llm"), reason) for scope, reason in gaps(blind)]
    cluster.heal()
    assert statuses(place.scan()) == {"unregistered-running": "ongoing"}
    cluster.fail(".*", status=503, body=b"")
    place.scan()
    cluster.heal()
    removed(cluster, serving())
    assert statuses(place.scan()) == {"unregistered-running": "resolved"}


def test_what_shows_because_the_config_reads_more_is_not_new(estate: tuple[Place, Cluster]) -> None:
    place, _ = estate
    place.config(f'{SOURCE}namespaces = ["web"]\n')
    assert checks(place.scan()) == []
    place.config(SOURCE)
    assert statuses(place.scan()) == {"unregistered-running": "sight-changed"}
    assert statuses(place.scan()) == {"unregistered-running": "ongoing"}


def test_what_vanishes_because_the_config_reads_less_is_not_resolved(estate: tuple[Place, Cluster]) -> None:
    place, _ = estate
    place.scan()
    place.config(f'{SOURCE}namespaces = ["web"]\n')
    assert statuses(place.scan()) == {"unregistered-running": "lost-from-sight"}


def test_a_source_taken_out_of_the_config_is_named_until_it_is_forgotten(estate: tuple[Place, Cluster]) -> None:
    place, _ = estate
    place.scan()
    place.repository("quiet", {"a.py": "print()\n"})
    place.config('[[source]]\ntype = "folder"\npath = "code"\n')
    left = place.scan()
    assert statuses(left) == {"unregistered-running": "lost-from-sight"}
    assert any("gnomon forget --source kubernetes" in gap["remedy"] for gap in left["gaps"])
    done = place.gnomon("forget", "--source", "kubernetes")
    assert done.code == 0
    assert "2 places" in done.out
    after = place.scan()
    assert not any("gnomon forget" in gap["remedy"] for gap in after["gaps"])
    assert "resolved" not in statuses(after).values()


def test_forget_knows_its_sources(estate: tuple[Place, Cluster]) -> None:
    place, _ = estate
    place.scan()
    done = place.gnomon("forget", "--source", "kubernete")
    assert (done.code, done.out) == (2, "")
    assert "did you mean 'kubernetes'?" in done.err


def test_a_partial_run_in_between_changes_no_history(estate: tuple[Place, Cluster]) -> None:
    place, cluster = estate
    place.repository("quiet", {"a.py": "print()\n"})
    folder = '[[source]]\ntype = "folder"\npath = "code"\n'
    place.config(SOURCE, folder)
    place.scan()
    removed(cluster, serving())
    partial = place.scan("--source", "folder")
    assert partial["resolved"] == []
    whole = place.scan()
    assert statuses(whole) == {"unregistered-running": "resolved"}
    cluster.server.storage.add(*serving(name="second", model="acme/new"))
    place.scan("--source", "folder")
    assert "new" in [row["status"] for row in place.scan()["findings"]]


def test_explain_prints_the_proof(estate: tuple[Place, Cluster]) -> None:
    place, _ = estate
    finding = the(place.scan())
    done = place.gnomon("explain", str(finding["id"])[:6].lower())
    assert done.code == 0
    for part in (finding["id"], "chain", "evidence hash", "kubernetes:prod-eu/llm/deployment/gateway", "what to do", "first seen"):
        assert str(part) in done.out


@pytest.mark.parametrize("wanted", ["XX-1", "U"])
def test_explain_says_which_findings_there_are(estate: tuple[Place, Cluster], wanted: str) -> None:
    place, cluster = estate
    cluster.server.storage.add(*serving("acme/second", "second"))
    place.scan()
    done = place.gnomon("explain", wanted)
    assert (done.code, done.out) == (2, "")
    assert "begin" in done.err


def test_a_near_miss_that_a_person_links_is_resolved_in_the_next_run(estate: tuple[Place, Cluster]) -> None:
    place, _ = estate
    place.records({"id": "llama", "name": "Llama 3.1 8B Instruct", "state": "deployed", "aliases": []})
    first = place.scan()
    finding = the(first)
    assert [miss["record"] for miss in finding["near_misses"]] == ["llama"]  # type: ignore[attr-defined]
    done = place.gnomon("link", str(finding["id"]), "llama", "--by", "m-governance", "--why", "same weights")
    assert done.code == 0
    assert f"hf:{LLAMA}" in done.out
    second = place.scan()
    assert statuses(second)["unregistered-running"] == "resolved"
    assert any(match["record"] == "llama" and f"hf:{LLAMA}" in match["because"] for match in second["matches"])


def test_explain_looks_for_records_that_look_alike_when_it_is_asked(estate: tuple[Place, Cluster]) -> None:
    """The run found none; since then somebody registered what looks like it."""
    place, _ = estate
    place.records({"id": "other", "name": "fraud-scorer", "state": "deployed"})
    finding = the(place.scan())
    assert finding["near_misses"] == []
    assert "near misses" not in place.gnomon("explain", str(finding["id"])).out
    place.records({"id": "llama", "name": "Llama 3.1 8B Instruct", "state": "deployed"})
    told = place.gnomon("explain", str(finding["id"])).out
    assert "near misses, not acted on" in told
    assert "llama  llama 3 1 8b instruct" in told


@pytest.mark.parametrize(("record", "by"), [("lama", "m-governance"), ("llama", " ")])
def test_a_link_needs_a_record_that_is_there_and_a_name(estate: tuple[Place, Cluster], record: str, by: str) -> None:
    place, _ = estate
    place.records({"id": "llama"})
    finding = the(place.scan())
    done = place.gnomon("link", str(finding["id"]), record, "--by", by, "--why", "same weights")
    assert (done.code, done.out) == (2, "")


def test_a_waiver_silences_and_is_shown(estate: tuple[Place, Cluster]) -> None:
    place, _ = estate
    place.config(SOURCE, more='waivers = "waivers.toml"')
    waivers = place.directory / "waivers.toml"
    waivers.write_text("", "utf-8")
    finding = the(place.scan("--fail-on", "info", code=1))
    text = f'[[waiver]]\nfinding = "{finding["id"]}"\napprover = "m-governance"\nreason = "pilot"\n'
    waivers.write_text(f"{text}expires = 2999-01-31\n", "utf-8")
    report = place.scan("--fail-on", "low")
    assert all(part in str(the(report)["waived_by"]) for part in ("m-governance", "pilot", "2999-01-31"))
    assert "1 waived" in place.gnomon("scan").out
    waivers.write_text(f"{text}expires = 2020-01-31\n", "utf-8")
    assert "waiver-expired" in checks(place.scan("--fail-on", "info", code=1))


@pytest.mark.parametrize("text", ["[[waiver]]\nfinding = 3\n", '[[waiver]]\nfinding = "x"\napprover = "a"\nreason = "r"\n', None])
def test_a_waiver_file_that_cannot_be_read_stops_the_run_before_it_reads_anything(estate: tuple[Place, Cluster], text: str | None) -> None:
    place, cluster = estate
    place.config(SOURCE, more='waivers = "waivers.toml"')
    if text:
        (place.directory / "waivers.toml").write_text(text, "utf-8")
    done = place.gnomon("scan")
    assert done.code == 2
    assert "waivers.toml" in done.err
    assert cluster.requests == []


def test_each_run_is_a_link_of_a_chain(estate: tuple[Place, Cluster]) -> None:
    place, _ = estate
    for _ in range(3):
        assert place.gnomon("scan").code == 0
    output = place.directory / "gnomon-report"
    assert verify_chain(output) == ()
    said = json.loads((output / "run.json").read_text("utf-8"))
    assert said["run"]["sources"][0]["principal"]
    assert set(said["run"]["hashes"]) == {"config", "catalogue", "rules"}
    assert {"report.html", "report.json", "findings.csv"} <= set(said["outputs"])
    assert len(list(output.glob("run-*.json"))) == 2
    (output / "findings.csv").write_text("nothing to see\n", "utf-8")
    assert [(broken.file, broken.what) for broken in verify_chain(output)] == [("findings.csv", "the output was changed after the run")]
