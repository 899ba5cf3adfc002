"""Bad input by the command itself: a clear sentence, and nothing lost."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.estate.github import GitHub, Organisation, Repository, github
from tests.estate.kubernetes import Cluster
from tests.place import CLUSTER, CODE, LLAMA, Place, checks, gaps, running, serving, statuses

OTHER = {"id": "other", "identifiers": ["hf:acme/other"], "state": "approved"}
KNOWN = {"id": "llama", "identifiers": [f"hf:{LLAMA}"]}
SOURCE = CLUSTER.format(name="prod-eu")
FOLDER = '[[source]]\ntype = "folder"\npath = "code"\n'
GITHUB = '[[source]]\ntype = "github"\norganisation = "acme"\napi_url = "{}"\nhost = "github.com"\ntoken = "ACME_TOKEN"\n'
ACME = Organisation("acme", tuple(Repository(name, {"app.py": CODE.encode()}) for name in ("payments", "search")))


@pytest.fixture
def place(tmp_path: Path) -> Place:
    made = Place(tmp_path / "place")
    made.repository("local", {"app.py": CODE})
    made.records(OTHER)
    return made


@pytest.fixture
def estate(place: Place) -> Iterator[tuple[Place, Cluster]]:
    with running(place, serving()) as cluster:
        place.config(SOURCE)
        yield place, cluster


@pytest.fixture(scope="module")
def acme(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GitHub]:
    with github([ACME], tmp_path_factory.mktemp("acme")) as made:
        yield made


# Tokens.


@pytest.mark.slow
def test_a_token_that_is_not_set_is_named_before_anything_is_read(place: Place, acme: GitHub) -> None:
    place.config(GITHUB.format(acme.api_url), FOLDER)
    place.environment = {"ACME_TOKEN": ""}
    done = place.gnomon("scan")
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("gnomon: the variable ACME_TOKEN is not set")
    assert not (place.directory / "gnomon-report" / "report.json").exists()


@pytest.mark.slow
def test_an_expired_token_is_a_gap_and_the_other_sources_are_read(place: Place, acme: GitHub) -> None:
    place.config(GITHUB.format(acme.api_url), FOLDER)
    place.environment = {"ACME_TOKEN": acme.token}
    assert checks(place.scan()) == ["unregistered-coded"] * 3
    place.environment = {"ACME_TOKEN": "expired"}
    report = place.scan("--fail-on-gaps", code=3)
    assert [gap["remedy"] for gap in report["gaps"] if gap["reason"] == "denied"] == [
        "it expired, was revoked, or belongs to another server: make a new one"
    ]
    assert sorted(row["status"] for row in report["findings"] if row["check"] == "unregistered-coded") == [
        "lost-from-sight",
        "lost-from-sight",
        "ongoing",
    ]
    assert report["resolved"] == []


@pytest.mark.slow
def test_an_organisation_is_read_by_its_name_and_a_token_from_the_environment(place: Place, acme: GitHub) -> None:
    place.config(GITHUB.format(acme.api_url), FOLDER)
    place.environment = {"ACME_TOKEN": acme.token}
    report = place.scan("--org", "ACME", "-c", "gnomon.toml")
    assert {source["type"] for source in report["run"]["sources"]} == {"github"}
    assert report["run"]["partial"] is True
    assert checks(report) == ["unregistered-coded"] * 2


def test_the_token_of_the_environment_serves_any_organisation() -> None:
    from scanner.request import asked, narrowed

    wanted = narrowed(None, asked("acme", None, None, (), "", ""), {"GH_TOKEN": "x"})
    settings = wanted.config.source[0].settings
    assert (settings.organisation, settings.token) == ("acme", "GH_TOKEN")  # type: ignore[attr-defined]  # github's own
    assert wanted.partial


# Registries.


def broken(place: Place) -> None:
    (place.directory / "registry" / "broken.json").write_text('{"id": ', "utf-8")


def nameless(place: Place) -> None:
    (place.directory / "registry" / "odd.json").write_text('[{"state": "approved"}]', "utf-8")


def empty(place: Place) -> None:
    place.records()


def absent(place: Place) -> None:
    (place.directory / "registry").rename(place.directory / "away")


def shorter(place: Place) -> None:
    place.records(*({**OTHER, "id": f"r{number}"} for number in range(7)))


@pytest.mark.parametrize("trouble", [broken, nameless, empty, absent, shorter], ids=lambda each: each.__name__)
def test_a_registry_that_was_not_read_whole_opens_and_resolves_nothing(estate: tuple[Place, Cluster], trouble: Any) -> None:
    place, cluster = estate
    place.records(*({**OTHER, "id": f"r{number}"} for number in range(10)))
    assert statuses(place.scan())["unregistered-running"] == "new"
    trouble(place)
    cluster.server.storage.add(*serving("acme/second", "second"))
    report = place.scan("--fail-on-gaps", code=3)
    assert [scope for scope, _ in gaps(report)][-1:] != []
    assert any(gap["scope"].startswith("registry/files") and gap["detail"] for gap in report["gaps"])
    shown = [(row["status"], row["asset"]) for row in report["findings"] if row["check"].startswith("unregistered")]
    assert shown == [("lost-from-sight", "workload:prod-eu/llm/deployment/gateway")]
    assert report["resolved"] == []


def test_a_registry_back_whole_goes_on_where_it_was(estate: tuple[Place, Cluster]) -> None:
    place, _ = estate
    place.scan()
    absent(place)
    assert statuses(place.scan())["unregistered-running"] == "lost-from-sight"
    (place.directory / "away").rename(place.directory / "registry")
    assert statuses(place.scan())["unregistered-running"] == "ongoing"


def test_a_registry_that_really_shrank_is_believed_the_second_time(estate: tuple[Place, Cluster]) -> None:
    place, _ = estate
    place.records(*({**OTHER, "id": f"r{number}"} for number in range(10)))
    place.scan()
    shorter(place)
    assert any(reason == "listing-shrank" for _, reason in gaps(place.scan()))
    report = place.scan()
    assert not any(reason == "listing-shrank" for _, reason in gaps(report))
    assert statuses(report)["unregistered-running"] == "ongoing"


def test_a_broken_record_still_matches_by_what_is_readable_of_it(estate: tuple[Place, Cluster]) -> None:
    place, _ = estate
    place.records({**KNOWN, "review_due": "next tuesday"})
    report = place.scan()
    assert "unregistered-running" not in checks(report)
    broken = next(row for row in report["findings"] if row["check"] == "incomplete-record")
    assert "review due" in broken["title"]
    assert broken["evidence"][0]["where"] == "registry/records.json:1"


# Sources.


@pytest.mark.parametrize(
    "fault",
    [
        {"status": 401}, {"status": 403}, {"status": 404}, {"status": 410}, {"status": 429}, {"status": 500},
        {"body": b"<html>garbage"}, {"body": b""}, {"half": True}, {"hang": True},
    ],
    ids=str,
)  # fmt: skip
def test_whatever_a_source_answers_nothing_is_resolved_and_others_are_read(estate: tuple[Place, Cluster], fault: dict[str, Any]) -> None:
    place, cluster = estate
    place.config(SOURCE, FOLDER)
    text = (place.directory / "gnomon.toml").read_text("utf-8").replace("timeout = 5", "timeout = 1")
    (place.directory / "gnomon.toml").write_text(text, "utf-8")
    assert sorted(statuses(place.scan())) == ["unregistered-coded", "unregistered-running"]
    cluster.fail("/(apis?|version)", **fault)
    report = place.scan()
    assert statuses(report) == {"unregistered-coded": "ongoing", "unregistered-running": "lost-from-sight"}
    assert any(scope.startswith("kubernetes/prod-eu") for scope, _ in gaps(report, "skipped-by-config"))


def test_a_listing_much_shorter_than_last_time_is_believed_the_second_time(place: Place) -> None:
    for number in range(12):
        place.repository(f"r{number:02}", {"app.py": CODE})
    place.config(FOLDER)
    assert len(checks(place.scan())) == 13
    for number in range(9):
        (place.directory / "code" / f"r{number:02}").rename(place.directory / f"r{number:02}")
    short = place.scan()
    assert ("listing-shrank" in [reason for _, reason in gaps(short)], short["resolved"]) == (True, [])
    assert [row["status"] for row in short["findings"]].count("lost-from-sight") == 9
    assert [row["status"] for row in place.scan()["resolved"] if row["check"] != "blind-spot"] == ["resolved"] * 9
