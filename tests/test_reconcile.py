"""Matching: the surest matcher first; a name in another account, or one that merely looks alike, never matches."""

from typing import Any

import pytest

from scanner.model import ApprovedScope, Match, Observation, Record, Relation, State
from tests.made import ARTIFACT, DIGEST, MODEL, REPO, WORKLOAD, audited, link, record, seen, sheet, workload

REV, OTHER = "a" * 40, "b" * 40
SERVED = f"model:{WORKLOAD}:huggingface/org/m"
HERE = ApprovedScope(clusters=("prod-eu",))


def matched(*identifiers: str, records: list[Record], **told: Any) -> list[tuple[str, str]]:
    """What a served model with these identifiers matches, and why."""
    estate = audited(sheet(workload(**told), seen(SERVED, *identifiers), link(WORKLOAD, Relation.SERVES, SERVED)), records=records)
    return [(match.record, match.because) for match in estate.matches]


@pytest.mark.parametrize(
    ("identifier", "how"),
    [
        (DIGEST, "strong"),
        ("arn:aws:sagemaker:eu-west-1:1:model/x", "strong"),
        (f"hf:org/m@{REV}", "strong"),
        ("mlflow:tracking.acme.example/fraud/3", "strong"),
        (f"oci:ghcr.io/acme/x@{DIGEST}", "strong"),
        ("s3:ml-prod/fraud/m.onnx@v1", "strong"),
        ("api:openai/gpt-x", "pinned"),
        ("s3://ml-prod/fraud/m.onnx", "pinned"),
        ("hf:org/m", "weak"),
        ("hf:org/m@main", "weak"),
        ("ollama:llama3:latest", "weak"),
        ("mlflow:tracking.acme.example/fraud", "weak"),
    ],
)
def test_word_for_word(identifier: str, how: str) -> None:
    assert matched(identifier, records=[record("fraud", State.DEPLOYED, identifier)]) == [("fraud", f"{how} {identifier}")]


@pytest.mark.parametrize("identifier", ["hf:org/m", "api:openai/gpt-x", DIGEST, "name:fraud", "s3://ml/x"])
def test_what_is_not_listed_does_not_match(identifier: str) -> None:
    assert matched(identifier, records=[record("other", State.DEPLOYED, "hf:org/other", name="fraud-scorer")]) == []


def test_the_surest_matcher_of_a_registry_is_the_one_that_counts() -> None:
    records = [record("bytes", State.DEPLOYED, DIGEST), record("name", State.RETIRED, "hf:org/m")]
    assert matched("hf:org/m", DIGEST, records=records) == [("bytes", f"strong {DIGEST}")]


def test_each_registry_gives_its_own_surest() -> None:
    records = [record("bytes", State.DEPLOYED, DIGEST), record("name", State.RETIRED, "hf:org/m", registry="second")]
    assert {each for each, _ in matched("hf:org/m", DIGEST, records=records)} == {"bytes", "name"}


def test_what_a_person_linked_comes_before_a_name() -> None:
    told = sheet(workload(), seen(SERVED, "hf:org/m"), link(WORKLOAD, Relation.SERVES, SERVED))
    records = [record("said", State.DEPLOYED, DIGEST), record("name", State.RETIRED, "hf:org/m")]
    estate = audited(told, records=records, linked={"said": ("hf:org/m",), "no-such-record": ("hf:org/m",)})
    assert estate.matches == [Match(SERVED, "said", "linked hf:org/m", strong=False)]


@pytest.mark.parametrize(("cluster", "found"), [("prod-eu", True), ("prod-us", False)])
def test_a_weak_identifier_matches_in_scope_alone(cluster: str, found: bool) -> None:
    records = [record("fraud", State.DEPLOYED, "hf:org/m", approved_scope=HERE)]
    assert bool(matched("hf:org/m", records=records, cluster=cluster)) is found


def test_a_strong_identifier_matches_anywhere_and_drifts() -> None:
    told = sheet(workload(cluster="prod-us"), seen(SERVED, DIGEST), link(WORKLOAD, Relation.SERVES, SERVED))
    finding = audited(told, records=[record("fraud", State.DEPLOYED, DIGEST, approved_scope=HERE)]).one("scope-drift")
    assert "clusters prod-us, allowed prod-eu" in finding.title


