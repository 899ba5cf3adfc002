"""MLflow's registry: replies recorded from the real server (tests/mlflow_server.py), and the real server itself where it is installed."""

import tomllib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from connectors.registries.mlflow import Settings
from connectors.registries.sql import Settings as SqlSettings
from scanner.config import Plugin
from scanner.contracts import Network
from scanner.model import ApprovedScope, BaseModel, Reason, Record, State
from scanner.reading import Registries, read
from tests import postgres
from tests.desk import desk
from tests.estate.inference.replayed import Answer
from tests.faults import FAULTS, after, again, status
from tests.mlflow_server import CONFIGURED, SHA, planted, replayed, server
from tests.test_registry_files import documented

STATES = {
    "churn/1": State.DEPLOYED,  # its tag says live
    "churn/2": State.RETIRED,  # Archived
    "fraud/1": State.RETIRED,  # its tag
    "fraud/2": State.DEPLOYED,  # Production
    "fraud/3": State.APPROVED,  # the champion
    "fraud/4": State.PROPOSED,  # nobody says anything
    "planned": State.PROPOSED,  # has no version yet
}
MLFLOW = "mlflow:tracking.acme.example"
LISTINGS = 5
"""Requests of the replayed reading before it is over: two pages of models, three of versions."""


def told(url: str, scratch: Path, *, network: dict[str, Any] | None = None, before: int | None = None, **changes: Any) -> Registries:
    """As a scan reads it."""
    tools = desk(scratch, network=Network(**{"timeout": 0.5, "retries": 0, "max_wait": 1, **(network or {})}))
    settings = Settings(url=url, **{**CONFIGURED, **changes})
    return read([Plugin(type="mlflow", name="mlflow", settings=settings)], tools, lambda _: before)


def by_id(found: Registries) -> dict[str, Record]:
    assert all(record.id.startswith("mlflow/") for record in found.records)
    return {record.id.removeprefix("mlflow/"): record for record in found.records}


def holds(found: Registries) -> None:
    """What stands in the planted registry."""
    records = by_id(found)
    assert {id_: record.state for id_, record in records.items()} == STATES
    assert (found.gaps, found.whole) == ((), True)
    fraud, churn = records["fraud/1"], records["churn/1"]
    assert (fraud.name, fraud.version, fraud.owner, fraud.use_case) == ("fraud", "1", "fraud-team", "payment fraud scoring")
    assert fraud.identifiers == (f"{MLFLOW}/fraud/1", "s3://ml-prod/fraud/1")
    assert churn.identifiers == (f"{MLFLOW}/churn/1", SHA, "hf:acme/churn")
    assert (churn.base_model, churn.extra["source"]) == (BaseModel("hf:org/base", "unknown"), "dbfs:/models/churn")
    assert (churn.owner_person, records["churn/2"].owner_person) == ("growth", "growth-eu")
    assert records["churn/2"].approved_scope == ApprovedScope(clusters=("prod-eu", "prod-us"))
    assert records["planned"].version is None


def logged(found: Registries) -> None:
    """A version that came of a run: its source is resolved by MLflow itself."""
    third = by_id(found)["fraud/3"]
    assert str(third.extra["source"]).startswith("models:/m-") and len(str(third.extra["run_id"])) == 32
    assert third.identifiers[1].startswith("s3://ml-prod/experiments/models/m-") and third.identifiers[1].endswith("/artifacts")


def test_states_identifiers_and_owners_come_of_tags_aliases_and_stages(tmp_path: Path) -> None:
    with replayed() as there:
        found = told(there.url, tmp_path)
    holds(found)
    logged(found)
    first = by_id(found)["fraud/1"]
    assert (first.record_updated, first.where) == ("2026-11-21T08:39:01Z", f"{there.url}/#/models/fraud/versions/1")


def test_an_alias_or_a_stage_means_what_the_config_says(tmp_path: Path) -> None:
    with replayed() as there:
        records = by_id(
            told(there.url, tmp_path, aliases={"champion": "deployed"}, stages={"Archived": "suspended"}, default_state="approved")
        )
    states = [records[id_].state for id_ in ("fraud/3", "churn/2", "fraud/2", "fraud/4", "fraud/1")]
    assert states == [State.DEPLOYED, State.SUSPENDED, State.APPROVED, State.APPROVED, State.RETIRED]


def test_a_word_that_is_no_state_is_named_and_accuses_nobody(tmp_path: Path) -> None:
    with replayed() as there:
        found = told(there.url, tmp_path, states={})
    assert [(gap.scope, gap.reason) for gap in found.gaps] == [("registry/mlflow/churn/1", Reason.PARTIAL)]
    assert by_id(found)["churn/1"].state is State.APPROVED


def test_only_reading_requests_are_sent_and_sources_can_be_left_unasked(tmp_path: Path) -> None:
    with replayed() as there:
        assert len(by_id(told(there.url, tmp_path, sources=False))["fraud/3"].identifiers) == 1
        assert {line.split("?")[0] for line in there.requests} == {
            "GET /api/2.0/mlflow/registered-models/search", "GET /api/2.0/mlflow/model-versions/search",
        }  # fmt: skip


def test_a_workspace_is_asked_for_by_name(tmp_path: Path) -> None:
    def guarded(request: Any, truly: Any) -> Answer | None:
        fits = request.headers.get("X-MLFLOW-WORKSPACE") == "risk"
        return truly(request) if fits else status(404)(request, truly)  # type: ignore[no-any-return]  # a reply either way

    with replayed(guarded) as there:
        holds(told(there.url, tmp_path, workspace="risk"))
        host = there.url.removeprefix("http://")
        assert by_id(told(there.url, tmp_path, workspace="risk", server=""))["fraud/4"].identifiers[0] == f"mlflow:{host}/risk/fraud/4"


