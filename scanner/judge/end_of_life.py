"""Models that their provider deprecates or has switched off: scanner/data/end_of_life.toml."""

from collections.abc import Iterator, Mapping
from datetime import date
from functools import cache
from importlib.resources import files

import msgspec

from scanner.judge.case import Case, Verdict
from scanner.judge.governing import governing
from scanner.judge.matrix import asset_of
from scanner.judge.said import day
from scanner.model import Context, Kind, Observed, Place, State


class Ending(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One model's last day, from its provider's page."""

    id: str
    ends: date
    source: str


class _Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    checked: date
    model: tuple[Ending, ...]


@cache
def endings() -> Mapping[str, Ending]:
    """By identifier."""
    table = msgspec.toml.decode(files("scanner").joinpath("data/end_of_life.toml").read_bytes(), type=_Table)
    return {row.id: row for row in table.model}


def end_of_life(case: Case) -> Iterator[Verdict]:
    """One finding per model and place: deprecated and retired stay apart."""
    known = endings()
    for subject in case.graph.of_kind[Kind.MODEL]:
        ending = next((known[each] for each in subject.identifiers if each in known), None)
        if ending:
            yield from _verdicts(case, subject.key, ending)


def _verdicts(case: Case, subject: str, ending: Ending) -> Iterator[Verdict]:
    """For the first place that this run saw and that is not over."""
    places = (place for place in case.at.get(subject, ()) if not place.stale and place.context is Context.PRODUCTION)
    place = next((place for place in places if not _over(case, place)), None)
    if place is not None:
        yield _verdict(case, place, ending)


def _over(case: Case, place: Place) -> bool:
    """Code that still names what its own record has ended is that record's remnant, and nothing else."""
    ended = any(record.state in (State.RETIRED, State.REJECTED) for _, record in case.matches(place.subject))
    return ended and place.observed is not Observed.RUNNING


def _verdict(case: Case, place: Place, ending: Ending) -> Verdict:
    over = ending.ends <= case.today
    when = day(ending.ends.isoformat())
    detail = f"was switched off by its provider{when}" if over else f"will be switched off by its provider{when}"
    asset, ended = asset_of(place), {"ended": "retired" if over else "deprecated"}
    pair = governing(case, place)
    record = pair[1] if pair else None
    return Verdict("provider-end-of-life", asset, place.subject, record, ending.source, place.chain, detail=detail, facts=ended)
