"""A SageMaker container's fields to the one subject of a verdict: the table in tests/fixtures/sagemaker."""

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest

from connectors.sagemaker.containers import Host, Named, shown
from tests.aws_kit import assets, links, sighted

CONTAINERS = tomllib.loads((Path(__file__).parent / "fixtures/sagemaker/containers.toml").read_text("utf-8"))["container"]
HOST = Host("endpoint:e", {"region": "eu-west-1"})
MODEL = Named("arn:aws:sagemaker:eu-west-1:111122223333:model/m", "m")


@pytest.mark.parametrize("case", CONTAINERS, ids=[case["why"] for case in CONTAINERS])
def test_a_container_tells_its_one_subject(case: dict[str, Any]) -> None:
    told = list(shown(HOST, MODEL, [json.loads(case["reply"])]))
    assert [target for _, _, target in links(told, "serves")] == [f"model:endpoint:e:{name}" for name in case.get("serves", [])]
    assert [target for _, _, target in links(told, "loads")] == case.get("loads", [])
    subjects = [*assets(told, "model:"), *assets(told, "artifact:")]
    assert list(sighted(told, subjects[0]).identifiers if subjects else []) == case.get("named", [])


def test_no_value_of_an_environment_is_kept_unless_the_catalogue_names_the_field() -> None:
    container = {
        "Image": "own:1",
        "Environment": {"HF_MODEL_ID": "google/flan-t5-base", "API_KEY": "planted-secret", "NOTE": "planted-note"},
    }
    told = repr(list(shown(HOST, MODEL, [container])))
    assert "flan-t5-base" in told and "planted" not in told


def test_two_containers_of_one_model_are_never_welded_together_by_its_arn() -> None:
    told = list(
        shown(HOST, MODEL, [{"Image": "a:1", "ModelDataUrl": "s3://b/one.tar.gz"}, {"Image": "b:1", "ModelDataUrl": "s3://b/two.tar.gz"}])
    )
    assert sighted(told, "artifact:s3://b/one.tar.gz").identifiers == ("s3://b/one.tar.gz",)
    assert sighted(told, "artifact:s3://b/two.tar.gz").identifiers == ("s3://b/two.tar.gz",)
