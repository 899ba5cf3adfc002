"""Sources to observations and gaps: skip what did not change, isolate what breaks, resume what was killed.

A source is read after the types it names in `after`; the others are read side by side. docs/decisions/0011-crawl-and-store.md
"""

import time
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from graphlib import CycleError, TopologicalSorter

import msgspec

from scanner.contracts import Connector, Seen
from scanner.coverage import Told, build, common, root
from scanner.crawl.limiter import Ceiling
from scanner.crawl.outcome import Keeper, Place
from scanner.crawl.source import Source, SourceCrawl, Stop
from scanner.errors import UsageError
from scanner.model import Coverage, Gap, Link, Reason, Sight, Sighting, SourceRun
from scanner.store import RunHandle, State, Store

__all__ = ["Ceiling", "CrawlResult", "Source", "crawl"]


class CrawlResult(msgspec.Struct, frozen=True):
    """What was seen of the estate, and by whom; the observations themselves are in the store."""

    coverage: Coverage
    sources: tuple[SourceRun, ...]


class _Part(msgspec.Struct, frozen=True):
    told: list[Told]
    gaps: list[Gap]
    run: SourceRun | None = None


def _silent(_source: str, _listed: int, _done: int) -> None:
    """No progress is shown."""


def crawl(
    sources: Sequence[Source],
    store: Store,
    executor: Executor,
    run: RunHandle,
    *,
    detector_version: str,
    now: Callable[[], str],
    partial: bool = False,
    types: Collection[str] = (),
    not_used: Collection[str] = (),
    max_observations: int = 2_000_000,
    progress: Callable[[str, int, int], None] = _silent,
    clock: Callable[[], float] = time.monotonic,
) -> CrawlResult:
    """Reads every source into the store. `types` are those of all configured sources; `progress` gets source, listed, done.

    Raises UsageError where a source cannot be connected to as configured, and StoreError; what a source answers is never raised.
    """
    connectors = {source.name: source.connect() for source in sources}

    def one(source: Source) -> _Part:
        place = Place(run.id, source.name, source.type, source.settings_hash, detector_version)
        keeper = Keeper(store, place, now, progress)
        connector = connectors[source.name]
        crawling = SourceCrawl(source, connector, keeper, executor, max_observations, clock)
        inboxes.append(crawling)
        started = clock()
        crawling.run(_seen(store, connector.after))
        return _Part(keeper.told, keeper.gaps, _source_run(source, keeper, clock() - started))

    inboxes: list[SourceCrawl] = []
    parts: list[_Part] = []
    for batch in _batches(sources, connectors):
        with ThreadPoolExecutor(len(batch)) as coordinators:
            try:
                parts += coordinators.map(one, batch)
            except BaseException:
                _stop(inboxes)
                raise
    parts += _not_crawled(store, {source.name for source in sources}, partial)
    told = [each for part in parts for each in part.told]
    gaps = [each for part in parts for each in part.gaps]
    elsewhere = store.units.sources().values() if partial else ()
    coverage = build(told, gaps, {*types, *elsewhere, *(source.type for source in sources)}, not_used)
    return CrawlResult(coverage, tuple(sorted((part.run for part in parts if part.run), key=lambda each: each.name)))


def _batches(sources: Sequence[Source], connectors: dict[str, Connector]) -> Iterator[list[Source]]:
    """Sources that may be read side by side, after those they ask for."""
    present = {source.type for source in sources}
    asked = {source.type: set[str]() for source in sources}
    for source in sources:
        asked[source.type] |= {kind for kind in connectors[source.name].after if kind in present and kind != source.type}
    order = TopologicalSorter(asked)
    try:
        order.prepare()
    except CycleError as error:
        raise UsageError(f"sources wait for each other: {' -> '.join(error.args[1])}") from error
    while order.is_active():
        ready = order.get_ready()
        yield [source for source in sources if source.type in ready]
        order.done(*ready)


def _seen(store: Store, after: tuple[str, ...]) -> Seen:
    names = [name for name, kind in store.units.sources().items() if kind in after] if after else []
    found = [each for sheet in store.sheets(names) for each in sheet.observations] if names else []
    links = tuple(each for each in found if isinstance(each, Link))
    return Seen(tuple(each for each in found if isinstance(each, Sighting)), links)


def _source_run(source: Source, keeper: Keeper, seconds: float) -> SourceRun:
    spent = source.limiter
    return SourceRun(
        source.name,
        source.type,
        keeper.principal,
        keeper.units,
        keeper.read,
        keeper.unchanged,
        spent.requests,
        spent.bytes,
        round(seconds, 3),
    )


def _stop(crawling: list[SourceCrawl]) -> None:
    for each in crawling:
        each.inbox.put(Stop())


def _not_crawled(store: Store, crawled: set[str], partial: bool) -> Iterator[_Part]:
    """What other sources saw in earlier runs protects, and is named as not read."""
    for name, kind in sorted(store.units.sources().items()):
        units = [unit for unit in store.units.known(name).values() if unit.state is not State.GONE] if name not in crawled else []
        if units:
            yield _Part(
                [_old(name, unit.scope, unit.held) for unit in units], [_absent(name, kind, [unit.scope for unit in units], partial)]
            )


def _old(source: str, scope: str, held: int) -> Told:
    return Told(source, scope, Sight.STALE if held else Sight.UNREAD, "its source was not part of this run")


def _absent(name: str, kind: str, scopes: list[str], partial: bool) -> Gap:
    scope = common(scopes) or root(kind)
    if partial:
        return Gap(name, scope, Reason.SKIPPED, "this partial run did not read it", "run without --source, --org and --path")
    remedy = f"configure it again, or give up what it saw: gnomon forget --source {name}"
    return Gap(name, scope, Reason.NO_SOURCE, "the config no longer has this source", remedy)