@pytest.mark.parametrize(
    ("scope", "told", "found"),
    [
        (ApprovedScope(), {}, False),  # a bare name, and nothing says where it may be
        (HERE, {}, True),
        (HERE, {"cluster": None}, False),  # nothing says where it is
        (HERE, {"cluster": "prod-us"}, False),
        (ApprovedScope(accounts=("1",)), {"account": "2"}, False),  # the same name in another account
        (ApprovedScope(accounts=("1",)), {"account": "1"}, True),
    ],
)
def test_a_bare_name_has_to_be_known_to_be_in_scope(scope: ApprovedScope, told: dict[str, Any], found: bool) -> None:
    assert bool(matched("name:fraud", records=[record("fraud", State.DEPLOYED, approved_scope=scope)], **told)) is found


def test_an_alias_is_a_name_or_an_identifier() -> None:
    records = [record("fraud", State.DEPLOYED, aliases=("fraud-scorer", "ollama:fraud:latest"), approved_scope=HERE)]
    assert matched("name:fraud-scorer", records=records) == [("fraud", "weak name:fraud-scorer")]
    assert matched("ollama:fraud:latest", records=records) == [("fraud", "weak ollama:fraud:latest")]


def drifts(*identifiers: str, records: list[Record], **told: Any) -> list[str]:
    estate = audited(sheet(workload(), seen(SERVED, *identifiers, **told), link(WORKLOAD, Relation.SERVES, SERVED)), records=records)
    return [check for check, *_ in estate.rows()]


@pytest.mark.parametrize(
    ("runs", "listed", "verdict"),
    [
        ((f"hf:org/m@{REV}",), (f"hf:org/m@{REV}",), []),
        ((f"hf:org/m@{REV}", "hf:org/m"), (f"hf:org/m@{OTHER}",), ["version-drift"]),
        ((f"hf:org/m@{REV}", "hf:org/m"), (f"hf:org/m@{OTHER}", "hf:org/m"), ["version-drift"]),
        (("hf:org/m",), (f"hf:org/m@{REV}",), ["version-unknown"]),
        (("hf:org/m",), ("hf:org/m",), ["version-unknown"]),
        (("mlflow:t/fraud/5", "mlflow:t/fraud"), ("mlflow:t/fraud/3",), ["version-drift"]),
        (("s3://ml/m.onnx", "sha256:" + "1" * 64), ("s3://ml/m.onnx", "sha256:" + "2" * 64), ["version-drift"]),
        (("s3://ml/m.onnx", "md5:1:9"), ("s3://ml/m.onnx", "sha256:" + "2" * 64), []),
        (("s3://ml/m.onnx",), ("s3://ml/m.onnx",), []),
        (("api:openai/gpt-x",), ("api:openai/gpt-x",), []),
    ],
)
def test_version_drift(runs: tuple[str, ...], listed: tuple[str, ...], verdict: list[str]) -> None:
    assert drifts(*runs, records=[record("fraud", State.DEPLOYED, *listed)]) == verdict


def test_a_version_that_the_model_names_in_the_records_notation() -> None:
    approved = [record("fraud", State.DEPLOYED, "hf:org/m", version="2.0")]
    assert drifts("hf:org/m", records=approved, version="2.0") == []
    assert drifts("hf:org/m", records=approved, version="1.4") == ["version-drift"]
    assert drifts("hf:org/m", records=approved, revision="main") == ["version-unknown"]


def test_the_version_of_the_server_is_not_that_of_the_model() -> None:
    told = sheet(workload(version="0.8.4"), seen(SERVED, "hf:org/m"), link(WORKLOAD, Relation.SERVES, SERVED))
    assert audited(told, records=[record("fraud", State.DEPLOYED, "hf:org/m", version="2.0")]).rows() == [
        ("version-unknown", WORKLOAD, "fraud")
    ]


