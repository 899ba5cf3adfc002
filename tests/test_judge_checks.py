"""Checks about records, credentials, exposure, agents, waivers and the ends of providers' models."""

from datetime import date
from typing import Any

import pytest

from scanner.governance.waivers import Waiver, WaiverKind, evidence_hash
from scanner.judge.near import Names, near_misses, plain
from scanner.model import ApprovedScope, Asset, Evidence, Kind, Observation, Relation, Sighting, State
from tests.made import ARTIFACT, DIGEST, MODEL, REPO, WORKLOAD, audited, covered, gap, link, record, seen, sheet, workload

STORED = seen(ARTIFACT, DIGEST)
FRONT = "endpoint:prod-eu/llm/ingress/gateway"
AGENT = "agent:acme/ops:.mcp.json#ops"


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, []),
        ({"owner": None}, ["missing-owner"]),
        ({"risk_class": None, "use_case": None}, ["incomplete-record"]),
        ({"approver": None}, ["incomplete-record"]),
        ({"business_purpose": "TBD"}, ["placeholder-record"]),
        ({"owner": "owner@example.com"}, ["placeholder-record"]),
        ({"use_case": "<fill in>"}, ["placeholder-record"]),
        ({"business_purpose": "Tests of trains"}, []),
        ({"model_changed": "2026-05-02", "record_updated": "2026-05-01"}, ["stale-record"]),
        ({"model_changed": "2026-05-01", "record_updated": "2026-05-01T10:00:00Z"}, []),
        ({"review_due": "2026-11-20"}, ["review-overdue"]),
        ({"review_due": "2026-11-21"}, []),
        ({"review_due": "soon"}, []),
        ({"retire_on": "2026-11-01"}, ["retire-date-passed"]),
        (
            {"state": State.RETIRED, "owner": None, "retire_on": "2026-11-01", "review_due": "2026-01-01", "approver": None},
            ["retired-remnant"],
        ),
        ({"state": State.PROPOSED, "approver": None, "framework": None}, []),
    ],
)
def test_about_the_record(fields: dict[str, Any], expected: list[str]) -> None:
    state = fields.pop("state", State.APPROVED)
    assert [check for check, *_ in audited(sheet(STORED), records=[record("fraud", state, **fields)]).rows()] == expected


def test_an_incomplete_record_names_what_it_lacks() -> None:
    finding = audited(sheet(STORED), records=[record("fraud", State.APPROVED, risk_class=None, broken=("no state",))]).one(
        "incomplete-record"
    )
    assert finding.title == "The record of fraud 1 lacks what a review needs: no risk class, no state"
    assert finding.asset == "record:fraud"


def test_an_identifier_without_a_type_is_named_with_the_one_that_was_seen() -> None:
    calls = (seen(REPO), seen(MODEL, "api:openai/gpt-x", provider="openai", model_id="gpt-x"), link(REPO, Relation.USES, MODEL))
    told = record("fraud", State.APPROVED, "openai/gpt-x", "qwen:7b", "name:fraud", "hf:a/b", WORKLOAD)
    assert audited(sheet(*calls), records=[told]).one("incomplete-record").because == (
        "identifier 'openai/gpt-x' has no known type; did you mean api:openai/gpt-x?; "
        "identifier 'qwen:7b' has no known type; write its type before it, as api:, hf: or s3://"
    )


def test_an_unregistered_finding_says_how_a_record_covers_it() -> None:
    calls = (seen(REPO), seen(MODEL, "name:x", "api:openai/gpt-x"), link(REPO, Relation.USES, MODEL))
    found = audited(sheet(*calls)).one("unregistered-coded")
    assert found.remedy.endswith('A record covers it by identifiers = ["api:openai/gpt-x"].')
    covering = record("x", State.APPROVED, "api:openai/gpt-x")
    assert audited(sheet(*calls), records=[covering]).rows() == []


@pytest.mark.parametrize("state", [State.RETIRED, State.REJECTED])
def test_what_is_over_and_named_by_code_alone_is_no_copy(state: State) -> None:
    calls = (seen(REPO), seen(MODEL, "api:openai/gpt-x", provider="openai", model_id="gpt-x"), link(REPO, Relation.USES, MODEL))
    found = audited(sheet(*calls), records=[record("x", state, "api:openai/gpt-x")]).one(f"{state}-remnant")
    assert found.title.endswith("and the code in acme/payments still names it")
    assert "copy" not in found.title + found.remedy
    assert "a copy remains in s3://" in audited(sheet(STORED), records=[record("fraud", state, DIGEST)]).one(f"{state}-remnant").title


def credential(key: str = "credential:prod-eu/llm/secret/openai", **told: Any) -> Observation:
    return seen(key, provider="openai", **{"type": "kubernetes-secret", "created": "2026-10-01T00:00:00Z", **told})


