"""The fourteen rules that keep the verdicts true, each with the decoys that would make it lie."""

from typing import Any

import msgspec
import pytest

from scanner.conclusion import readers
from scanner.governance.waivers import Waiver
from scanner.judge import Policy
from scanner.judge.case import Past
from scanner.model import (
    ApprovedScope,
    Confidence,
    Coverage,
    Evidence,
    Gap,
    Link,
    Observation,
    Reason,
    Relation,
    Scope,
    Sight,
    State,
    Transition,
)
from tests.made import ARTIFACT, DIGEST, MODEL, REPO, WORKLOAD, audited, covered, gap, link, record, seen, sheet, workload

API = "api:openai/gpt-x"
IMAGE = "image:ghcr.io/acme/payments"
KEY = "credential:aws/1/access-key/AKIAEXAMPLE"
USER = "identity:arn:aws:iam::1:user/svc"
SECRET = "credential:github/acme/payments/actions/OPENAI_API_KEY"
CALLS_IT = (seen(REPO), seen(MODEL, API, provider="openai", model_id="gpt-x", context="production"), link(REPO, Relation.USES, MODEL))
FROM_REPO = (workload(), seen(IMAGE), link(WORKLOAD, Relation.RUNS, IMAGE), link(REPO, Relation.BUILDS, IMAGE))
LOADS_IT = (workload(), seen(ARTIFACT, DIGEST), link(WORKLOAD, Relation.LOADS, ARTIFACT))


def checks(*observations: Observation, **options: Any) -> list[str]:
    return sorted(each.check for each in audited(sheet(*observations), **options).judged.findings)


# 1. The registry is a source too.


def test_a_registry_that_was_not_read_whole_opens_no_unregistered_finding() -> None:
    estate = audited(sheet(*LOADS_IT, *CALLS_IT, seen("agent:acme/x:a#b", tools=("shell",))), registries_read=False)
    assert estate.rows() == []
    assert estate.judged.counted["unverified: the registry was not read whole"] == 2


def test_a_registry_that_was_not_read_whole_still_accuses_by_the_records_it_gave() -> None:
    estate = audited(sheet(*LOADS_IT), records=[record("fraud", State.RETIRED)], registries_read=False)
    assert estate.rows() == [("retired-but-running", WORKLOAD, "fraud")]


def test_a_broken_record_still_matches_by_its_readable_identifiers() -> None:
    broken = record("fraud", State.APPROVED, DIGEST, owner=None, broken=("no state",))
    assert checks(*LOADS_IT, records=[broken]) == ["incomplete-record", "missing-owner"]


# 2. Which scopes count.


@pytest.mark.parametrize(("blocked", "verdict"), [("kubernetes/staging", "ghost-record"), ("kubernetes/prod-eu", "unverified")])
def test_a_ghost_looks_at_its_approved_scope_alone(blocked: str, verdict: str) -> None:
    scoped = record("fraud", approved_scope=ApprovedScope(clusters=("prod-eu",)))
    estate = audited(sheet(), records=[scoped], coverage=covered("kubernetes/prod-eu", "kubernetes/staging", gaps=[gap(blocked)]))
    assert estate.rows("blind-spot") == [(verdict, "record:fraud", "fraud")]


def test_a_record_for_a_place_without_a_source_is_unverified() -> None:
    scoped = record("fraud", approved_scope=ApprovedScope(clusters=("edge-fleet",)))
    assert checks(records=[scoped]) == ["unverified"]


@pytest.mark.parametrize(("blocked", "verdict"), [((), "ghost-record"), (("kubernetes/prod-eu",), "unverified")])
def test_a_scope_of_repositories_alone_does_not_say_where_a_model_runs(blocked: tuple[str, ...], verdict: str) -> None:
    scoped = record("fraud", approved_scope=ApprovedScope(repositories=("acme/payments",)))
    estate = audited(sheet(), records=[scoped], coverage=covered(gaps=map(gap, blocked)))
    assert estate.rows("blind-spot") == [(verdict, "record:fraud", "fraud")]


