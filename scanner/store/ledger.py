"""What runs concluded: findings and their history, the inventory of the last run, the trend, what people approved."""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from threading import Lock

import msgspec
from sqlalchemy import Connection, Engine, delete, select, update

from scanner.model import Asset, Baseline, Coverage, Evidence, Finding, Link, Point, Record, Relation, Status
from scanner.store.bulk import fill
from scanner.store.database import transaction
from scanner.store.tables import APPROVALS, ASSETS, CLEAN, FINDINGS, LATEST, LINKS, NAMES, POINTS, REGISTRIES, RUNS
from scanner.store.upsert import upsert

_json = msgspec.json.Encoder(order="deterministic")
_evidence = msgspec.json.Decoder(tuple[Evidence, ...])


class _Facts(msgspec.Struct, frozen=True):
    """What the ledger itself asks of a run's facts."""

    hashes: Mapping[str, str] = {}


class Ledger:
    """The conclusions of runs."""

    def __init__(self, engine: Engine, writing: Lock) -> None:
        self._engine = engine
        self._writing = writing

    def findings(self) -> tuple[Finding, ...]:
        """Every finding ever, with its status after the last run, by id."""
        decoder = msgspec.json.Decoder(Finding)
        with transaction(self._engine) as connection:
            return tuple(decoder.decode(body) for body in connection.execute(select(FINDINGS.c.body).order_by(FINDINGS.c.id)).scalars())

    def closed(self) -> frozenset[str]:
        """The ids of findings that were resolved, or went because our sight changed."""
        with transaction(self._engine) as connection:
            return frozenset(connection.execute(select(FINDINGS.c.id).where(FINDINGS.c.open.is_(False))).scalars())

    def close(self, scopes: set[str]) -> None:
        """Closes the findings on what was seen in these places and nowhere else, as out of our sight."""
        there = {asset.key for asset in self.assets() if asset.scopes and scopes >= set(asset.scopes)}
        closed = self.closed()
        ended = [each for each in self.findings() if each.asset in there and each.id not in closed]
        with self._writing, transaction(self._engine, write=True) as connection:
            for each in ended:
                body = _text(msgspec.structs.replace(each, status=Status.SIGHT_CHANGED))
                values = {"open": False, "status": Status.SIGHT_CHANGED, "body": body}
                connection.execute(update(FINDINGS).where(FINDINGS.c.id == each.id).values(values))

    def clean_scans(self) -> dict[str, int]:
        """How many complete scans in a row saw nothing of a record, by its id."""
        with transaction(self._engine) as connection:
            return {row.record: row.scans for row in connection.execute(select(CLEAN))}

    def hashes(self) -> dict[str, str]:
        """The hashes of config, catalogue and rules of the last finished run; none before the first."""
        last = select(RUNS.c.facts).where(RUNS.c.status == "finished", RUNS.c.partial.is_(False))
        with transaction(self._engine) as connection:
            facts = connection.execute(last.order_by(RUNS.c.finished.desc(), RUNS.c.id.desc()).limit(1)).scalar()
        return dict(msgspec.json.decode(facts, type=_Facts).hashes) if facts else {}

    def seen_keys(self) -> frozenset[str]:
        """The keys of all assets of the last run."""
        with transaction(self._engine) as connection:
            return frozenset(connection.execute(select(ASSETS.c.key)).scalars())

    def roots(self) -> dict[str, str]:
        """The first-seen key of every asset key and platform id that ever stood for the same thing."""
        with transaction(self._engine) as connection:
            return {row.name: row.root for row in connection.execute(select(NAMES))}

    def coverage(self) -> Coverage | None:
        """The coverage of the last full run."""
        with transaction(self._engine) as connection:
            body = connection.execute(select(LATEST.c.body).where(LATEST.c.name == "coverage")).scalar()
        return None if body is None else msgspec.msgpack.decode(body, type=Coverage)

    def baseline(self) -> Baseline | None:
        """What dates the backlog, where a person said so."""
        with transaction(self._engine) as connection:
            body = connection.execute(select(LATEST.c.body).where(LATEST.c.name == "baseline")).scalar()
        return None if body is None else msgspec.msgpack.decode(body, type=Baseline)

    def set_baseline(self, baseline: Baseline | None) -> None:
        """Keeps what dates the backlog; None: nothing does any more."""
        with self._writing, transaction(self._engine, write=True) as connection:
            if baseline is None:
                connection.execute(delete(LATEST).where(LATEST.c.name == "baseline"))
            else:
                upsert(connection, LATEST, [{"name": "baseline", "body": msgspec.msgpack.encode(baseline)}])

    def last_full_run(self) -> str | None:
        """When the last finished run that read everything began: its findings carry that time."""
        full = select(RUNS.c.started).where(RUNS.c.status == "finished", RUNS.c.partial.is_(False))
        with transaction(self._engine) as connection:
            return connection.execute(full.order_by(RUNS.c.started.desc(), RUNS.c.id.desc()).limit(1)).scalar()

    def assets(self) -> Iterator[Asset]:
        """The inventory of the last run, by key."""
        decoder = msgspec.json.Decoder(Asset)
        with transaction(self._engine) as connection:
            rows = connection.execution_options(yield_per=1000).execute(select(ASSETS.c.body).order_by(ASSETS.c.key))
            yield from (decoder.decode(body) for body in rows.scalars())

    def identifiers(self, asset: str) -> tuple[str, ...]:
        """The identifiers of one asset of the last run."""
        with transaction(self._engine) as connection:
            body = connection.execute(select(ASSETS.c.body).where(ASSETS.c.key == asset)).scalar()
        return () if body is None else msgspec.json.decode(body, type=Asset).identifiers

    def links(self) -> Iterator[Link]:
        """The links of the last run, in its order."""
        with transaction(self._engine) as connection:
            for row in connection.execution_options(yield_per=1000).execute(select(LINKS).order_by(LINKS.c.number)):
                yield Link(row.source, Relation(row.relation), row.target, _evidence.decode(row.evidence))

    def trend(self, most: int) -> tuple[Point, ...]:
        """The last points, oldest first."""
        with transaction(self._engine) as connection:
            bodies = (
                connection.execute(select(POINTS.c.body).order_by(POINTS.c.finished.desc(), POINTS.c.run.desc()).limit(most))
                .scalars()
                .all()
            )
        return tuple(msgspec.json.decode(body, type=Point) for body in reversed(bodies))

    def linked(self) -> dict[str, tuple[str, ...]]:
        """The identifiers that people approved for a record, by the record's id."""
        found: dict[str, tuple[str, ...]] = {}
        with transaction(self._engine) as connection:
            for row in connection.execute(select(APPROVALS).order_by(APPROVALS.c.record, APPROVALS.c.identifier)):
                found[row.record] = (*found.get(row.record, ()), row.identifier)
        return found

    def link(self, record: str, identifier: str, who: str, at: str, why: str) -> None:
        """Remembers that a person says this identifier is this record's."""
        row = {"record": _column(record), "identifier": _column(identifier), "who": who, "at": at, "why": why}
        with self._writing, transaction(self._engine, write=True) as connection:
            upsert(connection, APPROVALS, [row])

    def unlink(self, record: str, identifier: str) -> None:
        """Takes an approval back."""
        given = (APPROVALS.c.record == _column(record)) & (APPROVALS.c.identifier == _column(identifier))
        with self._writing, transaction(self._engine, write=True) as connection:
            connection.execute(delete(APPROVALS).where(given))

    def registry_count(self, name: str) -> int | None:
        """How many records a registry had in the last finished run that read it whole."""
        last = (
            select(REGISTRIES.c.records)
            .join(RUNS, RUNS.c.id == REGISTRIES.c.run)
            .where(REGISTRIES.c.name == name, RUNS.c.status == "finished")
        )
        with transaction(self._engine) as connection:
            return connection.execute(last.order_by(RUNS.c.finished.desc(), RUNS.c.id.desc()).limit(1)).scalar()

    def count_registry(self, run: str, name: str, records: int) -> None:
        """Notes how many records a registry has, read whole."""
        with self._writing, transaction(self._engine, write=True) as connection:
            upsert(connection, REGISTRIES, [{"run": run, "name": name, "records": records}])