def test_another_version_of_a_retired_model_is_not_called_retired() -> None:
    retired = [record("fraud", State.RETIRED, f"hf:org/m@{OTHER}")]
    assert drifts(f"hf:org/m@{REV}", "hf:org/m", records=retired) == ["unregistered-running"]
    assert drifts("hf:org/m", records=retired) == ["unregistered-running"]


def test_of_two_versions_with_one_name_the_fitting_one_judges_and_else_the_favourable() -> None:
    records = [
        record("fraud-1", State.RETIRED, "hf:org/m", name="fraud", version="1.0"),
        record("fraud-2", State.DEPLOYED, "hf:org/m", name="fraud", version="2.0"),
    ]
    assert drifts("hf:org/m", records=records, version="2.0") == []
    assert "retired-but-running" in drifts("hf:org/m", records=records, version="1.0")
    assert drifts("hf:org/m", records=records) == ["version-unknown"]


def test_a_served_name_that_hides_another_model_is_drift() -> None:
    approved = [record("fraud", State.DEPLOYED, "name:gpt-4", approved_scope=HERE)]
    assert drifts("name:gpt-4", records=approved, served_id="gpt-4", root="org/other") == ["version-drift"]
    listed = [record("fraud", State.DEPLOYED, "name:gpt-4", "hf:org/other", approved_scope=HERE)]
    assert "version-drift" not in drifts("name:gpt-4", records=listed, served_id="gpt-4", root="org/other")


def test_an_adapter_on_a_registered_base_drifts() -> None:
    adapter = f"model:{WORKLOAD}:huggingface/acme/lora"
    told = (workload(), seen(SERVED, f"hf:org/m@{REV}"), link(WORKLOAD, Relation.SERVES, SERVED))
    lora = (seen(adapter, "name:lora"), link(WORKLOAD, Relation.SERVES, adapter), link(adapter, Relation.DERIVES, SERVED))
    base = record("base", State.DEPLOYED, f"hf:org/m@{REV}")
    assert audited(sheet(*told, *lora), records=[base]).rows() == [("adapter-drift", WORKLOAD, None)]
    own = record("lora", State.DEPLOYED, "name:lora", approved_scope=HERE, version=None)
    assert "adapter-drift" not in [check for check, *_ in audited(sheet(*told, *lora), records=[base, own]).rows()]


@pytest.mark.parametrize(
    ("states", "verdict", "says"),
    [
        ((State.DEPLOYED, State.RETIRED), ["records-conflict", "retired-but-running"], "files says deployed, second says retired"),
        ((State.APPROVED, State.REJECTED), ["records-conflict", "rejected-but-running"], "files says approved, second says rejected"),
        ((State.DEPLOYED, State.DEPLOYED), [], ""),
    ],
)
def test_where_two_registries_disagree_the_stricter_judges(states: tuple[State, State], verdict: list[str], says: str) -> None:
    records = [record("one", states[0]), record("two", states[1], registry="second")]
    told = sheet(workload(), seen(ARTIFACT, DIGEST), link(WORKLOAD, Relation.LOADS, ARTIFACT))
    estate = audited(told, records=records)
    assert [check for check, *_ in estate.rows()] == verdict
    assert not verdict or says in estate.one("records-conflict").title


def test_two_registries_may_use_one_id() -> None:
    records = [record("fraud", State.DEPLOYED), record("fraud", State.RETIRED, registry="second")]
    told = sheet(workload(), seen(ARTIFACT, DIGEST), link(WORKLOAD, Relation.LOADS, ARTIFACT))
    assert [check for check, *_ in audited(told, records=records).rows()] == ["records-conflict", "retired-but-running"]


def image(*told: Observation) -> tuple[Observation, ...]:
    digest = f"oci:ghcr.io/acme/fraud@{DIGEST}"
    return (workload(server="triton", image_digests=(digest,)), *told)


