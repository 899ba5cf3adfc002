"""Sightings of one thing to one asset."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from itertools import chain

from scanner.identifiers import merging, table
from scanner.model import Asset, Evidence, Value
from scanner.resolve.heap import Heap

EVIDENCE_AT_MOST = 50
"""Places listed for one asset; its `places` attribute counts all."""


def merged(heap: Heap) -> tuple[dict[str, Asset], dict[str, str]]:
    """The assets by key, and the key that now stands for each alias."""
    assets, canonical = heap.seen, dict[str, str]()
    groups = _groups(heap)
    alone = heap.more.keys() - {key for keys in groups for key in keys}
    joined_up = [_asset(heap, min(keys, key=lambda key: (_is_stale(heap.all(key)), key)), keys) for keys in groups]
    assets.update({key: _asset(heap, key, [key]) for key in alone})
    for asset in joined_up:
        assets[asset.key] = asset
        for alias in asset.aliases:
            del assets[alias]
            canonical[alias] = asset.key
    return assets, canonical


def _groups(heap: Heap) -> list[list[str]]:
    """Keys that are one thing, because they share what names that very thing."""
    holders: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for identifier, sightings in _shared(heap).items():
        for sighting in sightings:
            holders[sighting.kind, identifier].add(sighting.key)
    return joined(keys for keys in holders.values() if 1 < len(keys) <= table().shared_at_most)


def _shared(heap: Heap) -> Mapping[str, list[Asset]]:
    """The identifiers that name one very thing and were told more than once, with all that told them."""
    prefixes = merging()
    first: dict[str, Asset] = {}
    shared: dict[str, list[Asset]] = {}
    for sighting in chain(heap.seen.values(), *heap.more.values()):
        for identifier in sighting.identifiers:
            if identifier.startswith(prefixes) and (known := first.setdefault(identifier, sighting)) is not sighting:
                shared.setdefault(identifier, [known]).append(sighting)
    return shared


def joined(together: Iterable[set[str]]) -> list[list[str]]:
    """Overlapping sets as disjoint, sorted groups."""
    up: dict[str, str] = {}

    def root(key: str) -> str:
        while (above := up.setdefault(key, key)) != key:
            up[key] = up[above]
            key = above
        return key

    for keys in together:
        first, *rest = sorted({root(key) for key in keys})
        up.update(dict.fromkeys(rest, first))
    groups: defaultdict[str, list[str]] = defaultdict(list)
    for key in sorted(up):
        groups[root(key)].append(key)
    return list(groups.values())


def _asset(heap: Heap, key: str, keys: list[str]) -> Asset:
    """Fresh sheets come first, so that what is remembered only fills in what this run did not see."""
    told = sorted((sighting for each in keys for sighting in heap.all(each)), key=lambda one: one.stale)
    return Asset(
        key=key,
        kind=heap.seen[key].kind,
        identifiers=tuple(sorted(set(chain.from_iterable(sighting.identifiers for sighting in told)))),
        attributes=_attributes(told),
        evidence=evidence_of(sighting.evidence for sighting in told),
        scopes=tuple(dict.fromkeys(sighting.scopes[0] for sighting in told)),
        aliases=tuple(sorted(set(keys) - {key})),
        stale=_is_stale(told),
    )


def _is_stale(told: Iterable[Asset]) -> bool:
    return all(sighting.stale for sighting in told)


def evidence_of(told: Iterable[tuple[Evidence, ...]]) -> tuple[Evidence, ...]:
    """All evidence once, in order of place."""
    distinct = dict.fromkeys(chain.from_iterable(told))
    return tuple(sorted(distinct, key=lambda evidence: (evidence.where, evidence.rule)))[:EVIDENCE_AT_MOST]


def _attributes(told: list[Asset]) -> Mapping[str, Value]:
    attributes: dict[str, Value] = {}
    for stale in (True, False):
        said = [sighting.attributes for sighting in told if sighting.stale is stale]
        for name in dict.fromkeys(chain.from_iterable(said)):
            values = [one[name] for one in said if one.get(name) is not None]
            if values:
                attributes[name] = _chosen(name, values)
    return attributes


def _chosen(name: str, values: list[Value]) -> Value:
    """Where sightings disagree, the table says which value stands: the one that matters more."""
    rules = table()
    if name in rules.latest.names:
        return max(values, key=str)
    if name in rules.earliest.names:
        return min(values, key=str)
    preferred = next((value for value in rules.prefer.get(name, ()) if value in values), None)
    return values[0] if preferred is None else preferred
