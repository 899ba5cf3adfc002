"""All that Gnomon remembers, in SQLite or PostgreSQL. The only package in scanner/ that knows SQL.

It holds the map of an organisation's AI, so a SQLite file is 0600; it never holds content or a secret's value.
"""

from collections.abc import Collection, Iterator, Mapping
from threading import Lock
from types import TracebackType

import msgspec
from sqlalchemy import Engine

from scanner.model import Asset, Coverage, Finding, Link, Point, Record, Sheet
from scanner.store import ledger, lock, runs
from scanner.store.database import open_engine, sqlite_file, transaction, vacuum
from scanner.store.facts import FactsCache
from scanner.store.held import Known, Reading, State, Versions, decode, encode
from scanner.store.ledger import Ledger
from scanner.store.migrations import migrate
from scanner.store.runs import RunHandle
from scanner.store.units import Units, clear_gone

__all__ = ["Conclusion", "Known", "Reading", "RunHandle", "State", "Store", "Units", "Versions", "decode", "encode", "open_store"]


def open_store(url: str, password: str | None = None) -> "Store":
    """The store at `sqlite:///path` or `postgresql://user@host/database`, brought up to date. Use it as a context manager.

    Raises StoreError where it cannot be reached, is broken, or was written by a newer Gnomon.
    """
    engine = open_engine(url, password)
    try:
        with transaction(engine, write=True) as connection:
            migrate(connection)
    except BaseException:
        engine.dispose()
        raise
    return Store(engine)


class Conclusion(msgspec.Struct, frozen=True):
    """What a run concluded. `findings` are open and `closed` are not (scanner.history.Compared); `names` come from its `roots`.

    `clean` are the ids of records that this complete scan saw nothing of; `facts` is the run as JSON. A partial run adds no
    point to the trend, counts no clean scan and is not what the next run compares its coverage with.
    """

    findings: tuple[Finding, ...]
    closed: tuple[Finding, ...]
    assets: Collection[Asset]
    links: Collection[Link]
    coverage: Coverage
    point: Point
    names: Mapping[str, str]
    clean: Collection[str] = ()
    partial: bool = False
    facts: str = "{}"
    records: Collection[Record] = ()


class Store:
    """An open store. Anyone may read it; only one run at a time holds it, from `begin` until it is closed."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._writing = Lock()
        self._lock: lock.Lock | None = None
        self._run: RunHandle | None = None
        self.units = Units(engine, self._writing)
        self.ledger = Ledger(engine, self._writing)
        self.facts = FactsCache(engine)

    def __enter__(self) -> "Store":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Gives the lock back. A run that was not saved can be resumed."""
        if self._lock is not None:
            self._lock.release()
            self._lock = None
        self._engine.dispose()

    def begin(self, config_hash: str, partial: bool, now: str) -> RunHandle:
        """Begins a run, or goes on with one of the same config that was killed. Raises StoreError where another run holds the store."""
        self._lock = self._lock or lock.take(self._engine)
        with self._writing, transaction(self._engine, write=True) as connection:
            self._run = runs.begin(connection, config_hash, partial, now)
        return self._run

    def sheets(self, sources: Collection[str] | None = None) -> Iterator[Sheet]:
        """What is known of every unit of these sources (of all). Once a run has begun, stale is what it did not read."""
        return self.units.sheets(sources, self._run.id if self._run else None)

    def previous_findings(self) -> tuple[Finding, ...]:
        """Every finding of earlier runs, resolved ones too, with its status after the last run."""
        return self.ledger.findings()

    def save(self, run: RunHandle, kept: Conclusion) -> None:
        """Keeps what a run concluded, and ends it, all in one transaction."""
        with self._writing, transaction(self._engine, write=True) as connection:
            ledger.put_findings(connection, run.id, kept.findings, is_open=True)
            ledger.put_findings(connection, run.id, kept.closed, is_open=False)
            ledger.put_inventory(connection, kept.assets, kept.links)
            ledger.put_names(connection, kept.names)
            if not kept.partial:
                ledger.put_clean(connection, kept.clean)
                ledger.put_point(connection, kept.point)
                ledger.put_coverage(connection, kept.coverage)
                ledger.put_records(connection, kept.records)
            clear_gone(connection)
            self.facts.flush(connection, kept.point.finished)
            runs.finish(connection, run.id, kept.point.finished, kept.facts)

    def trend(self, most: int) -> tuple[Point, ...]:
        """The last points of full runs, oldest first."""
        return self.ledger.trend(most)

    def linked(self) -> dict[str, tuple[str, ...]]:
        """The identifiers that people approved for a record, by the record's id."""
        return self.ledger.linked()

    def link(self, record: str, identifier: str, who: str, when: str, why: str) -> None:
        """Remembers that a person says this identifier is this record's."""
        self.ledger.link(record, identifier, who, when, why)

    def identifiers(self, asset: str) -> tuple[str, ...]:
        """The identifiers that an asset of the last run had; none where it has no such asset."""
        return self.ledger.identifiers(asset)

    def registry_count(self, name: str) -> int | None:
        """How many records a registry had when it was last read whole; None: never."""
        return self.ledger.registry_count(name)

    def count_registry(self, run: RunHandle, name: str, records: int) -> None:
        """Notes how many records a registry has, read whole."""
        self.ledger.count_registry(run.id, name, records)

    def forget(self, source: str, *, for_good: bool = False) -> int:
        """Gives up all that a source saw, on the word of the operator. Returns how many units that were; raises StoreError during a run.

        `for_good`: it will not be read again, so findings that lie nowhere else are closed: not resolved, but out of our sight.
        """
        self._lock = self._lock or lock.take(self._engine)
        known = self.units.known(source)
        self.units.forget(source, list(known))
        if for_good:
            self.ledger.close({unit.scope for unit in known.values()})
        return len(known)

    def compact(self) -> None:
        """Gives the room of what was forgotten back to the disk. Raises StoreError during a run."""
        self._lock = self._lock or lock.take(self._engine)
        if sqlite_file(self._engine) is not None:
            vacuum(self._engine)

    def prune(self, keep_runs: int, before: str) -> None:
        """Forgets old runs, and findings resolved and facts unused before a time. Raises StoreError during another run."""
        self._lock = self._lock or lock.take(self._engine)
        with self._writing, transaction(self._engine, write=True) as connection:
            runs.prune(connection, keep_runs, before)
