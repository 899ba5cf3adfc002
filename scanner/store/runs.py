"""Runs: one at a time; one that was killed goes on where it was when it is started again with the same config."""

import secrets
from datetime import UTC, datetime, timedelta

import msgspec
from sqlalchemy import Connection, delete, func, insert, select, update

from scanner.store.tables import FACTS, FINDINGS, POINTS, REGISTRIES, RUNS

RESUME_WITHIN = timedelta(hours=12)
"""An older unfinished run is not resumed: what it read is too old to be called this run's."""


class RunHandle(msgspec.Struct, frozen=True):
    """A run that has begun. `resumed`: it was killed before, and what it had read stands."""

    id: str
    started: str
    resumed: bool


def begin(connection: Connection, config_hash: str, partial: bool, now: str) -> RunHandle:
    """Goes on with the unfinished run of the same config, or begins a new one. Only under the store's lock."""
    rows = connection.execute(select(RUNS).where(RUNS.c.status == "running").order_by(RUNS.c.started.desc(), RUNS.c.id)).all()
    going_on = next(
        (row for row in rows[:1] if row.config_hash == config_hash and row.partial == partial and _recent(row.started, now)), None
    )
    given_up = [row.id for row in rows if row is not going_on]
    connection.execute(update(RUNS).where(RUNS.c.id.in_(given_up)).values(status="abandoned", finished=now))
    if going_on is not None:
        return RunHandle(going_on.id, going_on.started, True)
    run = RunHandle(_name(connection, now), now, False)
    row = {"id": run.id, "started": now, "status": "running", "config_hash": config_hash, "partial": partial}
    connection.execute(insert(RUNS), [row])
    return run


def _name(connection: Connection, now: str) -> str:
    """Sorts after every run that began before, in the same second too."""
    earlier = connection.execute(select(func.count()).select_from(RUNS).where(RUNS.c.started == now)).scalar_one()
    return f"{_moment(now):%Y%m%dT%H%M%SZ}-{earlier:02x}{secrets.token_hex(3)}"


def finish(connection: Connection, run: str, now: str, facts: str) -> None:
    """The run is whole: it will not be resumed."""
    connection.execute(update(RUNS).where(RUNS.c.id == run).values(status="finished", finished=now, facts=facts))


def prune(connection: Connection, keep: int, before: str) -> None:
    """Forgets all but the last `keep` runs, findings resolved and facts unused before a time. What stands is never pruned."""
    newest = select(RUNS.c.id).order_by(RUNS.c.started.desc(), RUNS.c.id.desc()).limit(keep)
    kept = set(connection.execute(newest).scalars())
    for table, column in ((POINTS, POINTS.c.run), (REGISTRIES, REGISTRIES.c.run), (RUNS, RUNS.c.id)):
        old = [run for run in connection.execute(select(column).distinct()).scalars() if run not in kept]
        for run in old:
            connection.execute(delete(table).where(column == run))
    connection.execute(delete(FACTS).where(FACTS.c.used < before))
    connection.execute(delete(FINDINGS).where(FINDINGS.c.status == "resolved", FINDINGS.c.last_seen < before))


def _recent(started: str, now: str) -> bool:
    """A run that began in the future began by a clock that was wrong: how old it is, nobody knows."""
    return timedelta(0) <= _moment(now) - _moment(started) <= RESUME_WITHIN


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)
