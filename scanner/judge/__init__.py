"""Matches, graph and coverage to findings: one small function for each check, all knowledge in tables.

`checks` below is the whole of it, in the order of docs/verdicts.md. A check yields verdicts; findings.py gives them words,
severity, owner, due date and id.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

import msgspec

from scanner.bulk import uncollected
from scanner.judge.policy import Policy
from scanner.model import Coverage, Derived, Finding, Match, Record, Severity

if TYPE_CHECKING:
    from scanner.governance.waivers import Waiver
    from scanner.graph import Graph
    from scanner.judge.case import Case, Past, Verdict

NEAR_MISSES_AT_MOST = 500
"""Findings of the worst severities that get their near misses at once; `gnomon explain` computes any other's when it is shown."""
SEVERITIES = tuple(Severity)


class Judged(msgspec.Struct, frozen=True):
    """The findings, worst first; what was counted rather than judged, by what it is.

    `absent`: ids of the records that a complete scan saw nothing of; so many in a row prove a retirement.
    """

    findings: tuple[Finding, ...]
    counted: Mapping[str, int]
    absent: tuple[str, ...] = ()


@uncollected
def judge(
    graph: "Graph",
    derived: Derived,
    matches: Iterable[Match],
    records: Iterable[Record],
    coverage: Coverage,
    policy: Policy,
    waivers: "tuple[Waiver, ...]" = (),
    now: str = "",
    *,
    registries_read: bool = True,
    past: "Past | None" = None,
    partial: bool = False,
) -> Judged:
    """Every finding of one run.

    `registries_read`: every registry was read whole; otherwise nothing is called unregistered. `past` is what earlier runs know.
    `partial`: the run was told to read only a part of the estate. `now` is ISO 8601 in UTC.
    """
    from scanner.governance.waivers import waived
    from scanner.judge.case import Case, Past
    from scanner.judge.findings import finding
    from scanner.judge.waived import waiver_verdicts

    case = Case(graph, derived, matches, records, coverage, policy, waivers, now, registries_read, past or Past(), partial)
    findings = [finding(case, verdict) for verdict in checks(case)]
    findings += [finding(case, verdict) for verdict in waiver_verdicts(case, findings)]
    once = {each.id: each for each in reversed(findings)}
    ordered = sorted(once.values(), key=lambda each: (SEVERITIES.index(each.severity), each.check, each.asset, each.id))
    return Judged(
        tuple(_with_near_misses(case, waived(ordered, waivers, now))), dict(sorted(case.counted.items())), tuple(sorted(case.absent))
    )


def checks(case: "Case") -> "Iterator[Verdict]":
    """Every check over one run's values."""
    from scanner.judge.about_records import about_records, conflicts
    from scanner.judge.credentials import credentials, identities
    from scanner.judge.end_of_life import end_of_life
    from scanner.judge.exposure import agents, endpoints
    from scanner.judge.matrix import placed
    from scanner.judge.sight import blind_spots
    from scanner.judge.unseen import unseen

    for check in (placed, unseen, conflicts, about_records, end_of_life, credentials, identities, endpoints, agents, blind_spots):
        yield from check(case)


def _with_near_misses(case: "Case", findings: list[Finding]) -> Iterator[Finding]:
    from scanner.judge.near import Names, may_look_alike

    names, left = Names(case.records), _affordable(case)
    for each in findings:
        subject = case.assets.get(each.subject or each.asset)
        if left and subject and may_look_alike(each):
            left -= 1
            yield msgspec.structs.replace(each, near_misses=names.like(subject, case.policy.near_miss, case.policy.near_misses))
        else:
            yield each


def _affordable(case: "Case") -> int:
    """A large registry makes each look-up dearer: a second in all, whatever its size."""
    return min(NEAR_MISSES_AT_MOST, 20_000_000 // max(1, len(case.records))) if case.policy.near_misses else 0


__all__ = ["Judged", "Policy", "judge"]
