"""The matchers, from the surest to the weakest. For each registry only the surest that finds a record counts."""

from collections.abc import Callable, Iterable, Iterator

import msgspec

from scanner.approved import ANYWHERE, affirmed, outside, where
from scanner.identifiers import Row, name_of, row
from scanner.model import Asset, Inventory, Kind, Match, Observed, Place, Record
from scanner.reconcile.index import CURRENT, Index


class Candidate(msgspec.Struct, frozen=True):
    """What is to be matched: the asset, the places it is in, and which of its identifiers some record lists."""

    inventory: Inventory
    asset: Asset
    places: list[Place]
    identifiers: tuple[str, ...]
    listed: list[tuple[str, Row]]


Hit = tuple[str, Record]
Matcher = Callable[[Candidate, Index], Iterator[Hit]]


def candidate(inventory: Inventory, key: str, places: list[Place], index: Index) -> Candidate:
    """The asset `key` as a candidate."""
    asset, known = inventory.assets[key], index.listed.first
    identifiers = (*asset.identifiers, key, *asset.aliases)
    if not any(map(known.__contains__, identifiers)):
        identifiers = (*identifiers, *_of_its_host(inventory, places))
    return Candidate(inventory, asset, places, identifiers, [(each, row(each)) for each in identifiers if each in known])


def matches_of(one: Candidate, index: Index) -> Iterator[Match]:
    """The matches of one asset."""
    sure: dict[str, str] = {}
    for name, matcher in MATCHERS.items():
        if len(sure) == len(index.registries):
            return
        for identifier, record in matcher(one, index):
            if sure.setdefault(record.registry, name) == name:
                yield Match(one.asset.key, record.id, f"{name} {identifier}", name == "strong")


def _of_its_host(inventory: Inventory, places: list[Place]) -> Iterator[str]:
    """What else names a thing whose model nobody knows: its host, and the images that run there."""
    for place in places:
        if place.host == place.subject or place.subject.startswith(f"model:{place.host}:"):
            host = inventory.assets[place.host]
            images = (host.attributes.get(name) for name in ("image_digests", "images"))
            yield from (value for image in images if isinstance(image, tuple) for value in image)
            yield from host.identifiers


def _strong(one: Candidate, index: Index) -> Iterator[Hit]:
    for identifier, kind in one.listed:
        if kind.strong:
            yield from ((identifier, record) for record in index.listed[identifier])


def _linked(one: Candidate, index: Index) -> Iterator[Hit]:
    """A person said so."""
    if index.linked:
        for identifier in one.identifiers:
            yield from ((identifier, record) for record in index.linked[identifier])


def _pinned(one: Candidate, index: Index) -> Iterator[Hit]:
    """An identifier of one version, or the thing's own key, word for word and in scope."""
    for identifier, kind in one.listed:
        if kind.pinned or identifier == one.asset.key:
            yield from _in_scope(one, identifier, index.listed[identifier])


def _weak(one: Candidate, index: Index) -> Iterator[Hit]:
    """An unpinned name, word for word and in scope."""
    for identifier, _ in one.listed:
        yield from _in_scope(one, identifier, index.listed[identifier])


def _version(one: Candidate, index: Index) -> Iterator[Hit]:
    """Another version of what a current record lists."""
    for identifier in one.identifiers:
        name = name_of(identifier)
        if (name or identifier) in index.families:
            yield from _in_scope(one, name or identifier, index.families[name or identifier])
        if name is not None and name in index.listed:
            yield from _in_scope(one, name, [record for record in index.listed[name] if record.state in CURRENT])


def _repository(one: Candidate, index: Index) -> Iterator[Hit]:
    """The record's own source repository, for an agent or a workload whose model nobody knows."""
    if one.asset.kind is Kind.MODEL or one.asset.kind is Kind.ARTIFACT:
        return
    chained = {end for place in one.places for link in place.chain for end in (link.source, link.target)}
    owner = one.asset.attributes.get("repository")
    for key in sorted(chained | ({owner} if isinstance(owner, str) else set())):
        if key in index.repositories:
            yield from _in_scope(one, key, index.repositories[key])


def _in_scope(one: Candidate, identifier: str, records: Iterable[Record]) -> Iterator[Hit]:
    """A bare name has to be known to be where the record allows it; anything else must not be known to be elsewhere."""
    for record in records:
        if record.approved_scope == ANYWHERE:
            fits = not identifier.startswith("name:")
        else:
            told = (where(one.inventory.assets, place) for place in one.places or [_alone(one.asset)])
            scope, bare = record.approved_scope, identifier.startswith("name:")
            fits = any(affirmed(scope, each) if bare else not outside(scope, each) for each in told)
        if fits:
            yield identifier, record


def _alone(asset: Asset) -> Place:
    return Place(asset.key, asset.key, Observed.CODED)


MATCHERS: dict[str, Matcher] = {
    "strong": _strong,
    "linked": _linked,
    "pinned": _pinned,
    "weak": _weak,
    "version": _version,
    "repository": _repository,
}