@pytest.mark.parametrize("asked", [{"token": "TOKEN"}, {"username": "john", "password": "TOKEN"}])
def test_it_logs_in_with_a_token_or_a_password(tmp_path: Path, asked: dict[str, str]) -> None:
    logins = {"Bearer estate-token", "Basic am9objplc3RhdGUtdG9rZW4="}

    def guarded(request: Any, truly: Any) -> Answer | None:
        known = request.headers.get("Authorization") in logins
        return truly(request) if known else status(401)(request, truly)  # type: ignore[no-any-return]  # a reply either way

    with replayed(guarded) as there:
        holds(told(there.url, tmp_path, **asked))
        assert [gap.reason for gap in told(there.url, tmp_path).gaps] == [Reason.DENIED, Reason.PARTIAL]


@pytest.mark.parametrize("name", FAULTS)
def test_a_listing_that_breaks_off_keeps_what_came_and_is_not_whole(tmp_path: Path, name: str) -> None:
    with replayed(after(3, FAULTS[name].act)) as there:
        found = told(there.url, tmp_path, max_bytes=100_000)
    assert list(by_id(found)) == ["churn/1", "churn/2"]
    assert [(gap.source, gap.scope, gap.reason) for gap in found.gaps] == [("mlflow", "registry/mlflow", FAULTS[name].reason)]
    assert not found.whole and "sk-secret" not in repr(found)


@pytest.mark.parametrize("good", range(LISTINGS))
def test_no_break_at_any_request_looks_whole(tmp_path: Path, good: int) -> None:
    with replayed(after(good, status(500))) as there:
        found = told(there.url, tmp_path)
    assert Reason.UNREACHABLE in {gap.reason for gap in found.gaps} and not found.whole


def test_a_page_token_that_comes_twice_ends_the_reading(tmp_path: Path) -> None:
    with replayed(after(3, again)) as there:
        found = told(there.url, tmp_path)
        assert len(there.requests) == LISTINGS - 1
    assert "came twice" in found.gaps[-1].detail


def test_a_version_whose_place_is_gone_is_named_and_stays(tmp_path: Path) -> None:
    def gone(request: Any, truly: Any) -> Answer | None:
        return status(404)(request, truly) if "get-download-uri" in request.path else truly(request)

    with replayed(gone) as there:
        found = told(there.url, tmp_path)
    assert ([gap.scope for gap in found.gaps], found.whole) == (["registry/mlflow/fraud/3"], False)
    assert by_id(found)["fraud/3"].identifiers == (f"{MLFLOW}/fraud/3",)


def test_an_empty_registry_and_one_a_fifth_shorter_are_not_whole(tmp_path: Path) -> None:
    def empty(_: Any, __: Any) -> Answer:
        return Answer(200, [], b"{}")

    with replayed(empty) as there:
        assert [gap.reason for gap in told(there.url, tmp_path).gaps] == [Reason.PARTIAL]
    with replayed() as there:
        assert [gap.reason for gap in told(there.url, tmp_path, before=9).gaps] == [Reason.SHRUNK]


@pytest.mark.parametrize(
    ("item", "scope"),
    [
        (b'{"version": "1"}', "version 1"),
        (b'{"name": "x", "version": {}}', "version 1"),
        (b'{"name": "x", "version": "1", "tags": 5}', "version 1"),
        (b"7", "version 1"),
        (b'{"name": "", "version": ""}', "/"),
    ],
)
def test_an_item_that_is_not_what_mlflow_documents_is_named(tmp_path: Path, item: bytes, scope: str) -> None:
    def strange(request: Any, truly: Any) -> Answer | None:
        reply = b'{"model_versions": [' + item + b', {"name": "fine", "version": "1", "creation_timestamp": 9e99}]}'
        return Answer(200, [], reply) if "model-versions/search" in request.path else truly(request)

    with replayed(strange) as there:
        found = told(there.url, tmp_path)
    assert "fine/1" in by_id(found) or len(found.gaps) == 2
    assert found.gaps[0].scope == f"registry/mlflow/{scope}".rstrip("/") and not found.whole


QUERY = next(tomllib.loads(each) for each in documented("toml") if "model_version_tags" in each)["registry"][0]


@contextmanager
def database(kind: str, directory: Path) -> Iterator[tuple[str, str]]:
    """The URL for MLflow and the one for us."""
    if kind == "sqlite":
        yield f"sqlite:///{directory}/mlflow.db", f"sqlite:///{directory}/mlflow.db"
        return
    with postgres.server() as url:
        yield url.replace("postgresql://", "postgresql+psycopg2://"), url


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_real_server_and_its_own_tables_say_the_same(tmp_path: Path, kind: str) -> None:
    with database(kind, tmp_path) as (theirs, ours), server(theirs) as url:
        planted(url)
        found = told(url, tmp_path / "scratch", network={"timeout": 30})
        holds(found)
        logged(found)
        settings = SqlSettings(**{**{key: value for key, value in QUERY.items() if key != "type"}, "url": ours, "password": ""})
        by_sql = read([Plugin(type="sql", name="mlflow", settings=settings)], desk(tmp_path / "scratch"), lambda _: None)
    assert by_sql.gaps == ()
    mine: Callable[[Registries], list[Any]] = lambda told: sorted(  # noqa: E731 - the same view of both
        (each.id, each.state, each.owner, each.identifiers[0], each.record_updated) for each in told.records if each.version
    )
    assert mine(by_sql) == mine(found)