@pytest.mark.parametrize(("unread", "verdict"), [((), "ghost-record"), (("aws-compute",), "unverified"), (("databricks",), "ghost-record")])
def test_an_account_runs_models_on_more_than_sagemaker(unread: tuple[str, ...], verdict: str) -> None:
    scoped = record("fraud", approved_scope=ApprovedScope(accounts=("1",)))
    seen = covered()
    sourceless = tuple(Scope(name, "", Sight.NO_SOURCE, 0, None) for name in unread)
    estate = audited(sheet(), records=[scoped], coverage=Coverage((*seen.scopes, *sourceless), seen.gaps))
    assert estate.rows("blind-spot") == [(verdict, "record:fraud", "fraud")]


def test_a_record_without_a_scope_is_a_ghost_only_where_all_that_can_run_was_read() -> None:
    assert checks(records=[record()]) == ["ghost-record"]
    assert checks(records=[record()], coverage=covered(gaps=[gap("aws/1/eu-west-1/sagemaker")])) == ["blind-spot", "unverified"]


@pytest.mark.parametrize("reason", [Reason.DENIED, Reason.SKIPPED, Reason.NO_SOURCE, Reason.THROTTLED, Reason.LIMIT])
def test_a_retirement_is_not_proved_while_a_copy_could_be_where_nobody_looked(reason: Reason) -> None:
    estate = audited(
        sheet(),
        records=[record("fraud", State.RETIRED)],
        past=Past(clean_scans={"fraud": 9}),
        coverage=covered(gaps=[gap("aws/1/s3/other", reason)]),
    )
    assert estate.rows("blind-spot") == [("unverified", "record:fraud", "fraud")]
    assert estate.judged.absent == ()


def test_nothing_read_at_all_proves_nothing() -> None:
    gone = [record("fraud", State.RETIRED), record("ghost")]
    assert checks(records=gone, coverage=Coverage((), ())) == ["unverified", "unverified"]


def test_a_retirement_is_proved_after_so_many_complete_scans() -> None:
    retired = [record("fraud", State.RETIRED)]
    first = audited(sheet(), records=retired)
    assert first.rows() == []
    assert first.judged.absent == ("fraud",)
    assert audited(sheet(), records=retired, past=Past(clean_scans={"fraud": 2})).rows() == [("retirement-proved", "record:fraud", "fraud")]


# 3. Partial runs.


def test_a_partial_run_calls_nothing_gone() -> None:
    key = seen(SECRET, provider="openai", type="actions-secret", created="2020-01-01T00:00:00Z", usable_from=("github/acme/payments",))
    gone = [record("fraud", State.RETIRED), record("ghost")]
    estate = audited(sheet(key), records=gone, past=Past(clean_scans={"fraud": 9}), partial=True)
    assert estate.rows("long-lived-credential") == [("unverified", "record:fraud", "fraud"), ("unverified", "record:ghost", "ghost")]
    assert estate.judged.absent == ()


# 4. What is judged.


def test_a_deployed_record_is_judged_by_its_strongest_state() -> None:
    copy = seen("artifact:s3://ml-archive/fraud/model.safetensors", DIGEST)
    assert checks(*LOADS_IT, copy, records=[record()]) == []


def test_each_deployment_of_a_retired_model_is_a_finding_and_its_weights_are_no_second_one() -> None:
    other = "workload:prod-eu/llm/deployment/blue"
    rows = audited(
        sheet(*LOADS_IT, workload(other), link(other, Relation.LOADS, ARTIFACT)), records=[record("fraud", State.RETIRED)]
    ).rows()
    assert rows == [("retired-but-running", other, "fraud"), ("retired-but-running", WORKLOAD, "fraud")]


def test_a_copy_elsewhere_of_what_runs_is_a_remnant_of_its_own() -> None:
    copy = "artifact:s3://ml-archive/fraud/model.safetensors"
    rows = audited(sheet(*LOADS_IT, seen(copy, DIGEST)), records=[record("fraud", State.RETIRED)]).rows()
    assert rows == [("retired-but-running", WORKLOAD, "fraud"), ("retired-remnant", copy, "fraud")]


