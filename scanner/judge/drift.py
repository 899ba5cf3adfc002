"""Drift: a record matches, the model runs, and something differs from what was approved."""

import re
from collections.abc import Callable, Iterator

import msgspec

from scanner.approved import ANYWHERE, Where, outside, where
from scanner.identifiers import name_of, row
from scanner.judge.case import Case, Verdict
from scanner.judge.governing import same_version, versions
from scanner.model import Asset, Match, Place, Record


class Fit(msgspec.Struct, frozen=True):
    """A running place with the match and the record that judge it."""

    case: Case
    place: Place
    match: Match
    record: Record

    @property
    def subject(self) -> Asset:
        """The model that runs."""
        return self.case.assets[self.place.subject]

    def versions(self) -> set[str]:
        """The versions that it says it is."""
        return versions(self.case, self.place)

    def own_versions(self) -> set[str]:
        """The versions that the model itself names; its host's may be the server's."""
        return {value for name in ("revision", "version") if isinstance(value := self.subject.attributes.get(name), str)}

    def verdict(self, check: str, detail: str) -> Verdict:
        """This drift."""
        return Verdict(check, self.place.host, self.place.subject, self.record, self.match.because, self.place.chain, detail=detail)


NOTATIONS = (re.compile("[0-9a-f]{40}"), re.compile(r"v?[0-9]+(\.[0-9]+)*"))
Drift = Callable[[Fit], str | None]


def drift(case: Case, place: Place, match: Match, record: Record) -> Iterator[Verdict]:
    """The version's drift, or that it is unknown, and the scope's, each with what differs."""
    fit = Fit(case, place, match, record)
    version = next((said for reason in VERSION if (said := reason(fit))), None)
    unknown = None if version else _unpinned(fit)
    for check, detail in (("version-drift", version), ("version-unknown", unknown), ("scope-drift", _elsewhere(fit))):
        if detail:
            yield fit.verdict(check, detail)


def _other_bytes(fit: Fit) -> str | None:
    """The record lists digests, what runs has digests of the same sort, and none agrees."""
    if fit.match.strong:
        return None
    listed, have = _digests(fit.record.identifiers), _digests(fit.subject.identifiers)
    sorts = listed.keys() & have.keys()
    differ = sorted(sort for sort in sorts if listed[sort].isdisjoint(have[sort]))
    return f"its {differ[0]} digest is not the approved one" if differ and len(differ) == len(sorts) else None


def _digests(identifiers: tuple[str, ...]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for identifier in identifiers:
        sort = identifier.partition(":")[0]
        if row(identifier).content and sort in ("sha256", "md5", "crc64nvme", "sd1"):
            found.setdefault(sort, set()).add(identifier)
    return found


def _other_version(fit: Fit) -> str | None:
    """It is pinned to a version of what the record pins to another one."""
    if fit.match.strong:
        return None
    listed, have = _versions_by_name(fit.record.identifiers), _versions_by_name(fit.subject.identifiers)
    differ = sorted(name for name in listed.keys() & have.keys() if listed[name].isdisjoint(have[name]))
    return f"{min(have[differ[0]])} where {min(listed[differ[0]])} is approved" if differ else None


def _versions_by_name(identifiers: tuple[str, ...]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for identifier in identifiers:
        name = name_of(identifier) if row(identifier).strong else None
        if name:
            found.setdefault(name, set()).add(identifier)
    return found


def _hidden(fit: Fit) -> str | None:
    """A served name that the record lists hides another model, which it does not."""
    told = fit.subject.attributes
    served, root = told.get("served_id"), told.get("root")
    if not isinstance(served, str) or not isinstance(root, str) or served == root or not root:
        return None
    listed = {each.partition(":")[2].partition("@")[0] for each in fit.record.identifiers} | {fit.record.name, *fit.record.aliases}
    return f"it is called {served} and serves {root}" if root not in listed and root.partition("@")[0] not in listed else None


def _told_version(fit: Fit) -> str | None:
    """The model says its version in the same notation as the record, and it is another one."""
    approved = fit.record.version
    if fit.match.strong or fit.match.because.startswith("pinned ") or approved is None or fit.versions() & (_pins(fit.record) | {approved}):
        return None
    other = sorted(each for each in fit.own_versions() if any(shape.fullmatch(each) and shape.fullmatch(approved) for shape in NOTATIONS))
    return f"it says {other[0]}, approved is {approved}" if other else None


def _pins(record: Record) -> set[str]:
    return {identifier.rpartition(separator)[2] for identifier in record.identifiers if (separator := row(identifier).version_after)}


def _unpinned(fit: Fit) -> str | None:
    """Only a name agreed, and nothing says which version stands behind it."""
    how, _, identifier = fit.match.because.partition(" ")
    if fit.match.strong or how in ("pinned", "linked") or same_version(fit.case, fit.place, fit.record):
        return None
    if fit.versions() & _pins(fit.record):
        return None
    return f"only {identifier} agrees, which names no version"


def _elsewhere(fit: Fit) -> str | None:
    """It runs where the record does not allow it; a declared standby is no drift."""
    if fit.record.approved_scope == ANYWHERE:
        return None
    told = where(fit.case.assets, fit.place)
    dimensions = outside(fit.record.approved_scope, told)
    if not dimensions or _standby(fit.record, fit.case.assets[fit.place.host], fit.subject, told):
        return None
    return "; ".join(
        f"{name} {', '.join(told[name])}, allowed {', '.join(getattr(fit.record.approved_scope, name))}" for name in dimensions
    )


def _standby(record: Record, host: Asset, subject: Asset, told: Where) -> bool:
    values = {value for each in told.values() for value in each}
    return not {host.key, subject.key, *host.identifiers, *subject.identifiers, *values}.isdisjoint(record.standby)


VERSION: tuple[Drift, ...] = (_other_bytes, _other_version, _hidden, _told_version)