def test_a_workload_whose_model_nobody_knows_matches_by_its_image_or_its_repository() -> None:
    by_image = [record("fraud", State.DEPLOYED, f"oci:ghcr.io/acme/fraud@{DIGEST}")]
    assert audited(sheet(*image()), records=by_image).rows() == []
    code = (seen(REPO), seen("sdk:acme/payments:openai"), link(REPO, Relation.USES, "sdk:acme/payments:openai"))
    ours = (workload(), *code, link(WORKLOAD, Relation.RUNS, "image:x"), link(REPO, Relation.BUILDS, "image:x"))
    owned = [record("fraud", State.DEPLOYED, source_repository="https://github.com/acme/payments.git")]
    assert audited(sheet(*ours), records=owned).matches[0].because == f"repository {REPO}"


def test_a_model_never_matches_by_its_repository_alone() -> None:
    told = (seen(REPO), seen(MODEL, "api:openai/gpt-x"), link(REPO, Relation.USES, MODEL))
    assert audited(sheet(*told), records=[record("fraud", State.APPROVED, source_repository=REPO)]).matches == []


# Records that list where a model runs.

ARN = "arn:aws:sagemaker:eu-west-1:1:endpoint/churn"
HOST, FRONT = f"endpoint:{ARN}", "endpoint:prod-eu/llm/inferenceservice/churn"
WEIGHTS = (seen(ARTIFACT, DIGEST),)
ON_ENDPOINT = (*WEIGHTS, seen(HOST, ARN, running=True), link(HOST, Relation.LOADS, ARTIFACT))
ON_WORKLOAD = (*WEIGHTS, workload(), seen(FRONT), link(FRONT, Relation.ROUTES, WORKLOAD), link(WORKLOAD, Relation.LOADS, ARTIFACT))


@pytest.mark.parametrize(
    ("listed", "told", "host"),
    [(ARN, ON_ENDPOINT, HOST), (HOST, ON_ENDPOINT, HOST), (WORKLOAD, ON_WORKLOAD, WORKLOAD), (FRONT, ON_WORKLOAD, WORKLOAD)],
    ids=["an endpoint's ARN", "its key", "a workload's key", "an InferenceService's key"],
)
def test_a_record_that_lists_a_host_covers_what_runs_there(listed: str, told: tuple[Observation, ...], host: str) -> None:
    assert audited(sheet(*told)).rows() == [("unregistered-running", host, None)]
    assert audited(sheet(*told), records=[record("churn", State.DEPLOYED, listed)]).rows() == []
    assert audited(sheet(*told), records=[record("churn", State.RETIRED, listed)]).rows() == [("retired-but-running", host, "churn")]


def test_it_covers_nothing_that_runs_elsewhere() -> None:
    """The same weights on another host are judged by themselves, whatever the record of this host says."""
    for state, verdicts in ((State.DEPLOYED, []), (State.RETIRED, [("retired-but-running", HOST, "churn")])):
        estate = audited(sheet(*ON_ENDPOINT, *ON_WORKLOAD[1:]), records=[record("churn", state, ARN)])
        assert estate.rows() == sorted([*verdicts, ("unregistered-running", WORKLOAD, None)])


def test_what_has_a_record_of_its_own_is_judged_by_that() -> None:
    records = [record("weights", State.RETIRED, DIGEST), record("churn", State.DEPLOYED, ARN)]
    assert audited(sheet(*ON_ENDPOINT), records=records).rows() == [("retired-but-running", HOST, "weights")]


def test_an_entrance_that_many_share_covers_nothing_behind_it() -> None:
    other = "workload:prod-eu/llm/deployment/other"
    more = (workload(other), link(other, Relation.LOADS, ARTIFACT), link(FRONT, Relation.ROUTES, other))
    hosts = [asset for check, asset, _ in audited(sheet(*ON_WORKLOAD, *more), records=[record("churn", State.APPROVED, FRONT)]).rows()]
    assert hosts == [WORKLOAD, other]


def test_a_hosts_key_in_another_scope_covers_nothing() -> None:
    told = record("churn", State.APPROVED, WORKLOAD, approved_scope=ApprovedScope(clusters=("prod-us",)))
    assert audited(sheet(*ON_WORKLOAD), records=[told]).rows() == [("unregistered-running", WORKLOAD, None)]