def reader(number: int, model: str) -> tuple[Observation, ...]:
    key = f"workload:prod-eu/llm/deployment/w{number}"
    name = f"model:{key}:openai/{model}"
    return (
        workload(key),
        seen(name, f"api:openai/{model}", provider="openai", model_id=model),
        link(key, Relation.SERVES, name),
        link(key, Relation.READS, "credential:prod-eu/llm/secret/openai"),
    )


def test_one_key_for_several_models_is_shared() -> None:
    told = (credential(), *reader(1, "gpt-x"), *reader(2, "gpt-y"))
    records = [record("a", State.DEPLOYED, "api:openai/gpt-x"), record("b", State.DEPLOYED, "api:openai/gpt-y")]
    assert audited(sheet(*told), records=records).rows() == [("shared-credential", "credential:prod-eu/llm/secret/openai", None)]
    same = (credential(), *reader(1, "gpt-x"), *reader(2, "gpt-x"))
    assert audited(sheet(*same), records=records[:1]).rows() == []


def test_a_key_in_a_file_is_leaked() -> None:
    key = "credential:acme/payments:leak/k1-ab12"
    finding = audited(sheet(seen(key, "kfp:k1:ab12", type="leak", provider="openai"), link(REPO, Relation.CONTAINS, key))).one(
        "leaked-credential"
    )
    assert (finding.asset, finding.severity) == (key, "high")


@pytest.mark.parametrize(
    ("told", "old"),
    [
        ({"created": "2025-01-01T00:00:00Z"}, True),
        ({"created": "2025-01-01T00:00:00Z", "rotated": "2026-09-01T00:00:00Z"}, False),
        ({"created": "2025-12-01T00:00:00Z"}, False),
        ({"created": None}, False),
        ({"created": "2025-01-01T00:00:00Z", "type": "kubernetes-secret"}, False),
    ],
)
def test_long_lived(told: dict[str, Any], old: bool) -> None:
    estate = audited(
        sheet(credential(**{"type": "actions-secret", **told}), *reader(1, "gpt-x")),
        records=[record("a", State.DEPLOYED, "api:openai/gpt-x")],
    )
    assert ("long-lived-credential" in [check for check, *_ in estate.rows()]) is old


def test_an_over_privileged_identity_of_ai() -> None:
    role = "identity:arn:aws:iam::1:role/llm"
    told = (workload(server="vllm"), seen(role, over_privileged=True))
    assert ("over-privileged-identity", role, None) in audited(sheet(*told, link(WORKLOAD, Relation.ASSUMES, role))).rows()
    assert "over-privileged-identity" not in [check for check, *_ in audited(sheet(*told)).rows()]


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ({"exposure": "public"}, ["public-endpoint"]),
        ({"authenticated": False}, ["unauthenticated-endpoint"]),
        ({"exposure": "public", "authenticated": False}, ["public-endpoint", "unauthenticated-endpoint"]),
        ({"exposure": "internal", "authenticated": True}, []),
        ({}, []),
        ({"exposure": "public", "running": False}, []),
    ],
)
def test_exposure(told: dict[str, Any], expected: list[str]) -> None:
    observed = (workload(), STORED, link(WORKLOAD, Relation.LOADS, ARTIFACT), seen(FRONT, **told), link(FRONT, Relation.ROUTES, WORKLOAD))
    assert [check for check, *_ in audited(sheet(*observed), records=[record()]).rows()] == expected


def test_an_ordinary_public_endpoint_is_not_this_reports_business() -> None:
    assert audited(sheet(workload(), seen(FRONT, exposure="public"), link(FRONT, Relation.ROUTES, WORKLOAD))).rows() == []


@pytest.mark.parametrize(
    ("told", "fields", "expected"),
    [
        ({"tools": ("shell", "kubectl")}, None, ["ungoverned-agent"]),
        ({"tools": ()}, None, []),
        ({"tools": ("shell",), "context": "test"}, None, []),
        ({"tools": ("shell",)}, {"state": State.PROPOSED}, ["ungoverned-agent"]),
        ({"tools": ("shell",)}, {"state": State.APPROVED}, []),
        ({"tools": ("shell", "mail")}, {"state": State.APPROVED, "approved_scope": ApprovedScope(tools=("shell",))}, ["scope-drift"]),
    ],
)
def test_agents(told: dict[str, Any], fields: dict[str, Any] | None, expected: list[str]) -> None:
    records = [] if fields is None else [record("ops", fields.pop("state"), AGENT, **fields)]
    assert [check for check, *_ in audited(sheet(seen(AGENT, **told)), records=records).rows()] == expected


