"""What every unit held when it was last read. A unit is replaced whole, in one transaction, or not at all."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from threading import Lock
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, Executable, Row, Table, and_, bindparam, case, delete, insert, select, update

from scanner.model import Gap, Observation, Sheet
from scanner.store.database import transaction
from scanner.store.facts import remember
from scanner.store.held import Known, Reading, State, Versions, decode, decode_gaps, encode
from scanner.store.tables import CHUNKS, SOURCES, UNITS
from scanner.store.upsert import upsert


class Units:
    """The units of all sources. Safe to use from several threads; writes are one after the other."""

    def __init__(self, engine: Engine, writing: Lock) -> None:
        self._engine = engine
        self._writing = writing

    def known(self, source: str) -> dict[str, Known]:
        """Every unit of a source that the store has."""
        with transaction(self._engine) as connection:
            rows = connection.execute(select(UNITS).where(UNITS.c.source == source)).all()
        return {row.key: _known(row) for row in rows}

    def sources(self) -> dict[str, str]:
        """The type of every source that has units, by name."""
        with transaction(self._engine) as connection:
            return {row.name: row.type for row in connection.execute(select(SOURCES.c.name, SOURCES.c.type))}

    def write(self, source: str, unit: tuple[str, str], run: str, versions: Versions, reading: Reading, now: str) -> None:
        """Replaces what is held of a unit, (key, scope), by what this run read of it."""
        key, scope = unit
        row = _row(source, key, scope, run, versions) | _outcome(reading, run)
        bodies = [(False, body) for body in reading.chunks] + [(True, body) for body in reading.stale]
        chunks = [{"source": source, "key": key, "number": n, "stale": stale, "body": body} for n, (stale, body) in enumerate(bodies)]
        with self._writing, transaction(self._engine, write=True) as connection:
            upsert(connection, UNITS, [row], update=row | _named(run, versions.eyes))
            connection.execute(delete(CHUNKS).where(CHUNKS.c.source == source, CHUNKS.c.key == key))
            if chunks:
                connection.execute(insert(CHUNKS), chunks)
            remember(connection, reading.learned, now)

    def fail(self, source: str, unit: tuple[str, str], run: str, versions: Versions, gaps: tuple[Gap, ...]) -> None:
        """Keeps what is held of a unit as stale: it could not be read. A unit that was never read is noted with nothing in it."""
        key, scope = unit
        row = _row(source, key, scope, run, versions) | _outcome(Reading(State.FAILED, None, gaps), None)
        kept = {
            "state": State.FAILED,
            "revision": None,
            "gaps": row["gaps"],
            "scope": scope,
            "listed_run": run,
            "listed_eyes": versions.eyes,
        }
        with self._writing, transaction(self._engine, write=True) as connection:
            upsert(connection, UNITS, [row], update=kept)
            connection.execute(update(CHUNKS).where(CHUNKS.c.source == source, CHUNKS.c.key == key).values(stale=True))

    def confirm(self, source: str, keys: Collection[str], run: str, eyes: str) -> None:
        """These units are named, and are as they were when they were last read."""
        self._each(UNITS, source, keys, _named(run, eyes) | {"read_run": run})

    def refresh(self, source: str, key: str, run: str, eyes: str) -> None:
        """A failed unit turned out to be as it was when it was read: what is held of it stands again."""
        units = update(UNITS).where(_unit(UNITS, source)).values(**_named(run, eyes), read_run=run, state=State.READ)
        self._many((update(CHUNKS).where(_unit(CHUNKS, source)).values(stale=False), units), [key])

    def missed(self, source: str, keys: Collection[str], run: str) -> None:
        """A complete listing, too short to be believed at once, did not name these units."""
        self._each(UNITS, source, keys, {"missed_run": run})

    def bury(self, source: str, keys: Collection[str], run: str) -> None:
        """These units are proved gone. Their names are kept until the run ends, so that it can say so even if it is killed first."""
        gone = {"state": State.GONE, "revision": None, "held": 0, "read_run": run}
        units = update(UNITS).where(_unit(UNITS, source)).values(**gone)
        self._many((delete(CHUNKS).where(_unit(CHUNKS, source)), units), keys)

    def forget(self, source: str, keys: Collection[str]) -> None:
        """Removes units that the operator says are gone."""
        self._many((delete(UNITS).where(_unit(UNITS, source)),), keys)

    def met(self, source: str, kind: str, principal: str, run: str) -> None:
        """A source of this type was read in this run, as this principal."""
        with self._writing, transaction(self._engine, write=True) as connection:
            upsert(connection, SOURCES, [{"name": source, "type": kind, "principal": principal, "run": run}])

    def observations(self, source: str, key: str) -> Iterator[Observation]:
        """All that is held of one unit, fresh or stale."""
        chunks = select(CHUNKS.c.body).where(CHUNKS.c.source == source, CHUNKS.c.key == key).order_by(CHUNKS.c.number)
        with transaction(self._engine) as connection:
            bodies = connection.execute(chunks).scalars().all()
        for body in bodies:
            yield from decode(body)

    def sheets(self, sources: Collection[str] | None, run: str | None) -> Iterator[Sheet]:
        """Every unit's observations; a unit with some that stand and some that are stale gives two sheets.

        Stale is what `run` did not read; with no run, what could not be read when it was last tried.
        """
        chunks = (
            select(UNITS.c.source, UNITS.c.key, UNITS.c.scope, UNITS.c.read_run, CHUNKS.c.stale, CHUNKS.c.body)
            .join(CHUNKS, (UNITS.c.source == CHUNKS.c.source) & (UNITS.c.key == CHUNKS.c.key))
            .order_by(UNITS.c.source, UNITS.c.key, CHUNKS.c.stale, CHUNKS.c.number)
        )
        if sources is not None:
            chunks = chunks.where(UNITS.c.source.in_(sources))
        with transaction(self._engine) as connection:
            rows = connection.execution_options(yield_per=100).execute(chunks)
            yield from _sheets(rows, run)

    def _each(self, table: Table, source: str, keys: Collection[str], values: Mapping[str, Any]) -> None:
        self._many((update(table).where(_unit(table, source)).values(**values),), keys)

    def _many(self, statements: Sequence[Executable], keys: Collection[str]) -> None:
        """Carries out the statements for every key, in one transaction."""
        units = [{"unit": key} for key in sorted(keys)]
        with self._writing, transaction(self._engine, write=True) as connection:
            for statement in statements if units else ():
                connection.execute(statement, units)


def clear_gone(connection: Connection) -> None:
    """Removes the units that the run which ends now proved gone."""
    connection.execute(delete(UNITS).where(UNITS.c.state == State.GONE))


def _sheets(rows: Iterable[Any], run: str | None) -> Iterator[Sheet]:
    for (source, _, stale), group in groupby(rows, key=lambda row: (row.source, row.key, row.stale)):
        chunks = list(group)
        old = stale or (run is not None and chunks[0].read_run != run)
        held = tuple(observation for row in chunks for observation in decode(row.body))
        yield Sheet(source, chunks[0].scope, old, held)


def _known(row: Row[Any]) -> Known:
    versions = Versions(row.settings_hash, row.connector, row.detector, row.principal)
    return Known(
        row.key,
        row.scope,
        State(row.state),
        row.revision,
        versions,
        row.listed_run,
        (row.listed_eyes, row.earlier_eyes),
        row.missed_run,
        row.read_run,
        row.held,
        decode_gaps(row.gaps),
    )


def _row(source: str, key: str, scope: str, run: str, versions: Versions) -> dict[str, Any]:
    return {
        "source": source,
        "key": key,
        "scope": scope,
        "settings_hash": versions.settings,
        "connector": versions.connector,
        "detector": versions.detector,
        "principal": versions.principal,
        "listed_run": run,
        "listed_eyes": versions.eyes,
        "missed_run": None,
    }


def _unit(table: Table, source: str) -> ColumnElement[bool]:
    return and_(table.c.source == source, table.c.key == bindparam("unit"))


def _named(run: str, eyes: str) -> dict[str, Any]:
    """A listing by these eyes names the unit; other eyes that named it before are remembered."""
    earlier = case((UNITS.c.listed_eyes == eyes, UNITS.c.earlier_eyes), else_=UNITS.c.listed_eyes)
    return {"listed_run": run, "listed_eyes": eyes, "earlier_eyes": earlier, "missed_run": None}


def _outcome(reading: Reading, run: str | None) -> dict[str, Any]:
    gaps = encode(reading.gaps)
    return {"state": reading.state, "revision": reading.revision, "read_run": run, "held": reading.held, "gaps": gaps}