@pytest.mark.parametrize(
    ("until", "check"), [("2026-12-01", "retiring"), ("2026-11-21", "retiring"), ("2026-11-20", "retired-but-running")]
)
def test_inside_a_dated_hold_the_old_version_is_retiring(until: str, check: str) -> None:
    assert checks(*LOADS_IT, records=[record("fraud", State.RETIRED, hold_until=until)]) == [check]


def test_the_policys_hold_needs_a_successor_that_runs() -> None:
    retired = record("fraud-1", State.RETIRED, name="fraud", transitions=(Transition(State.RETIRED, "2026-11-18"),))
    new, bytes_of_new = "artifact:s3://ml-prod/fraud/2/model.safetensors", "sha256:" + "b" * 64
    green = "workload:prod-eu/llm/deployment/green"
    successor = (workload(green), seen(new, bytes_of_new), link(green, Relation.LOADS, new))
    records = [retired, record("fraud-2", State.DEPLOYED, bytes_of_new, name="fraud")]
    assert checks(*LOADS_IT, *successor, records=records, policy=Policy(hold_days=7)) == ["retiring"]
    assert checks(*LOADS_IT, *successor, records=records, policy=Policy(hold_days=2)) == ["retired-but-running"]
    assert "retired-but-running" in checks(*LOADS_IT, records=records, policy=Policy(hold_days=7))


def test_one_finding_for_a_model_and_repository_however_many_workloads_and_lines() -> None:
    worker = "workload:prod-eu/llm/deployment/worker"
    more = (workload(worker), link(worker, Relation.RUNS, IMAGE))
    assert audited(sheet(*CALLS_IT, *FROM_REPO, *more)).rows() == [("unregistered-running", WORKLOAD, None)]


# 5. Ids.


def test_an_id_outlives_a_rename_a_reason_and_a_severity() -> None:
    before = audited(sheet(*LOADS_IT), records=[record("fraud", State.RETIRED)]).one("retired-but-running")
    renamed = "workload:prod-eu/llm/deployment/gateway-v2"
    told = (
        workload(renamed, environment="production", exposure="public"),
        seen(ARTIFACT, "s3://ml-prod/fraud/model.safetensors"),
        link(renamed, Relation.LOADS, ARTIFACT),
    )
    records = [record("fraud", State.RETIRED, "s3://ml-prod/fraud/model.safetensors", risk_class="high")]
    after = audited(sheet(*told), records=records, past=Past(first_keys={renamed: WORKLOAD})).one("retired-but-running")
    assert (after.id, after.severity) == (before.id, "critical")
    assert after.because != before.because


def test_ids_differ_by_check_record_and_asset() -> None:
    other = "workload:prod-eu/llm/deployment/blue"
    estate = audited(sheet(*LOADS_IT, workload(other), link(other, Relation.LOADS, ARTIFACT)), records=[record("fraud", State.RETIRED)])
    assert len({each.id for each in estate.judged.findings}) == 2
    assert all(each.id.startswith("RBR-") for each in estate.judged.findings)


def test_an_alias_keeps_the_key_that_was_seen_first() -> None:
    uid = "uid:github:R_1"
    old, new = seen("repo:acme/old", uid), seen("repo:acme/new", uid)
    estate = audited(sheet(new), sheet(old, stale=True, scope="github/acme/old#content"))
    assert estate.inventory.assets["repo:acme/new"].aliases == ("repo:acme/old",)


# 6. Running.


@pytest.mark.parametrize(
    ("told", "runs"),
    [
        ({"running": True, "replicas": 0, "scaled_by": "keda"}, True),
        ({"running": True, "type": "cronjob", "schedule": "0 3 1 * *"}, True),
        ({"running": False, "replicas": 0}, False),
        ({"running": False, "type": "cronjob", "suspended": True}, False),
    ],
)
def test_running_means_invocable_or_scheduled(told: dict[str, Any], runs: bool) -> None:
    told_of = (workload(WORKLOAD, **told), *LOADS_IT[1:])
    assert ("retired-but-running" in checks(*told_of, records=[record("fraud", State.RETIRED)])) is runs


