"""One source of a run: its listing and its units, side by side, no more than `concurrency` units at a time.

The listing runs in a thread of its own and waits for room; whatever happens arrives in one inbox, and only the thread
that empties it writes to the store.
"""

import queue
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Executor, Future

import msgspec

from scanner.contracts import Connector, Seen, SourceSettings
from scanner.crawl.limiter import Ceiling
from scanner.crawl.outcome import Keeper
from scanner.crawl.reading import Outcome, Read, defect_of, read, sound_gap
from scanner.errors import ReadError, UsageError
from scanner.model import Gap, Reason, Unit

FOREVER = 3600.0


class Source(msgspec.Struct, frozen=True):
    """One [[source]], ready to connect.

    `settings_hash` covers every setting that decides what is seen, and none that does not (name, concurrency, max_seconds).
    `connect` is asked for the connector wherever a unit runs: it gives the same one again, and is picklable for executors elsewhere.
    """

    name: str
    type: str
    settings: SourceSettings
    settings_hash: str
    connect: Callable[[], Connector]
    limiter: Ceiling


class _Principal(msgspec.Struct, frozen=True):
    name: str | Mapping[str, str]


class _Listed(msgspec.Struct, frozen=True):
    error: BaseException | None


class _Done(msgspec.Struct, frozen=True):
    unit: Unit
    future: Future[Read]


class _Flight(msgspec.Struct):
    unit: Unit
    future: Future[Read]
    since: float


class Stop(msgspec.Struct, frozen=True):
    """The run ends now; what is stored can be resumed."""


class SourceCrawl:
    """Reads one source. `run` returns when every unit was read, found unchanged, failed or given up."""

    def __init__(
        self, source: Source, connector: Connector, keeper: Keeper, executor: Executor, most: int, clock: Callable[[], float]
    ) -> None:
        self._source, self._connector, self._keeper, self._executor = source, connector, keeper, executor
        self._most, self._clock = most, clock
        self.inbox: queue.SimpleQueue[_Principal | Unit | Gap | _Listed | _Done | Stop] = queue.SimpleQueue()
        self._room = threading.Semaphore(source.settings.concurrency)
        self._ended = threading.Event()
        self._flights: dict[str, _Flight] = {}
        self._listing = True
        self._stopped = False
        self._heard = clock()

    def run(self, seen: Seen) -> None:
        """Reads the source; every outcome goes to the keeper."""
        threading.Thread(target=self._list, args=(seen,), daemon=True, name=f"list {self._source.name}").start()
        try:
            while (self._listing or self._flights) and not self._stopped:
                self._next()
        finally:
            self._ended.set()
            self._room.release()
        if not self._stopped:
            self._keeper.finish()

    def _list(self, seen: Seen) -> None:
        error: BaseException | None = None
        try:
            self.inbox.put(_Principal(self._connector.principal()))
            for item in self._connector.units(seen):
                if isinstance(item, Unit):
                    self._room.acquire()
                if self._ended.is_set():
                    return
                self.inbox.put(item)
        except BaseException as raised:  # noqa: BLE001 - the coordinator makes the gap
            error = raised
        self.inbox.put(_Listed(error))

    def _next(self) -> None:
        try:
            event = self.inbox.get(timeout=self._patience())
        except queue.Empty:
            self._give_up()
            return
        self._handle(event)
        self._give_up()

    def _handle(self, event: _Principal | Unit | Gap | _Listed | _Done | Stop) -> None:
        self._heard = self._clock()
        match event:
            case _Principal(name=name):
                self._keeper.begin(name, self._connector.version)
            case Unit():
                self._unit(event)
            case Gap():
                self._keeper.listing_gap(sound_gap(event, self._source.name))
            case _Listed(error=UsageError() as error):
                raise error  # the config is wrong, such as a variable that is not set: nothing that the source said
            case _Listed(error=error):
                self._listing = False
                self._keeper.listed(error)
            case _Done(unit=unit, future=future):
                self._done(unit, future)
            case Stop():
                self._stopped = True

    def _unit(self, unit: Unit) -> None:
        if not self._keeper.wants(unit):
            self._room.release()
            return
        future = self._executor.submit(read, self._source.connect, unit, self._source.name, self._most)
        self._flights[unit.key] = _Flight(unit, future, self._clock())
        future.add_done_callback(lambda done: self.inbox.put(_Done(unit, done)))

    def _done(self, unit: Unit, future: Future[Read]) -> None:
        if self._flights.pop(unit.key, None) is None:
            return  # given up before; what it says now comes too late
        self._room.release()
        error = future.exception()
        if error is None:
            self._keeper.keep(unit, future.result())
        else:
            self._keeper.keep(unit, Read(Outcome.FAILED, gaps=(defect_of(error, self._source.name, unit.scope),)))

    def _patience(self) -> float:
        """Seconds until something is overdue."""
        starts = [self._start(flight) for flight in self._flights.values()] or [self._heard]
        return min(max(min(starts) + self._source.settings.max_seconds - self._clock(), 0.001), FOREVER)

    def _start(self, flight: _Flight) -> float:
        if not flight.future.running() and not flight.future.done():
            flight.since = self._clock()
        return flight.since

    def _give_up(self) -> None:
        limit = self._source.settings.max_seconds
        for flight in list(self._flights.values()):
            if self._clock() - self._start(flight) >= limit and not flight.future.done():
                self._abandon(flight)
        if self._listing and not self._flights and self._clock() - self._heard >= limit:
            self._listing = False
            self._ended.set()
            self._keeper.listed(_Silent(f"the listing was silent for {limit:g} seconds", remedy="raise max_seconds of this source"))

    def _abandon(self, flight: _Flight) -> None:
        del self._flights[flight.unit.key]
        self._room.release()
        self._heard = self._clock()  # the listing may have waited for room until now
        flight.future.cancel()
        detail = f"given up after {self._source.settings.max_seconds:g} seconds"
        gap = Gap(self._source.name, flight.unit.scope, Reason.LIMIT, detail, "raise max_seconds of this source")
        self._keeper.keep(flight.unit, Read(Outcome.FAILED, gaps=(gap,)))


class _Silent(ReadError):
    reason = Reason.LIMIT
