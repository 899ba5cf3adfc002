"""Blue and green, canary: an old version beside its successor is `retiring` inside a dated hold."""

from datetime import date, timedelta

import msgspec

from scanner.judge.case import Case, Verdict
from scanner.judge.said import day
from scanner.model import Observed, Record, State


def held_back(case: Case, verdict: Verdict) -> Verdict:
    """The verdict, softened to `retiring` where the record's hold, or the policy's, has not ended."""
    if verdict.check != "retired-but-running" or verdict.record is None:
        return verdict
    until = _until(case, verdict.record, verdict.date)
    if until is None or until < case.today:
        return verdict
    return msgspec.structs.replace(verdict, check="retiring", detail=f", which ends{day(until.isoformat())}")


def _until(case: Case, record: Record, retired: str | None) -> date | None:
    named = _date(record.hold_until)
    if named is not None:
        return named
    since = _date(retired)
    if since is None or not case.policy.hold_days or not _successor_runs(case, record):
        return None
    return since + timedelta(days=case.policy.hold_days)


def _successor_runs(case: Case, record: Record) -> bool:
    others = (each for each in case.records if each.name == record.name and each.state is State.DEPLOYED)
    return any(place.observed is Observed.RUNNING and not place.stale for each in others for place in case.places_of.get(each.id, ()))


def _date(value: str | None) -> date | None:
    try:
        return date.fromisoformat(value[:10]) if value else None
    except ValueError:
        return None
