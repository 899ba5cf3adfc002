"""The line: config -> connectors -> observations -> store -> assets -> derived AI -> matches -> verdicts -> findings -> reports.

Read this file first. Each stage is a function over plain values in a module of its own; data moves to the right.
"""

from pathlib import Path

import msgspec

from scanner import conclusion
from scanner.crawl import CrawlResult, crawl
from scanner.delivery import delivered, ready, reporters
from scanner.derive import derive
from scanner.executor import open_executor
from scanner.graph import Graph
from scanner.model import Report
from scanner.reading import read
from scanner.reconcile import reconcile
from scanner.request import Request
from scanner.resolve import resolve
from scanner.session import Session, config_hash, opened
from scanner.store import RunHandle
from scanner.terminal import Watch
from scanner.tools import now, present


class Outcome(msgspec.Struct, frozen=True):
    """What a run came to: its report, the files it wrote, and what is to be said of those it could not write."""

    report: Report
    files: tuple[Path, ...]
    failed: tuple[str, ...] = ()


def scan(request: Request, watch: Watch) -> Outcome:
    """One run, whole: reads every source and registry, judges, remembers, reports."""
    present(request.config)
    ready(request)
    with opened(request, watch) as session:
        store, made = session.store, reporters(request, session.tools())
        run = store.begin(config_hash(request.config), request.partial, now())
        crawled = _crawled(session, run)
        registries = read(request.config.registry, session.tools(), store.registry_count)
        inventory = resolve(store.sheets())
        graph = Graph(inventory)
        derived = derive(graph)
        matches = reconcile(inventory, derived, registries.records, store.linked())
        result = conclusion.concluded(session, run, crawled, registries, graph, derived, matches)
        written = delivered(result.report, request, made)
        conclusion.remembered(session, run, registries, result)
    return Outcome(result.report, written.files, written.failed)


def _crawled(session: Session, run: RunHandle) -> CrawlResult:
    config, request = session.request.config, session.request
    with open_executor(config.engine) as executor:
        crawled = crawl(
            session.sources(),
            session.store,
            executor,
            run,
            detector_version=session.detector.version,
            now=now,
            partial=request.partial,
            types=[source.type for source in config.source],
            not_used=config.organisation.not_used,
            max_observations=config.engine.max_observations,
            progress=lambda source, listed, done: session.watch.units(source, done, listed),
        )
    for one in crawled.sources:
        counted = f"{one.read} read, {one.unchanged} unchanged of {one.units}; {one.requests} requests, {one.seconds:.1f} s"
        session.watch.note(f"{one.name}: {counted}")
    return crawled
