"""Sightings of one thing to one asset."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from itertools import chain

from scanner.identifiers import merging, table
from scanner.model import Asset, Evidence, Sighting, Value
from scanner.resolve.heap import Heap, Seen

EVIDENCE_AT_MOST = 50
"""Places listed for one asset; its `places` attribute counts all."""


def merged(heap: Heap) -> tuple[dict[str, Asset], dict[str, str]]:
    """The assets by key, and the key that now stands for each alias."""
    groups = _groups(heap.seen)
    inside = {key for keys in groups for key in keys}
    scopes, stale = heap.scopes, heap.stale
    assets = {
        key: _asset(heap, key, [key])
        if one.more
        else Asset(
            key,
            one.sighting.kind,
            one.sighting.identifiers,
            one.sighting.attributes,
            one.sighting.evidence,
            scopes[one.sheet],
            (),
            stale[one.sheet],
        )
        for key, one in heap.seen.items()
        if key not in inside
    }
    canonical: dict[str, str] = {}
    for keys in groups:
        key = min(keys, key=lambda key: (all(stale[sheet] for _, sheet in heap.seen[key].all()), key))
        assets[key] = _asset(heap, key, keys)
        canonical.update((other, key) for other in keys if other != key)
    return assets, canonical


def _groups(seen: Mapping[str, Seen]) -> list[list[str]]:
    """Keys that are one thing, because they share what names that very thing."""
    holders: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    prefixes = merging()
    for key, one in seen.items():
        for sighting, _ in one.all() if one.more else ((one.sighting, 0),):
            for identifier in sighting.identifiers:
                if identifier.startswith(prefixes):
                    holders[sighting.kind, identifier].add(key)
    return joined(keys for keys in holders.values() if 1 < len(keys) <= table().shared_at_most)


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
    told = sorted((pair for each in keys for pair in heap.seen[each].all()), key=lambda pair: pair[1])
    sightings = [sighting for sighting, _ in told]
    return Asset(
        key=key,
        kind=heap.seen[key].sighting.kind,
        identifiers=tuple(sorted(set(chain.from_iterable(sighting.identifiers for sighting in sightings)))),
        attributes=_attributes(heap, told),
        evidence=evidence_of(sighting.evidence for sighting in sightings),
        scopes=tuple(dict.fromkeys(heap.scopes[sheet][0] for _, sheet in told)),
        aliases=tuple(sorted(set(keys) - {key})),
        stale=all(heap.stale[sheet] for _, sheet in told),
    )


def evidence_of(told: Iterable[tuple[Evidence, ...]]) -> tuple[Evidence, ...]:
    """All evidence once, in order of place."""
    distinct = dict.fromkeys(chain.from_iterable(told))
    return tuple(sorted(distinct, key=lambda evidence: (evidence.where, evidence.rule)))[:EVIDENCE_AT_MOST]


def _attributes(heap: Heap, told: list[tuple[Sighting, int]]) -> Mapping[str, Value]:
    attributes: dict[str, Value] = {}
    for stale in (True, False):
        said = [sighting.attributes for sighting, sheet in told if heap.stale[sheet] is stale]
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
