"""Blinding any place never adds a verdict that something is gone: the less is seen, the less is said.

Estates, registries and blind spots are made at random; whatever they are, what a blind run calls gone was called gone with full sight.
"""

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from scanner.judge import Policy
from scanner.judge.case import Past
from scanner.model import ApprovedScope, Observation, Record, Relation, Sheet, State
from tests.made import audited, covered, gap, link, record, seen, sheet, workload

GONE = frozenset({"ghost-record", "deployed-not-running", "retirement-proved", "orphaned-credential", "waiver-unused"})
ACCUSING = frozenset(
    {"retired-but-running", "rejected-but-running", "suspended-but-running", "unregistered-running", "version-drift", "scope-drift"}
)
SCOPES = ("kubernetes/prod-eu/llm", "kubernetes/prod-us/web", "aws/1/s3/ml-prod", "aws/1/iam", "github/acme/payments#content")
DIGESTS = tuple(f"sha256:{number:064x}" for number in range(4))
KEY, REPO = "credential:aws/1/access-key/AKIA", "repo:acme/payments"

digests = st.sampled_from(DIGESTS)
states = st.sampled_from(tuple(State))


@st.composite
def told(draw: st.DrawFn, scope: str) -> tuple[Observation, ...]:
    """What one place holds: a workload, weights or code, and perhaps the use of a key."""
    digest = draw(digests)
    if scope.startswith("kubernetes"):
        name = f"workload:{scope.partition('/')[2]}/deployment/{draw(st.sampled_from('ab'))}"
        weights = f"artifact:s3://ml-prod/{digest[-1]}"
        reads = (link(name, Relation.READS, KEY),) if draw(st.booleans()) else ()
        runs = workload(name, running=draw(st.booleans()), cluster=scope.split("/")[1])
        return (runs, seen(weights, digest), link(name, Relation.LOADS, weights), *reads)
    if scope.endswith("s3/ml-prod"):
        return (seen(f"artifact:s3://ml-prod/{digest[-1]}", digest),)
    if scope.endswith("iam"):
        used = draw(st.sampled_from((None, "2026-01-01T00:00:00Z", "2026-11-20T00:00:00Z")))
        return (
            seen(
                KEY,
                provider="openai",
                type="access-key",
                created="2025-12-01T00:00:00Z",
                last_used_known=True,
                last_used=used,
                usable_from=("*",),
            ),
        )
    model = f"model:acme/payments:own/{digest[-1]}"
    return (seen(REPO), seen(model, digest, context="production"), link(REPO, Relation.USES, model))


@st.composite
def estates(draw: st.DrawFn) -> tuple[list[Sheet], list[Record]]:
    """Sheets of some places, and records of some models."""
    sheets = [sheet(*draw(told(scope)), scope=scope) for scope in SCOPES if draw(st.booleans())]
    clusters = st.sampled_from(((), ("prod-eu",), ("prod-us",), ("edge",)))
    records = [
        record(f"r{number}", draw(states), draw(digests), approved_scope=ApprovedScope(clusters=draw(clusters)))
        for number in range(draw(st.integers(0, 4)))
    ]
    return sheets, records


def said(sheets: list[Sheet], records: list[Record], blind: frozenset[str], checks: frozenset[str]) -> set[tuple[str, str]]:
    """What is found, by check and record: where a place is blind, what it held last time is kept and stale."""
    known = [Sheet(each.source, each.scope, each.scope in blind, each.observations) for each in sheets]
    coverage = covered(*SCOPES, gaps=[gap(scope) for scope in sorted(blind)])
    past = Past(clean_scans={each.id: 9 for each in records})
    estate = audited(*known, records=records, coverage=coverage, past=past, policy=Policy(near_misses=0))
    return {(each.check, each.record or each.asset) for each in estate.judged.findings if each.check in checks}


@settings(max_examples=150, deadline=None)
@given(estates(), st.frozensets(st.sampled_from(SCOPES), min_size=1))
def test_blinding_never_adds_a_verdict_that_something_is_gone(made: tuple[list[Sheet], list[Record]], blind: frozenset[str]) -> None:
    sheets, records = made
    assert said(sheets, records, blind, GONE) <= said(sheets, records, frozenset(), GONE)


@settings(max_examples=150, deadline=None)
@given(estates(), st.frozensets(st.sampled_from(SCOPES), min_size=1))
def test_what_is_only_remembered_accuses_nobody(made: tuple[list[Sheet], list[Record]], blind: frozenset[str]) -> None:
    sheets, records = made
    known = [Sheet(each.source, each.scope, each.scope in blind, each.observations) for each in sheets]
    coverage = covered(*SCOPES, gaps=[gap(scope) for scope in sorted(blind)])
    estate = audited(*known, records=records, coverage=coverage, policy=Policy(near_misses=0))
    accused = {each.asset for each in estate.judged.findings if each.check in ACCUSING}
    assert not any(estate.inventory.assets[key].stale for key in accused)


def claims(findings: set[tuple[str, str]]) -> set[tuple[str, str]]:
    """A ghost and a deployed model that lies at rest make one claim, that it does not run; a bucket cannot disprove it."""
    return {("not-running" if check in ("ghost-record", "deployed-not-running") else check, name) for check, name in findings}


@settings(max_examples=150, deadline=None)
@given(estates(), st.frozensets(st.sampled_from(SCOPES[:4]), min_size=1))
def test_what_was_never_seen_is_never_called_gone(made: tuple[list[Sheet], list[Record]], blind: frozenset[str]) -> None:
    """The first run: a blind place left no memory. A record that may run anywhere needs every place that can run models."""
    sheets, scoped = made
    records = [msgspec.structs.replace(each, approved_scope=ApprovedScope()) for each in scoped]
    coverage = covered(*SCOPES, gaps=[gap(scope) for scope in sorted(blind)])
    past = Past(clean_scans={each.id: 9 for each in records})
    seen_ones = [each for each in sheets if each.scope not in blind]
    estate = audited(*seen_ones, records=records, coverage=coverage, past=past, policy=Policy(near_misses=0))
    gone = {(each.check, each.record or each.asset) for each in estate.judged.findings if each.check in GONE}
    assert claims(gone) <= claims(said(sheets, records, frozenset(), GONE))
