"""Which record judges a place, where several match: the fitting version, the favourable state within one registry, the stricter of two."""

from collections.abc import Iterator

from scanner.approved import outside, where
from scanner.judge.case import FAVOURABLE, Case
from scanner.model import Match, Observed, Place, Record

Pair = tuple[Match, Record]


def governing(case: Case, place: Place) -> Pair | None:
    """The match and the record that judge a place; None where nothing matches."""
    pairs = case.matched.get(place.subject) or _pairs(case, place)
    if len(pairs) < 2:
        return pairs[0] if pairs else None
    return max(_by_registry(case, place, pairs), key=lambda pair: (FAVOURABLE.index(pair[1].state), pair[1].id))


def _pairs(case: Case, place: Place) -> list[Pair]:
    """The matches of what is there; without any, those of the host that it runs on."""
    pairs = case.matches(place.subject)
    return pairs if pairs or place.observed is not Observed.RUNNING else case.matches(place.host)


def disagreeing(case: Case, place: Place) -> tuple[Record, ...]:
    """The records of different registries that judge a place in different states."""
    pairs = _pairs(case, place)
    best = [record for _, record in _by_registry(case, place, pairs)] if len(pairs) > 1 else []
    return tuple(best) if len({record.state for record in best}) > 1 else ()


def _by_registry(case: Case, place: Place, pairs: list[Pair]) -> Iterator[Pair]:
    for registry in sorted({record.registry for _, record in pairs}):
        own = [pair for pair in pairs if pair[1].registry == registry]
        yield min(own, key=lambda pair: _rank(case, place, pair[1])) if len(own) > 1 else own[0]


def _rank(case: Case, place: Place, record: Record) -> tuple[bool, int, int, str]:
    told = where(case.assets, place)
    return (not same_version(case, place, record), len(outside(record.approved_scope, told)), FAVOURABLE.index(record.state), record.id)


def same_version(case: Case, place: Place, record: Record) -> bool:
    """Whether what runs says itself that it is the record's version."""
    return record.version is not None and record.version in versions(case, place)


def versions(case: Case, place: Place) -> set[str]:
    """The versions that the subject or its host names."""
    subject, host = case.assets[place.subject], case.assets[place.host]
    named = [subject.attributes.get("revision"), subject.attributes.get("version")]
    if place.host == place.subject or place.subject.startswith(f"model:{place.host}:"):
        named.append(host.attributes.get("version"))
    return {value for value in named if isinstance(value, str)}
