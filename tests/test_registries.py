"""Several registries at once, and what a scan makes of one that cannot be read: the whole command, over registries of every type."""

import json
import re
import sqlite3
import tomllib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path

import pytest

from scanner import config
from tests.catalogue import Catalogue, asset, catalogue
from tests.estate import aws_plant as plant
from tests.estate.aws import aws
from tests.faults import after, status
from tests.mlflow_server import replayed
from tests.place import CODE, QWEN, Place, checks, gaps
from tests.test_registry_files import documented

FOLDER = '[[source]]\ntype = "folder"\npath = "code"\n'
REST = """[[registry]]
type = "rest"
url = "{url}"
token = "TOKEN"
path = "assets"
items = "results"
fields = {{ id = "id", name = "displayName", state = "status.name", identifiers = "identifiers" }}
states = {{ Accepted = "approved", Live = "deployed", Archived = "retired" }}
paging = {{ how = "offset", parameter = "offset" }}
"""
SQL = """[[registry]]
type = "sql"
url = "sqlite:///{path}"
query = "SELECT name, state, identifiers FROM models"
"""
MLFLOW = '[[registry]]\ntype = "mlflow"\nurl = "{url}"\npage_size = 2\nstates = {{ live = "deployed" }}\n'
SAGEMAKER = """[[registry]]
type = "sagemaker"
endpoint_url = "{url}"
regions = ["eu-west-1"]
access_key_env = "TOKEN"
secret_key_env = "TOKEN"
"""


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """One repository that loads a model."""
    made = Place(tmp_path / "a place")
    made.repository("payments", {"app.py": CODE})
    made.environment["TOKEN"] = "estate-token"
    return made


def table(place: Place, *rows: tuple[str, str, str]) -> str:
    """The registry in a SQLite file."""
    path = place.directory / "models.sqlite"
    with closing(sqlite3.connect(path)) as made:
        made.execute("CREATE TABLE models (name TEXT, state TEXT, identifiers TEXT)")
        made.executemany("INSERT INTO models VALUES (?, ?, ?)", rows)
        made.commit()
    return SQL.format(path=path)


def test_two_registries_of_two_types_that_disagree_are_a_conflict_and_the_stricter_judges(place: Place) -> None:
    listed = asset(1, "Accepted", identifiers=[f"hf:{QWEN}"])
    with catalogue(Catalogue(assets=(listed, asset(2)))) as server:
        place.config(FOLDER, REST.format(url=server.url), table(place, ("qwen", "retired", f"hf:{QWEN}")), registry=False)
        report = place.scan()
    found = {row["check"]: row for row in report["findings"]}
    assert {"records-conflict", "retired-remnant"} <= set(found)
    assert found["records-conflict"]["because"] == "rest says approved, sql says retired"
    assert "unregistered-coded" not in found
    assert [gap for gap in gaps(report) if gap[0].startswith("registry/")] == []


def test_one_id_in_two_registries_for_two_models_mixes_nothing_up(place: Place) -> None:
    place.records({"id": "17", "identifiers": [f"hf:{QWEN}"], "state": "approved"})
    place.records({"id": "17", "name": "other", "identifiers": ["hf:acme/other"], "state": "retired"}, file="second/records.json")
    place.config(FOLDER, '[[registry]]\ntype = "files"\nname = "second"\npath = "second"\n')
    report = place.scan()
    assert [check for check in checks(report) if check in ("records-conflict", "retired-remnant", "unregistered-coded")] == []
    assert sorted(row["id"] for row in report["records"]) == ["17", "files/17"], "the later registry, in the order of the config"


def test_two_registries_of_two_types_that_agree_are_none(place: Place) -> None:
    listed = asset(1, "Accepted", identifiers=[f"hf:{QWEN}"])
    with catalogue(Catalogue(assets=(listed,))) as server:
        place.config(FOLDER, REST.format(url=server.url), table(place, ("qwen", "approved", f"hf:{QWEN}")), registry=False)
        report = place.scan()
    assert not {"records-conflict", "unregistered-coded"} & set(checks(report))


@contextmanager
def by_rest(place: Place, good: bool) -> Iterator[str]:
    with catalogue(Catalogue(), None if good else after(1, status(500))) as server:
        yield REST.format(url=server.url)


@contextmanager
def by_mlflow(place: Place, good: bool) -> Iterator[str]:
    with replayed(None if good else after(3, status(500))) as server:
        yield MLFLOW.format(url=server.url)


@contextmanager
def by_sql(place: Place, good: bool) -> Iterator[str]:
    told = table(place, ("other", "approved", "hf:acme/other"))
    yield told if good else told.replace("SELECT name", "SELECT nothing")


@contextmanager
def by_sagemaker(place: Place, good: bool) -> Iterator[str]:
    with aws() as server:
        for number in (1, 2):
            plant.package(server, "fraud", artifact=f"s3://ml-prod/fraud/{number}/model.tar.gz")
        if not good:
            server.fail("DescribeModelPackage", "ValidationException", message="Could not find model package", times=1)
        yield SAGEMAKER.format(url=server.url)


Way = Callable[[Place, bool], AbstractContextManager[str]]
WAYS = [
    pytest.param(by_rest, id="rest"),
    pytest.param(by_mlflow, id="mlflow"),
    pytest.param(by_sql, id="sql"),
    pytest.param(by_sagemaker, id="sagemaker", marks=pytest.mark.slow),
]


@pytest.mark.parametrize("way", WAYS)
def test_a_registry_that_was_read_whole_opens_what_it_does_not_list(place: Place, way: Way) -> None:
    with way(place, True) as told:
        place.config(FOLDER, told, registry=False)
        report = place.scan()
    assert "unregistered-coded" in checks(report)


@pytest.mark.parametrize("way", WAYS)
def test_nothing_is_called_unregistered_while_a_registry_was_not_read_whole(place: Place, way: Way) -> None:
    place.records({"id": "other", "identifiers": ["hf:acme/other"], "state": "approved"})
    with way(place, False) as told:
        place.config(FOLDER, told)
        report = place.scan()
    assert [check for check in checks(report) if check.startswith("unregistered")] == []
    assert [scope for scope, _ in gaps(report) if scope.startswith("registry/")]
    assert {row["id"] for row in report["records"]} >= {"other"}, "the registry that was read still counts"


def test_a_registry_that_fails_resolves_nothing(place: Place) -> None:
    with by_rest(place, True) as told:
        place.config(FOLDER, told, registry=False)
        assert "unregistered-coded" in checks(place.scan())
    with by_rest(place, False) as told:
        place.config(FOLDER, told, registry=False)
        report = place.scan()
    assert [row["check"] for row in report["resolved"]] == []


def test_every_documented_registry_is_a_config_that_loads(tmp_path: Path) -> None:
    blocks = [block for block in documented("toml") if "[[registry]]" in block]
    for block in blocks:
        path = tmp_path / "gnomon.toml"
        path.write_text(block, "utf-8")
        (loaded,) = config.load(path).registry
        assert loaded.type == tomllib.loads(block)["registry"][0]["type"]
    assert {match for block in blocks for match in re.findall(r'type = "(\w+)"', block)} == {"files", "mlflow", "rest", "sagemaker", "sql"}


def test_no_secret_reaches_a_report(place: Place) -> None:
    place.environment["TOKEN"] = "estate-token"
    with by_rest(place, False) as told:
        place.config(FOLDER, told, registry=False)
        report = place.scan()
    assert "estate-token" not in json.dumps(report)