def test_a_providers_model_runs_when_a_live_workload_comes_from_the_repository_that_calls_it() -> None:
    assert checks(*CALLS_IT, *FROM_REPO) == ["unregistered-running"]
    assert checks(*CALLS_IT, workload(WORKLOAD, running=False), *FROM_REPO[1:]) == ["unregistered-coded"]
    assert checks(*CALLS_IT, *FROM_REPO, records=[record("assistant", State.DEPLOYED, API)]) == []


# 7. Contexts.


@pytest.mark.parametrize("context", ["test", "docs", "example", "vendored", "archived"])
def test_only_production_code_is_accused(context: str) -> None:
    quiet = seen(MODEL, API, context=context)
    estate = audited(sheet(seen(REPO), quiet, link(REPO, Relation.USES, MODEL)))
    assert estate.rows() == []
    assert estate.judged.counted == {f"models in {context} code": 1}


def test_an_archived_repository_whose_image_still_runs_is_promoted() -> None:
    archived = (seen(REPO, archived=True), seen(MODEL, API, context="archived"), link(REPO, Relation.USES, MODEL))
    assert checks(*archived, *FROM_REPO) == ["unregistered-running"]


def test_a_model_of_tests_does_not_run_because_its_repository_does() -> None:
    tested = (seen(REPO), seen(MODEL, API, context="test"), link(REPO, Relation.USES, MODEL))
    assert checks(*tested, *FROM_REPO) == []


def test_a_fork_counts_for_what_its_origin_has_not() -> None:
    fork, copied, own = "repo:acme/fork", "model:acme/fork:openai/gpt-x", "model:acme/fork:openai/gpt-y"
    told = (
        *CALLS_IT,
        seen(fork, fork=True, fork_of=REPO),
        seen(copied, API, context="production"),
        seen(own, "api:openai/gpt-y", context="production"),
        link(fork, Relation.USES, copied),
        link(fork, Relation.USES, own),
    )
    assert [asset for _, asset, _ in audited(sheet(*told)).rows()] == [own, MODEL]


def test_a_small_model_inside_a_library_is_counted() -> None:
    estate = audited(sheet(seen("artifact:acme/payments:vad.onnx", DIGEST, library=True, context="production")))
    assert (estate.rows(), estate.judged.counted) == ([], {"small models inside libraries": 1})


def test_a_tokenizer_beside_a_model_is_never_judged() -> None:
    assert checks(seen("artifact:s3://ml/tokenizer.json", companion=True)) == []


# 8. Copies.


def test_the_same_bytes_in_two_buckets_are_one_model_in_two_places() -> None:
    copy = "artifact:s3://ml-archive/copy.safetensors"
    estate = audited(sheet(seen(ARTIFACT, DIGEST), seen(copy, DIGEST)), records=[record("fraud", State.APPROVED)])
    assert set(estate.inventory.assets) == {ARTIFACT, copy}
    assert [match.record for match in estate.matches] == ["fraud", "fraud"]
    assert estate.rows() == []


def test_a_declared_standby_is_no_drift() -> None:
    here = ApprovedScope(clusters=("prod-us",))
    assert checks(*LOADS_IT, records=[record("fraud", approved_scope=here)]) == ["scope-drift"]
    assert checks(*LOADS_IT, records=[record("fraud", approved_scope=here, standby=("prod-eu",))]) == []


# 9. Short-lived things.


def test_what_is_short_lived_is_judged_when_it_is_seen_twice_or_exposed() -> None:
    brief = (workload(WORKLOAD, ephemeral=True), *LOADS_IT[1:])
    assert checks(*brief) == []
    assert checks(*brief, past=Past(seen=frozenset({WORKLOAD}))) == ["unregistered-running"]
    assert "unregistered-running" in checks(workload(WORKLOAD, ephemeral=True, exposure="public"), *LOADS_IT[1:])


