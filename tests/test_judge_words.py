"""Findings in words that a person can act on."""

import pytest

from scanner.judge.said import model_name, place_name
from scanner.model import Asset, Kind


@pytest.mark.parametrize(
    ("key", "kind", "said"),
    [
        ("model:acme/payments:openai/gpt-4o", Kind.MODEL, "in acme/payments"),
        ("model:ghe.acme.io/a/b:openai/gpt-4o", Kind.MODEL, "in ghe.acme.io/a/b"),
        ("model:workload:eu/llm/deployment/gateway:openai/gpt-4o", Kind.MODEL, "in the deployment gateway (eu/llm)"),
        ("model:endpoint:http://10.0.0.7:8000:openai/gpt-4o", Kind.MODEL, "at http://10.0.0.7:8000"),
        ("model:acme/odd", Kind.MODEL, "in acme/odd"),
        ("repo:acme/payments", Kind.REPOSITORY, "in acme/payments"),
        ("workload:arn:aws:x", Kind.WORKLOAD, "in arn:aws:x"),
        ("endpoint:https://a.example:8443/v1", Kind.ENDPOINT, "at https://a.example:8443/v1"),
        ("artifact:s3://ml/m.safetensors", Kind.ARTIFACT, "in s3://ml/m.safetensors"),
        ("artifact:acme/payments:m.onnx", Kind.ARTIFACT, "in acme/payments:m.onnx"),
    ],
)
def test_a_place_is_named_by_where_a_person_finds_it(key: str, kind: Kind, said: str) -> None:
    assert place_name(Asset(key, kind, (), {"provider": "openai"}, ())) == said


def test_a_stored_model_is_not_named_twice() -> None:
    weights = Asset("artifact:s3://ml/fraud/m.safetensors", Kind.ARTIFACT, (), {}, ())
    assert f"{model_name(weights)} is stored {place_name(weights)}" == "m.safetensors is stored in s3://ml/fraud/m.safetensors"
