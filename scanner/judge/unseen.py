"""What is not there, or only at rest: said of a record as a whole, and only where every place it could be in was read."""

from collections.abc import Iterator

from scanner.judge.case import PLACED, Case, Verdict
from scanner.judge.governing import governing
from scanner.judge.matrix import asset_of, since
from scanner.judge.scopes import could_hold, may_run
from scanner.judge.tables import cell
from scanner.model import Context, Observed, Place, Record, State

ORDER = tuple(Observed)


def unseen(case: Case) -> Iterator[Verdict]:
    """The verdict on each record that nothing running answers for."""
    for record in (each for each in case.records if each.state in PLACED):
        places = [place for place in case.places_of.get(record.id, ()) if _counts(case, place, record)]
        strongest = min((ORDER.index(place.observed) for place in places), default=None)
        if strongest is None:
            yield from _nowhere(case, record)
        elif cell(record.state, ORDER[strongest].value) == "deployed-not-running":
            yield from _at_rest(case, record, [place for place in places if place.observed is ORDER[strongest]])


def _counts(case: Case, place: Place, record: Record) -> bool:
    """A stale place counts: what an unread scope held last time protects."""
    pair = governing(case, place)
    return pair is not None and (pair[1].id == record.id or place.observed is Observed.RUNNING)


def _nowhere(case: Case, record: Record) -> Iterator[Verdict]:
    check = cell(record.state, "unseen")
    blind = cell(record.state, "blind")
    anywhere = sorted({*could_hold(case), *may_run(case, record)})
    if not anywhere:
        case.absent.add(record.id)
    missing = may_run(case, record) if record.state is State.DEPLOYED else anywhere
    if missing and blind == "unverified":
        yield _unverified(record, missing)
    elif check == "ghost-record":
        yield Verdict(check, f"record:{record.id}", record=record, because="every place it may run in was read")
    elif check == "retirement-proved":
        yield from _proved(case, record)


def _unverified(record: Record, missing: list[str]) -> Verdict:
    rest = f" and {len(missing) - 5} more" if len(missing) > 5 else ""
    because = f"not read: {', '.join(missing[:5])}{rest}"
    return Verdict("unverified", f"record:{record.id}", record=record, because=because, date=since(record), detail=record.state)


def _proved(case: Case, record: Record) -> Iterator[Verdict]:
    scans = case.past.clean_scans.get(record.id, 0) + 1
    if scans >= case.policy.clean_scans:
        yield Verdict("retirement-proved", f"record:{record.id}", record=record, because="no copy, no deployment", detail=str(scans))
    else:
        case.counted["retirements that more complete scans will prove"] += 1


def _at_rest(case: Case, record: Record, places: list[Place]) -> Iterator[Verdict]:
    missing = may_run(case, record, running=True)
    fresh = [place for place in places if not place.stale and place.context is Context.PRODUCTION]
    if missing:
        yield _unverified(record, missing)
    elif fresh:
        place = min(fresh, key=asset_of)
        asset, anchor = asset_of(place), f"record:{record.id}"
        yield Verdict("deployed-not-running", asset, place.subject, record, "found at rest only", place.chain, anchor=anchor)
