"""What a run comes to: the judgement held against the runs before, made into the report, and remembered."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import chain

import msgspec

from scanner import __version__
from scanner.coverage.tally import tally
from scanner.crawl import CrawlResult
from scanner.graph import Graph
from scanner.history import Compared, View, compare, roots
from scanner.history.backlog import in_force, marked
from scanner.judge import Judged, judge
from scanner.judge.case import Past
from scanner.model import Baseline, Coverage, Derived, Finding, Link, Match, Point, Relation, Report, Run, Scope, Sight
from scanner.reading import Registries
from scanner.runfile import last_hash
from scanner.session import Session, hashes
from scanner.store import Conclusion, RunHandle, Store
from scanner.tools import now

TREND = 60


class Concluded(msgspec.Struct, frozen=True):
    """A report, and what the store keeps beside it."""

    report: Report
    compared: Compared
    names: dict[str, str]
    clean: tuple[str, ...]


def concluded(
    session: Session, run: RunHandle, crawled: CrawlResult, registries: Registries, graph: Graph, derived: Derived, matches: list[Match]
) -> Concluded:
    """The findings of this run with their history, and the report of them."""
    store, request = session.store, session.request
    coverage = _with_registries(crawled.coverage, registries)
    names = roots(store.ledger.roots(), graph.assets, store.ledger.seen_keys())
    past = _past(store, names)
    config = request.config
    judged = Judged((), {})
    if registries.configured:
        judged = judge(
            graph, derived, matches, registries.records, coverage, config.policy, request.waivers, run.started,
            registries_read=registries.whole, past=past, partial=request.partial,
        )  # fmt: skip
    baseline = in_force(store.ledger.baseline(), config.policy.baseline)
    compared = _compared(session, run, judged, graph, coverage, names, registries, baseline)
    facts = _facts(session, run, crawled, registries)
    report = Report(
        run=facts,
        coverage=coverage,
        findings=_ordered(judged, compared),
        resolved=compared.closed,
        assets=tuple(graph.assets),
        links=graph.links,
        records=registries.records,
        matches=tuple(matches),
        trend=(*store.trend(TREND), _point(facts, compared, coverage)),
        counted=judged.counted,
        judged=registries.configured,
        registries_whole=registries.whole,
        baseline=baseline,
    )
    return Concluded(report, compared, names, judged.absent)


def remembered(session: Session, run: RunHandle, registries: Registries, result: Concluded) -> None:
    """Keeps everything in one transaction: a run is there whole, or is begun again."""
    report = result.report
    for name in registries.read_whole:
        session.store.count_registry(run, name, registries.counts[name])
    session.store.save(
        run,
        Conclusion(
            findings=result.compared.findings,
            closed=result.compared.closed,
            assets=report.assets,
            links=report.links,
            coverage=report.coverage,
            point=report.trend[-1],
            names=result.names,
            clean=result.clean,
            partial=session.request.partial,
            facts=msgspec.json.encode(report.run).decode(),
            records=report.records,
        ),
    )
    if session.request.kept:
        keep = session.request.config.store
        session.store.prune(keep.keep_runs, _before(report.run.finished, keep.keep_days))


def _before(moment: str, days: int) -> str:
    return (datetime.fromisoformat(moment) - timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ")


def _past(store: Store, names: dict[str, str]) -> Past:
    known = store.previous_findings()
    first = {finding.id: finding.first_seen for finding in known if finding.first_seen}
    consumers = readers(chain(store.ledger.links(), *(finding.chain for finding in known if finding.check == "orphaned-credential")))
    return Past(
        first_keys=names, clean_scans=store.ledger.clean_scans(), seen=store.ledger.seen_keys(), first_seen=first, consumers=consumers
    )


def readers(links: Iterable[Link]) -> dict[str, tuple[Link, ...]]:
    """What read each credential: in the last run, or by an orphan's own chain before that."""
    found: dict[str, dict[str, Link]] = {}
    for link in links:
        if link.relation is Relation.READS:
            found.setdefault(link.target, {}).setdefault(link.source, link)
    return {credential: tuple(readers.values()) for credential, readers in found.items()}


def _compared(
    session: Session, run: RunHandle, judged: Judged, graph: Graph, coverage: Coverage, names: dict[str, str], registries: Registries,
    baseline: Baseline | None,
) -> Compared:  # fmt: skip
    store = session.store
    seen = store.ledger.coverage()
    before = View(seen, {asset.key: asset for asset in store.ledger.assets()}) if seen else None
    compared = compare(
        store.previous_findings(),
        judged.findings,
        before=before,
        after=View(coverage, graph.inventory.assets),
        when=run.started,
        names=names,
        already_closed=store.ledger.closed(),
        sight_changed=store.ledger.hashes() not in ({}, hashes(session)),
        registries_whole=registries.whole,
        partial=session.request.partial,
    )
    return msgspec.structs.replace(compared, findings=marked(compared.findings, baseline), closed=marked(compared.closed, baseline))


def _ordered(judged: Judged, compared: Compared) -> tuple[Finding, ...]:
    """Worst first, as judged; what is lost from sight after it."""
    place = {finding.id: number for number, finding in enumerate(judged.findings)}
    return tuple(sorted(compared.findings, key=lambda finding: (place.get(finding.id, len(place)), finding.id)))


def _with_registries(coverage: Coverage, registries: Registries) -> Coverage:
    """A registry is a source too: it stands in the coverage with its gaps."""
    scopes = [
        Scope(
            f"registry/{name}", name, Sight.READ if name in registries.read_whole else Sight.PARTLY, int(name in registries.read_whole), 1
        )
        for name in registries.counts
    ]
    return Coverage(tuple(sorted((*coverage.scopes, *scopes), key=lambda scope: scope.path)), (*coverage.gaps, *registries.gaps))


def _facts(session: Session, run: RunHandle, crawled: CrawlResult, registries: Registries) -> Run:
    request, organisation = session.request, session.request.config.organisation
    return Run(
        id=run.id,
        started=run.started,
        finished=now(),
        partial=request.partial,
        organisation=organisation.name,
        timezone=organisation.timezone,
        versions={"gnomon": __version__, "detector": session.detector.version},
        hashes=hashes(session),
        sources=crawled.sources,
        registries=tuple(registries.counts),
        self_declared=request.self_declared,
        previous=None if request.stdout else last_hash(request.config.output),
    )


def _point(facts: Run, compared: Compared, coverage: Coverage) -> Point:
    counts: dict[str, int] = {}
    for finding in compared.findings:
        if finding.waived_by is None:
            counts[finding.check] = counts.get(finding.check, 0) + 1
    seen = tally(coverage)
    return Point(facts.id, facts.finished, counts, seen.read, seen.total)