# 10. Orphans.


def key(**told: Any) -> tuple[Observation, ...]:
    attributes = {"type": "access-key", "created": "2026-01-01T00:00:00Z", "last_used_known": True, "usable_from": ("*",), **told}
    return (
        seen(USER, type="iam-user"),
        seen(KEY, **{name: value for name, value in attributes.items() if value is not None}),
        link(USER, Relation.HOLDS, KEY),
        link(USER, Relation.INVOKES, "endpoint:arn:aws:sagemaker:eu-west-1:1:endpoint/fraud"),
    )


def secret(**told: Any) -> Observation:
    return seen(
        SECRET,
        provider="openai",
        type="actions-secret",
        **{"created": "2026-06-01T00:00:00Z", "usable_from": ("github/acme/payments",), **told},
    )


@pytest.mark.parametrize(
    ("told", "verdict"),
    [
        ({"last_used": "2026-03-01T00:00:00Z"}, ["orphaned-credential"]),
        ({}, ["orphaned-credential"]),  # never used, and made long ago
        ({"created": "2026-11-18T00:00:00Z"}, []),  # never used, and young
        ({"last_used_known": None}, []),  # no data is not unused
        ({"last_used": "2026-11-20T00:00:00Z"}, ["unknown-consumer"]),  # on a laptop, or in another account
        ({"last_used": "2026-10-27T00:00:00Z"}, ["unknown-consumer"]),  # a monthly job
        ({"last_used": "2026-09-20T00:00:00Z"}, []),  # neither lately nor long ago
        ({"status": "inactive", "last_used": "2026-03-01T00:00:00Z"}, []),
        ({"created": None, "last_used": None}, []),  # of unknown age
    ],
)
def test_a_key_that_may_sit_on_a_laptop(told: dict[str, Any], verdict: list[str]) -> None:
    assert checks(*key(**told)) == verdict


def test_a_key_that_lives_is_no_orphan_however_old_its_use() -> None:
    handed = (workload(), link(WORKLOAD, Relation.READS, KEY))
    assert "orphaned-credential" not in checks(*key(last_used="2026-03-01T00:00:00Z"), *handed)
    stopped = (workload(WORKLOAD, running=False), link(WORKLOAD, Relation.READS, KEY))
    assert "orphaned-credential" not in checks(*key(last_used="2026-03-01T00:00:00Z"), *stopped)


def test_a_consumer_that_an_unread_cluster_held_last_time_protects() -> None:
    remembered = sheet(workload(), link(WORKLOAD, Relation.READS, KEY), stale=True)
    estate = audited(remembered, sheet(*key(), scope="aws/1/iam"), coverage=covered(gaps=[gap("kubernetes/prod-eu/llm")]))
    assert estate.rows("blind-spot") == []


def test_a_key_is_no_orphan_while_a_place_that_could_use_it_was_not_read() -> None:
    assert checks(*key(), coverage=covered(gaps=[gap("kubernetes/prod-eu/llm")])) == ["blind-spot"]


@pytest.mark.parametrize(
    ("blocked", "told", "verdict"),
    [
        ("kubernetes/prod-us", {}, ["orphaned-credential"]),  # usable in one repository alone, and that was read
        ("github/acme/payments#content", {}, []),
        ("kubernetes/prod-us", {"created": "2026-11-18T00:00:00Z"}, []),
        ("kubernetes/prod-us", {"created": None}, []),
        ("kubernetes/prod-us", {"usable_from": ("github/acme",)}, ["orphaned-credential"]),
        ("github/acme/other#content", {"usable_from": ("github/acme",)}, []),
    ],
)
def test_a_secret_that_can_be_used_solely_inside_what_was_read(blocked: str, told: dict[str, Any], verdict: list[str]) -> None:
    estate = audited(
        sheet(secret(**told), scope="github/acme/payments#settings"),
        coverage=covered("github/acme", "github/acme/payments#content", "kubernetes/prod-eu", gaps=[gap(blocked)]),
    )
    assert [check for check, *_ in estate.rows("blind-spot")] == verdict


