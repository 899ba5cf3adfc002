"""What the two ends of a link are: a key, an alias, an identifier, an address, a prefix, or something nobody sighted."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Mapping

from scanner.identifiers import table
from scanner.model import Asset, Kind, Link, Relation

KINDS = {f"{kind.value}:": kind for kind in Kind if kind is not Kind.REPOSITORY} | {"repo:": Kind.REPOSITORY}
ADDRESSES = ("http://", "https://", "endpoint:http://", "endpoint:https://")
BUCKETS = ("s3://", "artifact:s3://")


class Ends:
    """Finds the assets that the ends of links mean; adds to `assets` what is only referred to."""

    def __init__(self, assets: dict[str, Asset], canonical: Mapping[str, str], links: list[Link]) -> None:
        self.assets = assets
        self.held: dict[str, list[str]] = {}
        """Prefixes that stand as one asset for the many artifacts below them."""
        self._named: dict[str, tuple[str, ...]] = {alias: (key,) for alias, key in canonical.items()}
        self._artifacts: list[str] = []
        self._name(links)

    def of(self, end: str) -> tuple[str, ...]:
        """The keys of the assets that `end` means."""
        return self._named.get(end) or (end,)

    def exact(self) -> Mapping[str, tuple[str, ...]]:
        """Only the ends that are no key of an asset."""
        return self._named

    def _name(self, links: list[Link]) -> None:
        assets, named = self.assets, self._named
        unknown = {link.source: link for link in links if link.source not in assets and link.source not in named}
        unknown |= {link.target: link for link in links if link.target not in assets and link.target not in named}
        holders = self._holders(unknown)
        if any(end.startswith(BUCKETS) for end in unknown):
            self._artifacts = sorted(key for key, asset in self.assets.items() if _is_weights(asset))
        for end in sorted(unknown):
            link = unknown[end]
            found = self._found(end, holders) or (self._placeholder(end, link, end == link.target),)
            if found != (end,):
                self._named[end] = found

    def _holders(self, names: Mapping[str, Link]) -> Mapping[str, list[str]]:
        holders: defaultdict[str, list[str]] = defaultdict(list)
        for key, asset in self.assets.items():
            for identifier in asset.identifiers:
                if identifier in names:
                    holders[identifier].append(key)
        return holders

    def _found(self, end: str, holders: Mapping[str, list[str]]) -> tuple[str, ...]:
        spelt = next((prefix + end for prefix in KINDS if prefix + end in self.assets), None)
        if spelt:
            return (spelt,)
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
