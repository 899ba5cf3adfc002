"""What the two ends of a link are: a key, an alias, an identifier, an address, a prefix, or something nobody sighted."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Set
from itertools import islice
from typing import TYPE_CHECKING

from scanner.identifiers import table
from scanner.model import Asset, Kind, Link, Relation

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

KINDS = {f"{kind.value}:": kind for kind in Kind if kind is not Kind.REPOSITORY} | {"repo:": Kind.REPOSITORY}
ADDRESSES = ("http://", "https://", "endpoint:http://", "endpoint:https://")
BUCKETS = ("s3://", "artifact:s3://")


class Ends:
    """Finds the assets that the ends of links mean; adds to `assets` what is only referred to."""

    def __init__(self, assets: dict[str, Asset], canonical: Mapping[str, str], links: list[Link]) -> None:
        self.assets = assets
        self.held: dict[str, list[str]] = {}
        """Prefixes that stand as one asset for the many artifacts below them."""
        self._number = {key: number for number, key in enumerate(assets)}
        self._named: dict[str, tuple[str, ...]] = {alias: (key,) for alias, key in canonical.items()}
        self._artifacts: list[str] = []
        self.source, self.target = self._numbers(link.source for link in links), self._numbers(link.target for link in links)
        """The number of each link's ends, in the order of `assets`; -1 where an end is no key of a sighted asset."""
        self._name(links)

    def of(self, end: str) -> tuple[tuple[str, int], ...]:
        """The assets that `end` means: their keys and numbers."""
        return tuple((key, self._number[key]) for key in self._named.get(end) or (end,))

    def _numbers(self, ends: Iterable[str]) -> "npt.NDArray[np.int32]":
        import numpy as np

        number = self._number.get
        return np.array([number(end, -1) for end in ends], np.int32)

    def _name(self, links: list[Link]) -> None:
        unknown = self._unknown(links)
        spelt = {end: (key,) for end in unknown if (key := self._spelt(end))}
        others = unknown.keys() - spelt.keys()
        if any(end.startswith(BUCKETS) for end in others):
            self._artifacts = sorted(key for key, asset in self.assets.items() if _is_weights(asset))
        holders = self._holders(others)
        for end in sorted(unknown):
            link = unknown[end]
            found = spelt.get(end) or self._found(end, holders) or (self._placeholder(end, link, end == link.target),)
            if found != (end,):
                self._named[end] = found
        self._number |= {key: number for number, key in enumerate(islice(self.assets, len(self._number), None), len(self._number))}

    def _unknown(self, links: list[Link]) -> dict[str, Link]:
        """What no key and no alias spells, each with a link that names it."""
        sources = (links[place] for place in (self.source < 0).nonzero()[0].tolist())
        targets = (links[place] for place in (self.target < 0).nonzero()[0].tolist())
        unknown = {link.source: link for link in sources if link.source not in self._named}
        return unknown | {link.target: link for link in targets if link.target not in self._named}

    def _spelt(self, end: str) -> str | None:
        """The key that `end` is without its kind."""
        return next((prefix + end for prefix in KINDS if prefix + end in self.assets), None)

    def _holders(self, names: Set[str]) -> Mapping[str, list[str]]:
        holders: defaultdict[str, list[str]] = defaultdict(list)
        for key, asset in self.assets.items() if names else ():
            for identifier in asset.identifiers:
                if identifier in names:
                    holders[identifier].append(key)
        return holders

    def _found(self, end: str, holders: Mapping[str, list[str]]) -> tuple[str, ...]:
        if end in holders:
            return (min(holders[end]),)
        if end.startswith(ADDRESSES):
            return self._above(end if end.startswith("endpoint:") else f"endpoint:{end}")
        if end.startswith(BUCKETS):
            return self._below(end) or self._group(end if end.startswith("artifact:") else f"artifact:{end}")
        return ()

    def _group(self, key: str) -> tuple[str, ...]:
        """The group of shards that this file is one of."""
        parent = key.rpartition("/")[0]
        return (parent,) if parent in self.assets else ()

    def _above(self, key: str) -> tuple[str, ...]:
        """The nearest endpoint whose address this one lies under."""
        start = key.index("://") + 3
        while (cut := key.rfind("/", start)) > 0:
            key = key[:cut]
            if key in self.assets:
                return (key,)
        return ()

    def _below(self, end: str) -> tuple[str, ...]:
        """Every artifact under a prefix; one asset that contains them where they are many."""
        prefix = f"artifact:{end.removeprefix('artifact:').rstrip('/')}"
        start, stop = (bisect_left(self._artifacts, prefix + limit) for limit in ("/", "0"))
        found = self._artifacts[start:stop]
        if len(found) <= table().expand_at_most:
            return tuple(found)
        self.held[prefix] = found
        self.assets.setdefault(prefix, Asset(prefix, Kind.ARTIFACT, (), {"referenced_only": True, "places": len(found)}, ()))
        return (prefix,)

    def _placeholder(self, end: str, link: Link, is_target: bool) -> str:
        kind = next((kind for prefix, kind in KINDS.items() if end.startswith(prefix)), None)
        implied = kind or (table().placeholder[link.relation] if is_target else Kind.WORKLOAD)
        key = end if kind else f"{implied}:{end}"
        evidence = link.evidence[:1]
        self.assets.setdefault(key, Asset(key, implied, () if kind else (end,), {"referenced_only": True}, evidence))
        return key

    def links(self) -> Iterator[Link]:
        """From each prefix that stands for many artifacts to every one of them."""
        for prefix, keys in self.held.items():
            yield from (Link(prefix, Relation.CONTAINS, key) for key in keys)


def _is_weights(asset: Asset) -> bool:
    return asset.kind is Kind.ARTIFACT and asset.key.startswith("artifact:s3://") and not asset.attributes.get("companion")