def test_a_secret_that_a_workflow_reads_is_in_use_and_one_of_an_archived_repository_is_not() -> None:
    reads = link(REPO, Relation.READS, SECRET)
    assert checks(secret(), seen(REPO), reads) == []
    finding = audited(sheet(secret(), seen(REPO, archived=True), reads)).one("orphaned-credential")
    assert finding.because == "all that used it is gone (acme/payments)"


def test_the_key_of_a_retired_model_is_an_orphan_unless_something_else_uses_it() -> None:
    retired = record("fraud", State.RETIRED, DIGEST, identities=("AKIAEXAMPLE",))
    recent = key(last_used="2026-09-20T00:00:00Z")
    estate = audited(sheet(*recent), records=[retired])
    assert estate.one("orphaned-credential").because == "its model fraud 1 is retired"
    assert estate.one("orphaned-credential").record == "fraud"
    other = (workload(), link(WORKLOAD, Relation.READS, KEY))
    assert "orphaned-credential" not in checks(*recent, *other, records=[retired])
    current = record("fraud-2", State.DEPLOYED, "sha256:" + "b" * 64, identities=("AKIAEXAMPLE",))
    assert "orphaned-credential" not in checks(*recent, records=[retired, current])


def permitted(rule: str = "iam-allows", sure: Confidence = Confidence.INFERRED, **told: Any) -> list[str]:
    role, vault = "identity:arn:aws:iam::1:role/app", "credential:arn:aws:secretsmanager:eu-west-1:1:secret:openai"
    held = {"type": "secret", "provider": "openai", "created": "2026-01-01T00:00:00Z", "last_used_known": True, "usable_from": ("*",)}
    reads = Link(role, Relation.READS, vault, (Evidence(role, rule, sure),))
    return checks(seen(role, type="iam-role"), seen(vault, **{**held, **told}), reads)


def test_a_policy_that_would_allow_the_reading_is_no_use_of_what_its_provider_calls_unused() -> None:
    assert permitted(last_used="2026-03-01T00:00:00Z") == ["orphaned-credential"]
    assert permitted() == ["orphaned-credential"]  # never read, and made long ago
    assert permitted(last_used_known=None) == []  # no data is not unused: who may read it might
    assert permitted(last_used="2026-09-20T00:00:00Z") == []
    assert permitted(last_used="2026-11-20T00:00:00Z") == []
    assert permitted("credential-reference", Confidence.DECLARED, last_used="2026-03-01T00:00:00Z") == []


def test_an_orphan_is_one_finding_however_old_it_is() -> None:
    assert checks(*key(created="2024-01-01T00:00:00Z", last_used="2026-03-01T00:00:00Z")) == ["orphaned-credential"]
    used = checks(*key(created="2024-01-01T00:00:00Z", last_used="2026-11-20T00:00:00Z"))
    assert used == ["long-lived-credential", "unknown-consumer"]


READS = link(WORKLOAD, Relation.READS, SECRET)
SETTINGS = ("github/acme/payments", "kubernetes/prod-eu", "kubernetes/prod-eu/llm")


def after(*now: Observation, used: Link = READS, blocked: str = "", **past: Any) -> list[str]:
    """Why the secret is an orphan in the run after one in which `used` held."""
    gaps = [gap(blocked)] if blocked else []
    known = Past(consumers={SECRET: (used,)}, **past)
    estate = audited(sheet(secret(), *now, scope="github/acme/payments"), coverage=covered(*SETTINGS, gaps=gaps), past=known)
    return [each.because for each in estate.judged.findings if each.check == "orphaned-credential"]


def test_a_secret_whose_deployment_was_deleted_since_is_an_orphan_for_that_reason() -> None:
    noticed = "all that used it is gone (prod-eu/llm/deployment/gateway), noticed on 21 November 2026"
    assert after() == [noticed]
    assert after(workload(), READS) == []
    nothing = "nothing uses it, in all the places where it can be used"
    assert after(blocked="kubernetes/prod-eu/llm") == [nothing]  # whether the Deployment is gone, nobody could see
    assert after(workload()) == [nothing]  # it lives, and is not handed it any more
    assert after(used=Link(WORKLOAD, Relation.READS, SECRET, (Evidence("x", "iam-allows", Confidence.INFERRED),))) == [nothing]


