"""The verdict matrix, place by place: what the registry says against what was observed there."""

from collections.abc import Iterator

from scanner.judge.case import Case, Verdict
from scanner.judge.drift import drift
from scanner.judge.governing import Pair, governing
from scanner.judge.holds import held_back
from scanner.judge.tables import cell
from scanner.judge.unregistered import Unregistered
from scanner.model import Context, Observed, Place, Record, Relation, State

BY_RECORD = frozenset({"deployed-not-running", "ghost-record", "unverified", "retirement-proved"})
"""Verdicts on a record as a whole, given by scanner/judge/unseen.py."""


def placed(case: Case) -> Iterator[Verdict]:
    """The verdict on every place that this run saw. A stale one accuses nobody."""
    unregistered, fine = Unregistered(case), _fine()
    for place in case.derived.places:
        pair = None if place.stale else governing(case, place)
        if place.stale or (pair and (pair[1].state, place.observed) in fine) or _set_aside(case, place):
            continue
        if pair is not None:
            yield from _registered(case, place, pair)
        elif case.registries_read:
            yield from unregistered.verdicts(place)
        else:
            case.counted["unverified: the registry was not read whole"] += len(list(unregistered.verdicts(place)))


def _fine() -> frozenset[tuple[State, Observed]]:
    """The cells that say nothing, asked once for a million places."""
    return frozenset((state, observed) for state in State for observed in Observed if cell(state, observed.value) == "ok")


def asset_of(place: Place) -> str:
    """What a finding names: the host of what runs, the thing itself of what lies there."""
    return place.host if place.observed is Observed.RUNNING else place.subject


def _set_aside(case: Case, place: Place) -> bool:
    """What is counted rather than judged: quiet code, libraries' own small models, what may be gone in a minute."""
    name = _aside(case, place)
    if name:
        case.counted[name] += 1
    return name is not None


def _aside(case: Case, place: Place) -> str | None:
    subject, host = case.assets[place.subject], case.assets[place.host]
    if subject.attributes.get("library") is True:
        return "small models inside libraries"
    if place.observed is not Observed.RUNNING and place.context is not Context.PRODUCTION:
        return f"models in {place.context} code"
    if host.attributes.get("ephemeral") is True and host.key not in case.past.seen and not exposed(case, host.key):
        return "short-lived things seen for the first time"
    return None


def exposed(case: Case, host: str) -> bool:
    """Whether a host, or an endpoint that leads to it, can be reached by anyone."""
    fronts = (host, *(link.source for link in case.graph.into(host, Relation.ROUTES)))
    return any(case.assets[front].attributes.get("exposure") == "public" for front in fronts)


def _registered(case: Case, place: Place, pair: Pair) -> Iterator[Verdict]:
    match, record = pair
    check = cell(record.state, place.observed.value)
    if check == "with-drift":
        yield from drift(case, place, match, record)
    elif check and check != "ok" and check not in BY_RECORD and (place.observed is Observed.RUNNING or not _runs(case, place.subject)):
        how = {"observed": str(place.observed)}
        verdict = Verdict(check, asset_of(place), place.subject, record, match.because, place.chain, since(record), facts=how)
        yield held_back(case, verdict)


def since(record: Record) -> str | None:
    """When a record entered its state."""
    return next((step.when for step in reversed(record.transitions) if step.to is record.state), None)


def _runs(case: Case, subject: str) -> bool:
    """What runs is judged as running, not once more as the copy that it runs from."""
    return any(place.observed is Observed.RUNNING for place in case.at.get(subject, ()))