def put_findings(connection: Connection, run: str, findings: Iterable[Finding], *, is_open: bool) -> None:
    """Findings with the status they have after this run; those not named stay as they are."""
    rows = [
        {
            "id": each.id,
            "check": each.check,
            "asset": _column(each.asset),
            "record": _column(each.record) if each.record else None,
            "severity": each.severity,
            "status": each.status,
            "open": is_open,
            "first_seen": each.first_seen,
            "last_seen": each.last_seen,
            "run": run,
            "body": _text(each),
        }
        for each in findings
    ]
    upsert(connection, FINDINGS, rows)


def put_inventory(connection: Connection, assets: Iterable[Asset], links: Iterable[Link]) -> None:
    """Replaces the inventory of the run before."""
    for table in (ASSETS, LINKS):
        connection.execute(delete(table))
    fill(connection, ASSETS, ((_column(each.key), each.kind.value, each.stale, _text(each)) for each in assets))
    fill(connection, LINKS, ((number, *_link(each)) for number, each in enumerate(links)))


def put_names(connection: Connection, roots: Mapping[str, str]) -> None:
    """Remembers which names stand for the same thing; that a thing is called what it is called needs no row."""
    upsert(connection, NAMES, [{"name": _column(name), "root": _column(root)} for name, root in sorted(roots.items()) if name != root])


def put_clean(connection: Connection, clean: Collection[str]) -> None:
    """One more complete scan saw nothing of these records; the count of every other begins anew."""
    before = {row.record: row.scans for row in connection.execute(select(CLEAN))}
    connection.execute(delete(CLEAN))
    upsert(connection, CLEAN, [{"record": record, "scans": before.get(record, 0) + 1} for record in sorted(set(clean))])


def put_point(connection: Connection, point: Point) -> None:
    """Adds a point to the trend."""
    upsert(connection, POINTS, [{"run": point.run, "finished": point.finished, "body": _text(point)}])


def put_records(connection: Connection, records: Collection[Record]) -> None:
    """Keeps the registry's records for those who ask (docs/ask.md)."""
    try:
        body = msgspec.msgpack.encode(tuple(records))
    except UnicodeEncodeError:  # a registry's JSON may spell what UTF-8 cannot
        readable = json.dumps(msgspec.to_builtins(tuple(records)), ensure_ascii=False).encode("utf-8", "replace")
        body = msgspec.msgpack.encode(msgspec.json.decode(readable, type=tuple[Record, ...]))
    upsert(connection, LATEST, [{"name": "records", "body": body}])


def put_coverage(connection: Connection, coverage: Coverage) -> None:
    """Keeps the coverage for the next run to compare with."""
    upsert(connection, LATEST, [{"name": "coverage", "body": msgspec.msgpack.encode(coverage)}])


def _link(link: Link) -> tuple[str, str, str, str]:
    return _column(link.source), link.relation.value, _column(link.target), _text(link.evidence)


def _text(value: object) -> str:
    return _json.encode(value).decode()


def _column(text: str) -> str:
    """PostgreSQL holds no NUL in a column."""
    return text.replace("\0", "\ufffd")