def test_what_read_each_credential_is_remembered_from_links_and_from_orphans_chains() -> None:
    other = link(REPO, Relation.READS, SECRET)
    told = readers([READS, link(WORKLOAD, Relation.CALLS, "endpoint:https://x"), other, READS])
    assert told == {SECRET: (READS, other)}


def test_the_reason_and_its_day_stay_in_later_runs() -> None:
    """The chain holds who used it, and the finding's own history when that was noticed."""
    past = Past(consumers={SECRET: (READS,)})
    first = audited(sheet(secret(), scope="github/acme/payments"), coverage=covered(*SETTINGS), past=past).one("orphaned-credential")
    assert first.chain == (READS,)
    later = after(first_seen={first.id: "2026-11-03T00:00:00Z"})
    assert later == ["all that used it is gone (prod-eu/llm/deployment/gateway), noticed on 3 November 2026"]


def test_a_key_whose_owner_left_is_an_orphan() -> None:
    left = seen("person:github/acme/jdoe", departed=True)
    owned = link(USER, Relation.OWNED, "person:github/acme/jdoe")
    used = key(last_used="2026-11-20T00:00:00Z")
    assert audited(sheet(*used, left, owned)).one("orphaned-credential").because == "its owner github/acme/jdoe left"
    stays = (seen("person:github/acme/other"), link(USER, Relation.OWNED, "person:github/acme/other"))
    assert "orphaned-credential" not in checks(*used, left, owned, *stays)


def test_a_key_that_has_nothing_to_do_with_ai_is_not_this_reports_business() -> None:
    ordinary = seen(KEY, type="access-key", created="2020-01-01T00:00:00Z", last_used_known=True, usable_from=("*",))
    estate = audited(sheet(seen(USER), ordinary, link(USER, Relation.HOLDS, KEY)))
    assert (estate.rows(), estate.judged.counted) == ([], {"credentials that have nothing to do with AI": 1})


# 11. Near misses.


def test_a_near_miss_is_shown_and_never_acted_on() -> None:
    told = (seen(REPO), seen(MODEL, "hf:acme/fraud-scorer-v2", context="production"), link(REPO, Relation.USES, MODEL))
    finding = audited(sheet(*told), records=[record("fraud", State.APPROVED, "hf:acme/fraud-scorer-v1")]).one("unregistered-coded")
    assert [miss.record for miss in finding.near_misses] == ["fraud"]
    assert finding.record is None


def test_what_a_person_linked_matches() -> None:
    told = (seen(REPO), seen(MODEL, "hf:acme/fraud-scorer-v2", context="production"), link(REPO, Relation.USES, MODEL))
    records = [record("fraud", State.APPROVED, "hf:acme/fraud-scorer-v1")]
    assert audited(sheet(*told), records=records, linked={"fraud": ("hf:acme/fraud-scorer-v2",)}).rows() == []


# 12. The world or our sight is told apart by scanner/history; what is stale accuses nobody.


def test_what_an_unread_place_held_last_time_accuses_nobody() -> None:
    estate = audited(
        sheet(*LOADS_IT, stale=True), records=[record("fraud", State.RETIRED)], coverage=covered(gaps=[gap("kubernetes/prod-eu/llm")])
    )
    assert estate.rows("blind-spot") == []


def test_a_link_that_is_only_remembered_accuses_nobody() -> None:
    now = sheet(workload(), seen(ARTIFACT, DIGEST))
    before = sheet(link(WORKLOAD, Relation.LOADS, ARTIFACT), stale=True, scope="kubernetes/prod-eu/other")
    assert audited(now, before, records=[record("fraud", State.RETIRED)]).rows() == []
    assert audited(now, before).rows() == []


# 13. Severity.


