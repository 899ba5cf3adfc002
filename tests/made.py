"""Values made by hand for the tests of the stages: small estates, and the line from sheets to findings."""

from collections.abc import Iterable
from typing import Any

import msgspec

from scanner.derive import derive
from scanner.graph import Graph
from scanner.judge import Judged, Policy, judge
from scanner.model import (
    Coverage,
    Derived,
    Evidence,
    Finding,
    Gap,
    Inventory,
    Kind,
    Link,
    Match,
    Observation,
    Reason,
    Record,
    Relation,
    Scope,
    Sheet,
    Sight,
    Sighting,
    State,
    Transition,
)
from scanner.reconcile import reconcile
from scanner.resolve import resolve

NOW = "2026-11-21T07:00:00Z"
WORKLOAD = "workload:prod-eu/llm/deployment/gateway"
ARTIFACT = "artifact:s3://ml-prod/fraud/model.safetensors"
REPO = "repo:acme/payments"
MODEL = "model:acme/payments:openai/gpt-x"
DIGEST = "sha256:" + "a" * 64
READ = ("github/acme/payments#content", "kubernetes/prod-eu/llm", "aws/1/s3/ml-prod", "aws/1/iam", "aws/1/eu-west-1/sagemaker")


def seen(key: str, *identifiers: str, **attributes: Any) -> Sighting:
    """A sighting whose kind is its key's."""
    kind = key.partition(":")[0]
    return Sighting(
        key, Kind.REPOSITORY if kind == "repo" else Kind(kind), identifiers, attributes, (Evidence(f"test:{key}", "made-by-hand"),)
    )


def workload(key: str = WORKLOAD, *identifiers: str, **attributes: Any) -> Sighting:
    """A running workload."""
    return seen(key, *identifiers, **{"running": True, "cluster": "prod-eu", "namespace": "llm", **attributes})


def link(source: str, relation: Relation, target: str) -> Link:
    """A link with evidence."""
    return Link(source, relation, target, (Evidence(f"test:{source}", "made-by-hand"),))


def sheet(*observations: Observation, scope: str = "kubernetes/prod-eu/llm", stale: bool = False, source: str = "test") -> Sheet:
    """What one unit told."""
    return Sheet(source, scope, stale, observations)


def record(identity: str = "fraud", state: State = State.DEPLOYED, *identifiers: str, **fields: Any) -> Record:
    """A complete record."""
    complete = {
        "name": identity,
        "version": "1",
        "registry": "files",
        "where": f"registry/{identity}.toml:1",
        "owner": "fraud-team",
        "owner_person": "jdoe",
        "approver": "governance",
        "use_case": "fraud scoring",
        "business_purpose": "Scores card payments for fraud",
        "risk_class": "limited",
        "framework": "pytorch 2.7",
        "source_repository": "repo:acme/models",
        "transitions": (Transition(state, "2026-03-03T00:00:00Z"),),
    }
    return Record(id=identity, state=state, identifiers=identifiers or (DIGEST,), **{**complete, **fields})


def covered(*paths: str, gaps: Iterable[Gap] = ()) -> Coverage:
    """A coverage in which these places, or all of READ, were read whole."""
    names = {above for path in paths or READ for above in _parents(path)}
    read = [Scope(path, "test", Sight.READ, 1, 1) for path in sorted(names)]
    missing = tuple(gaps)
    denied = {gap.scope for gap in missing}
    scopes = [msgspec.structs.replace(scope, sight=Sight.DENIED, read=0) if scope.path in denied else scope for scope in read]
    return Coverage(tuple(scopes), missing)


def _parents(path: str) -> Iterable[str]:
    while path:
        yield path
        path = path.rpartition("/")[0]


def gap(scope: str, reason: Reason = Reason.DENIED) -> Gap:
    """A place that was not read."""
    return Gap("test", scope, reason, "403", "grant list")


class Estate(msgspec.Struct, frozen=True):
    """Every stage's value, for a test that looks at one of them."""

    inventory: Inventory
    graph: Graph
    derived: Derived
    matches: list[Match]
    judged: Judged

    def rows(self, *without: str) -> list[tuple[str, str, str | None]]:
        """Check, asset and record of each finding, sorted."""
        return sorted((each.check, each.asset, each.record) for each in self.judged.findings if each.check not in without)

    def one(self, check: str) -> Finding:
        """The one finding of a check."""
        (found,) = [each for each in self.judged.findings if each.check == check]
        return found


def audited(*sheets: Sheet, records: Iterable[Record] = (), coverage: Coverage | None = None, **options: Any) -> Estate:
    """The whole line."""
    known = tuple(records)
    inventory = resolve(sheets)
    graph = Graph(inventory)
    derived = derive(graph)
    matches = reconcile(inventory, derived, known, options.pop("linked", None))
    policy, waivers, now = options.pop("policy", Policy()), options.pop("waivers", ()), options.pop("now", NOW)
    judged = judge(graph, derived, matches, known, coverage or covered(), policy, waivers, now, **options)
    return Estate(inventory, graph, derived, matches, judged)
