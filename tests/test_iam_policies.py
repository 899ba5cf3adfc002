"""IAM's documents, read as names: trust policies, policies, and from where a secret can be had. Tables in tests/fixtures/iam."""

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest

from connectors.iam import Settings
from connectors.iam.directory import Directory, Principal, Readers
from connectors.iam.identities import Scope, identities
from connectors.iam.policies import allowed, statements
from connectors.iam.trust import trusts
from connectors.iam.usable import usable_from
from scanner.model import Gap
from tests.aws_kit import links

FIXTURES = Path(__file__).parent / "fixtures/iam"
TRUSTS = tomllib.loads((FIXTURES / "trusts.toml").read_text("utf-8"))["trust"]
GRANTS = tomllib.loads((FIXTURES / "grants.toml").read_text("utf-8"))["grant"]


def principal(document: object = None, *, trust: object = None, arn: str = "arn:aws:iam::111122223333:role/r") -> Principal:
    detail = {"RoleName": "r", "Arn": arn} if ":role/" in arn else {"UserName": "u", "Arn": arn}
    return Principal(arn, arn.rpartition("/")[2], detail, statements([document]), (), trusts(trust), ())


@pytest.mark.parametrize("case", TRUSTS, ids=[case["why"] for case in TRUSTS])
def test_a_trust_policy_names_who_may_become_the_role(case: dict[str, Any]) -> None:
    found = trusts(json.loads(case["document"]))
    assert [trust.name for trust in found] == case["names"]
    assert [trust.source for trust in found if trust.source] == case.get("sources", [])


@pytest.mark.parametrize("case", GRANTS, ids=[case["why"] for case in GRANTS])
def test_a_policy_says_which_ai_may_be_invoked(case: dict[str, Any]) -> None:
    here = Scope("iam", "111122223333", "aws/111122223333/iam", Settings(), tuple(case.get("seen", ())))
    directory = Directory((principal(json.loads(case["document"])),))
    told = [one for one in identities(directory, here, frozenset()) if not isinstance(one, Gap)]
    assert [target for _, _, target in links(told, "invokes")] == case["invokes"]
    assert [target for _, _, target in links(told, "loads")] == case.get("loads", [])


def test_a_boundary_narrows_what_a_policy_allows() -> None:
    everything = statements([{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}])
    only_s3 = statements([{"Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}}])
    assert allowed(everything, only_s3, "bedrock:InvokeModel") == frozenset()
    assert allowed(everything, only_s3, "s3:GetObject") == {"*"}
    assert allowed(everything, (), "bedrock:InvokeModel") == {"*"}


@pytest.mark.parametrize("pattern", ["[a-z]*", "*" * 300 + "x", "?" * 200])
def test_a_hostile_pattern_is_text_and_costs_nothing(pattern: str) -> None:
    rows = statements([{"Statement": {"Effect": "Allow", "Action": f"bedrock:{pattern}", "Resource": "*"}}])
    assert allowed(rows, (), "bedrock:InvokeModel") == frozenset()


def service(name: str) -> dict[str, Any]:
    return {"Statement": [{"Effect": "Allow", "Principal": {"Service": name}, "Action": "sts:AssumeRole"}]}


IRSA = json.loads(next(case["document"] for case in TRUSTS if "IRSA" in case["why"]))
EVERYBODY = {"Statement": [{"Effect": "Allow", "Principal": {"AWS": "444455556666"}, "Action": "sts:AssumeRole"}]}


@pytest.mark.parametrize(
    ("readers", "shared", "scopes"),
    [
        ([principal(trust=service("lambda.amazonaws.com"))], False, ("aws/1/lambda",)),
        ([principal(trust=service("lambda.amazonaws.com"))], True, ("*",)),
        ([principal(trust=service("ecs-tasks.amazonaws.com")), principal(trust=IRSA)], False, ("aws/1/ecs", "kubernetes")),
        ([principal(trust=service("lambda.amazonaws.com")), principal(trust=EVERYBODY)], False, ("*",)),
        ([principal(trust=service("brand-new.amazonaws.com"))], False, ("*",)),
        ([principal(arn="arn:aws:iam::111122223333:user/ann")], False, ("*",)),
        ([principal(trust={})], False, ("*",)),
        ([], False, ("*",)),
        (None, False, ("*",)),
    ],
)
def test_a_secret_is_bound_to_places_only_where_every_reader_is(
    readers: list[Principal] | None, shared: bool, scopes: tuple[str, ...]
) -> None:
    assert usable_from("1", None if readers is None else Readers((), tuple(readers)), lambda: shared) == scopes