@pytest.mark.parametrize(
    ("told", "fields", "severity"),
    [
        ({}, {}, "high"),
        ({"environment": "production"}, {}, "critical"),
        ({"environment": "staging"}, {}, "medium"),
        ({"environment": "staging", "exposure": "public"}, {}, "high"),
        ({}, {"risk_class": "high"}, "critical"),
        ({"writes": True}, {}, "critical"),
    ],
)
def test_severity_is_a_table_whose_reasons_are_printed(told: dict[str, Any], fields: dict[str, Any], severity: str) -> None:
    estate = audited(sheet(workload(WORKLOAD, **told), *LOADS_IT[1:]), records=[record("fraud", State.RETIRED, **fields)])
    finding = estate.one("retired-but-running")
    assert finding.severity == severity
    assert finding.severity_because[0] == "retired-but-running is high"
    assert len(finding.severity_because) == 1 + len(told) + len(fields)


def test_an_endpoint_that_leads_to_a_workload_exposes_it() -> None:
    front = "endpoint:prod-eu/llm/ingress/gateway"
    told = (seen(front, exposure="public", authenticated=False), link(front, Relation.ROUTES, WORKLOAD))
    finding = audited(sheet(*LOADS_IT, *told), records=[record("fraud", State.RETIRED)]).one("retired-but-running")
    assert "reachable from the internet (+1)" in finding.severity_because


def test_a_finding_is_due_counted_from_when_it_was_first_seen() -> None:
    late = audited(sheet(*LOADS_IT), records=[record("fraud", State.RETIRED)]).one("retired-but-running")
    again = audited(sheet(*LOADS_IT), records=[record("fraud", State.RETIRED)], past=Past(first_seen={late.id: "2026-11-01T00:00:00Z"}))
    assert (late.due, again.one("retired-but-running").due) == ("2026-11-28", "2026-11-08")


def test_the_worst_comes_first() -> None:
    severities = [each.severity for each in audited(sheet(*LOADS_IT, *CALLS_IT), records=[record("fraud", State.REJECTED)]).judged.findings]
    assert severities == ["critical", "low"]


# 14. A waived finding is shown.


def test_a_waiver_marks_and_hides_nothing() -> None:
    from datetime import date

    waiver = Waiver("lead", "moves in December", check="retired-but-running", asset="workload:prod-eu/*", expires=date(2026, 12, 31))
    finding = audited(sheet(*LOADS_IT), records=[record("fraud", State.RETIRED)], waivers=(waiver,)).one("retired-but-running")
    assert finding.waived_by == "lead, until 2026-12-31: moves in December"


def test_a_copy_at_rest_is_no_clean_scan() -> None:
    estate = audited(sheet(seen("artifact:s3://ml-prod/fraud/model.safetensors", DIGEST)), records=[record("fraud")])
    assert [check for check, _, _ in estate.rows()] == ["deployed-not-running"]
    assert estate.judged.absent == ()


# Blind spots.


def test_each_unread_scope_is_a_finding_with_the_permission_to_add() -> None:
    denied = Gap("aws", "aws/1/iam", Reason.DENIED, "AccessDenied", "iam:ListUsers")
    finding = audited(sheet(), coverage=covered(gaps=[denied])).one("blind-spot")
    assert (finding.asset, finding.title) == ("aws/1/iam", "aws/1/iam was not seen: denied (iam:ListUsers)")


def test_a_record_with_faults_is_no_blind_spot() -> None:
    faulty = Gap("files", "registry/files/a.toml:1", Reason.PARTIAL, "no owner")
    estate = audited(sheet(), records=[record("fraud", State.RETIRED)], coverage=covered(gaps=[faulty]))
    assert estate.rows() == []
    assert estate.judged.absent == ("fraud",)


def test_a_finding_is_a_value() -> None:
    finding = audited(sheet(*LOADS_IT), records=[record("fraud", State.RETIRED)]).judged.findings[0]
    assert msgspec.json.decode(msgspec.json.encode(finding), type=type(finding)) == finding
