"""Asking the inventory: the documented views on both databases, and no way to write through them."""

import json
import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from scanner.errors import StoreError
from scanner.model import Coverage, Gap, Reason, Scope, Sight, State
from scanner.store import Conclusion, open_store
from scanner.store.views import COLUMNS, ask
from tests import postgres
from tests.place import CLUSTER, Place, running, serving
from tests.report_sample import SAMPLE

RECORDS = (*SAMPLE.records, replace(SAMPLE.records[0], id="MR-\udcff", state=State.APPROVED))
"""One with what a registry's JSON may hold and UTF-8 does not."""
DOCS = Path(__file__).resolve().parents[1] / "docs" / "ask.md"


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A store that holds the sample report; asking changes nothing, so one serves all."""
    if request.param == "sqlite":
        yield filled(f"sqlite:///{tmp_path_factory.mktemp('ask') / 'gnomon.db'}")
    else:
        with postgres.server() as made:
            yield filled(made)


def filled(url: str) -> str:
    coverage = Coverage(
        (Scope("github", "code", Sight.PARTLY, 3, None, "why"),), (Gap("code", "github/acme/x", Reason.DENIED, "403", "grant"),)
    )
    findings = (replace(SAMPLE.findings[0], backlog=True, title="100% of it"), *SAMPLE.findings[1:])
    with open_store(url) as store:
        run = store.begin("config", False, "2026-11-21T03:12:07Z")
        kept = Conclusion(findings, SAMPLE.resolved, SAMPLE.assets, SAMPLE.links, coverage, SAMPLE.trend[-1], {}, records=RECORDS)
        facts = json.dumps(
            {"organisation": "Acme", "versions": {"gnomon": "0.1.0"}, "hashes": {"config": "c", "catalogue": "k", "rules": "r"}}
        )
        store.save(run, replace(kept, facts=facts))
    return url


def rows(url: str, question: str) -> list[tuple[object, ...]]:
    return list(ask(url, None, question).rows)


@pytest.mark.parametrize("view", COLUMNS)
def test_every_view_has_the_documented_columns_and_what_was_kept(url: str, view: str) -> None:
    answer = ask(url, None, f"select * from {view}")
    assert answer.columns == COLUMNS[view]
    wanted = {"assets": len(SAMPLE.assets), "links": len(SAMPLE.links), "records": len(RECORDS), "findings": 19}
    assert len(answer.rows) == wanted.get(view, 1)


def test_values_are_those_of_the_report(url: str) -> None:
    assert rows(url, "select severity, backlog from findings where verdict = 'version-drift'") in ([("medium", 0)], [("medium", False)])
    assert rows(url, "select id from findings where title like '100% of%'") == [("G-003a91",)]
    assert rows(url, "select count(*) from findings where backlog") == [(1,)]
    asset = next(asset for asset in SAMPLE.assets if asset.attributes.get("cluster"))
    assert rows(url, f"select kind, cluster from assets where key = '{asset.key}'") == [(str(asset.kind), asset.attributes["cluster"])]
    assert rows(url, "select path, read, total from coverage") == [("github", 3, None)]
    assert rows(url, "select gnomon, config, rules from runs") == [("0.1.0", "c", "r")]
    ended = "select r.id, r.state from records r where r.state = 'retired' order by 1;"
    assert rows(url, ended) == sorted((one.id, "retired") for one in SAMPLE.records if one.state == "retired")


@pytest.mark.parametrize(
    "question",
    [
        "delete from findings",
        "drop table findings",
        "select 1) as asked; commit; drop table findings; --",
        "select 1 as one) as asked where 1 = 1; delete from findings; select * from (select 1 as one",
        "with gone as (delete from findings returning id) select * from gone",
        "select nonsense from findings",
        "",
        "attach database 'other.db' as other",
        "pragma query_only = off",
    ],
)
def test_nothing_but_a_select_is_asked(url: str, question: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(StoreError, match="one SELECT over"):
        ask(url, None, question)
    assert rows(url, "select count(*) from findings") == [(19,)]
    assert not (tmp_path / "other.db").exists()


def test_asking_changes_nothing_in_the_store(url: str) -> None:
    with open_store(url) as store:
        before = store.previous_findings(), store.ledger.coverage()
    rows(url, "select * from runs")
    with open_store(url) as store:
        assert (store.previous_findings(), store.ledger.coverage()) == before


def test_a_store_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="no store yet"):
        ask(f"sqlite:///{tmp_path / 'none.db'}", None, "select 1")
    assert list(tmp_path.iterdir()) == []


def test_a_store_of_a_newer_version_is_not_asked(tmp_path: Path) -> None:
    url = filled(f"sqlite:///{tmp_path / 'gnomon.db'}")
    with sqlite3.connect(tmp_path / "gnomon.db") as connection:
        connection.execute("update schema_version set version = 999")
    connection.close()
    with pytest.raises(StoreError, match="install a later one"):
        ask(url, None, "select 1")


def test_the_docs_give_every_column_of_every_view() -> None:
    told = dict(re.findall(r"^\| `(\w+)` \| (.*?) \|$", DOCS.read_text("utf-8"), re.MULTILINE))
    assert {view: tuple(re.findall(r"`(\w+)`", columns)) for view, columns in told.items()} == COLUMNS


@pytest.mark.slow
def test_the_commands_ask_show_and_prune(tmp_path: Path) -> None:
    place = Place(tmp_path)
    place.records({"id": "=other", "identifiers": ["hf:acme/other"], "state": "approved"})
    place.config(CLUSTER.format(name="prod-eu"))
    with running(place, serving()):
        place.scan()
    question = "select key, cluster from assets where kind = 'workload'"
    key = "workload:prod-eu/llm/deployment/gateway"
    assert json.loads(place.gnomon("sql", question, "--format", "json").out) == [{"key": key, "cluster": "prod-eu"}]
    assert place.gnomon("sql", question, "--format", "csv").out == f"key,cluster\n{key},prod-eu\n"
    assert place.gnomon("sql", question).out.splitlines()[-1] == "1 row"
    assert "'=other" in place.gnomon("sql", "select id from records", "--format", "csv").out
    wrong = place.gnomon("sql", "select x")
    assert (wrong.code, wrong.out) == (2, "")
    shown = place.gnomon("show", "deployment/gateway").out
    assert [part for part in (key, "needs", "serves", "findings", "unregistered-running", "seen at") if part not in shown] == []
    assert "is in" in place.gnomon("show", "prod-eu").err
    assert "no asset of the last run" in place.gnomon("show", "nothing-like-it").err
    done = place.gnomon("db", "prune")
    assert (done.code, "0 resolved findings are forgotten" in done.out) == (0, True)
    assert json.loads(place.gnomon("sql", question, "--format", "json").out) != []
