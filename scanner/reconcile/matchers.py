"""The matchers, from the surest to the weakest. For each registry only the surest that finds a record counts."""

from collections.abc import Callable, Iterator

import msgspec

from scanner.approved import Where, affirmed, outside, where
from scanner.identifiers import name_of, row
from scanner.model import ApprovedScope, Asset, Inventory, Kind, Match, Observed, Place, Record
from scanner.reconcile.index import CURRENT, Index


class Candidate(msgspec.Struct, frozen=True):
    """What is to be matched, with the places it is in."""

    inventory: Inventory
    key: str
    places: list[Place]

    @property
    def asset(self) -> Asset:
        """The asset itself."""
        return self.inventory.assets[self.key]


Hit = tuple[str, str, Record]
Matcher = Callable[[Candidate, Index, tuple[str, ...]], Iterator[Hit]]


def matches_of(candidate: Candidate, index: Index) -> Iterator[Match]:
    """The matches of one asset."""
    identifiers = (*candidate.asset.identifiers, candidate.key, *candidate.asset.aliases)
    if not any(identifier in index.listed for identifier in identifiers):
        identifiers = (*identifiers, *_of_itself(candidate))
    sure: dict[str, int] = {}
    for rank, matcher in enumerate(MATCHERS):
        for because, identifier, record in matcher(candidate, index, identifiers):
            if sure.setdefault(record.registry, rank) == rank:
                yield Match(candidate.key, record.id, f"{because} {identifier}", because == "strong")


def _of_itself(candidate: Candidate) -> Iterator[str]:
    """What also names a thing whose model nobody knows: the images it runs."""
    for place in candidate.places:
        if place.host == place.subject or place.subject.startswith(f"model:{place.host}:"):
            asset = candidate.inventory.assets[place.host]
            yield from (value for name in ("image_digests", "images") for value in _strings(asset, name))
            yield from asset.identifiers


def _strings(asset: Asset, name: str) -> tuple[str, ...]:
    value = asset.attributes.get(name)
    return value if isinstance(value, tuple) else ()


def _strong(_: Candidate, index: Index, identifiers: tuple[str, ...]) -> Iterator[Hit]:
    for identifier in identifiers:
        if identifier in index.listed and row(identifier).strong:
            yield from (("strong", identifier, record) for record in index.listed[identifier])


def _pinned(candidate: Candidate, index: Index, identifiers: tuple[str, ...]) -> Iterator[Hit]:
    """An identifier of one version, word for word and in scope."""
    for identifier in identifiers:
        if identifier in index.listed and (row(identifier).pinned or identifier == candidate.key):
            yield from (("pinned", identifier, record) for record in index.listed[identifier] if _in_scope(candidate, record, identifier))


def _weak(candidate: Candidate, index: Index, identifiers: tuple[str, ...]) -> Iterator[Hit]:
    """An unpinned name, word for word and in scope."""
    for identifier in identifiers:
        if identifier in index.listed:
            yield from (("weak", identifier, record) for record in index.listed[identifier] if _in_scope(candidate, record, identifier))


def _version(candidate: Candidate, index: Index, identifiers: tuple[str, ...]) -> Iterator[Hit]:
    """Another version of what a current record lists."""
    for identifier in identifiers:
        name = name_of(identifier) or identifier
        if name in index.families:
            yield from (("version", name, record) for record in index.families[name] if _in_scope(candidate, record, name))
        if name != identifier and name in index.listed:
            current = (record for record in index.listed[name] if record.state in CURRENT)
            yield from (("version", name, record) for record in current if _in_scope(candidate, record, name))


def _linked(_: Candidate, index: Index, identifiers: tuple[str, ...]) -> Iterator[Hit]:
    """A person said so."""
    for identifier in identifiers:
        yield from (("linked", identifier, record) for record in index.linked.get(identifier, ()))


def _repository(candidate: Candidate, index: Index, _identifiers: tuple[str, ...]) -> Iterator[Hit]:
    """The record's own source repository, for an agent or a workload whose model nobody knows."""
    if candidate.asset.kind is Kind.MODEL or candidate.asset.kind is Kind.ARTIFACT:
        return
    assets = candidate.inventory.assets
    chained = {end for place in candidate.places for link in place.chain for end in (link.source, link.target)}
    owner = candidate.asset.attributes.get("repository")
    for key in sorted(chained | ({owner} if isinstance(owner, str) else set())):
        if key in index.repositories and (key not in assets or assets[key].kind is Kind.REPOSITORY):
            yield from (("weak", key, record) for record in index.repositories[key] if _in_scope(candidate, record, key))


def _in_scope(candidate: Candidate, record: Record, identifier: str) -> bool:
    """A bare name has to be known to be where the record allows it; anything else must not be known to be elsewhere."""
    assets = candidate.inventory.assets
    places = candidate.places or [Place(candidate.key, candidate.key, Observed.CODED)]
    fits = affirmed if identifier.startswith("name:") else _not_outside
    return any(fits(record.approved_scope, where(assets, place)) for place in places)


def _not_outside(scope: ApprovedScope, told: Where) -> bool:
    return not outside(scope, told)


MATCHERS: tuple[Matcher, ...] = (_strong, _linked, _pinned, _weak, _version, _repository)