RETIRED = sheet(workload(), STORED, link(WORKLOAD, Relation.LOADS, ARTIFACT))


def waived(*waivers: Waiver, **options: Any) -> list[tuple[str, str, str | None]]:
    return audited(RETIRED, records=[record("fraud", State.RETIRED)], waivers=waivers, **options).rows()


def waiver(**fields: Any) -> Waiver:
    return Waiver("lead", "moves soon", **{"check": "retired-but-running", "asset": "workload:*", "expires": date(2026, 12, 31), **fields})


def test_a_waiver_that_ran_out_over_an_open_finding_is_a_finding() -> None:
    (expired, _) = waived(waiver(expires=date(2026, 11, 20)))
    assert expired == ("retired-but-running", WORKLOAD, "fraud")
    assert waived(waiver(expires=date(2026, 11, 20)))[1] == ("waiver-expired", "waiver:retired-but-running on workload:*", None)
    assert waived(waiver(expires=date(2026, 11, 21))) == [("retired-but-running", WORKLOAD, "fraud")]


def test_a_waiver_that_covers_nothing_is_named_only_under_full_sight() -> None:
    unused = waiver(asset="workload:elsewhere/*")
    assert ("waiver-unused", "waiver:retired-but-running on workload:elsewhere/*", None) in waived(unused)
    for blind in ({"partial": True}, {"registries_read": False}, {"coverage": covered(gaps=[gap("kubernetes/x")])}):
        assert "waiver-unused" not in [check for check, *_ in waived(unused, **blind)]


def test_a_false_positive_bound_to_other_evidence_is_named_with_the_evidence_of_now() -> None:
    found = audited(RETIRED, records=[record("fraud", State.RETIRED)]).one("retired-but-running")
    stale = Waiver("lead", "not ours", finding=found.id, kind=WaiverKind.FALSE_POSITIVE, evidence="0" * 16)
    told = audited(RETIRED, records=[record("fraud", State.RETIRED)], waivers=(stale,), partial=True).one("waiver-unused")
    assert f"now it is {evidence_hash(found)}" in told.title


def test_a_false_positive_is_bound_to_its_evidence() -> None:
    finding = audited(RETIRED, records=[record("fraud", State.RETIRED)]).one("retired-but-running")
    same = Waiver("lead", "not ours", finding=finding.id, kind=WaiverKind.FALSE_POSITIVE, evidence=evidence_hash(finding))
    judged = audited(RETIRED, records=[record("fraud", State.RETIRED)], waivers=(same,))
    assert judged.one("retired-but-running").waived_by == "lead, as a false positive: not ours"
    changed = Sighting(WORKLOAD, Kind.WORKLOAD, (), {"running": True}, (Evidence("test:elsewhere", "another-rule"),))
    again = audited(
        sheet(changed, STORED, link(WORKLOAD, Relation.LOADS, ARTIFACT)), records=[record("fraud", State.RETIRED)], waivers=(same,)
    )
    assert (again.one("retired-but-running").id, again.one("retired-but-running").waived_by) == (finding.id, None)


def test_provider_end_of_life_keeps_deprecated_and_retired_apart() -> None:
    told = sheet(seen(REPO), seen(MODEL, "api:openai/gpt-4-0314", context="production"), link(REPO, Relation.USES, MODEL))
    finding = audited(told).one("provider-end-of-life")
    assert "was switched off by its provider on 13 June 2024" in finding.title
    early = audited(told, now="2024-01-01T00:00:00Z").one("provider-end-of-life")
    assert "will be switched off" in early.title
    assert (finding.severity, early.severity) == ("high", "medium")


def asset(key: str, *identifiers: str) -> Asset:
    return Asset(key, Kind.MODEL, identifiers, {}, ())


def test_near_misses_are_found_by_name_whatever_the_registrys_size() -> None:
    crowd = [record(f"model-{number}", State.APPROVED, f"hf:org/model-{number}") for number in range(3000)]
    wanted = record("fraud", State.APPROVED, "hf:acme/fraud-scorer-large")
    names = Names([*crowd, wanted])
    (first, *_) = names.like(asset(MODEL, "hf:acme/fraud-scorer-larg"), 80, 3)
    assert first.record == "fraud"
    assert names.like(asset("model:q:zz", "hf:qqq/wwwwww"), 80, 3) == ()
    assert near_misses(asset(MODEL, "hf:a/b"), []) == ()


@pytest.mark.parametrize(
    ("name", "is_plain"), [("hf:acme/Fraud_Scorer@main", "acme fraud scorer"), ("Fraud Scorer", "fraud scorer"), ("", "")]
)
def test_plain_names(name: str, is_plain: str) -> None:
    assert plain(name) == is_plain
