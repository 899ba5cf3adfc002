"""The records by what they list."""

from collections import defaultdict
from collections.abc import Iterable, Mapping

from scanner.approved import ANYWHERE, repository_of
from scanner.identifiers import name_of, row
from scanner.model import Asset, Match, Record, State

CURRENT = frozenset({State.APPROVED, State.DEPLOYED})


class Index:
    """Records by identifier, by the name that versions share, and by what a person linked."""

    def __init__(self, records: Iterable[Record], linked: Mapping[str, tuple[str, ...]]) -> None:
        self.listed: defaultdict[str, list[Record]] = defaultdict(list)
        self.families: defaultdict[str, list[Record]] = defaultdict(list)
        self.repositories: defaultdict[str, list[Record]] = defaultdict(list)
        self.registries: set[str] = set()
        by_id: defaultdict[str, list[Record]] = defaultdict(list)
        for record in records:
            by_id[record.id].append(record)
            self.registries.add(record.registry)
            self._add(record)
        self.linked: defaultdict[str, list[Record]] = defaultdict(list)
        for record_id, identifiers in linked.items():
            for identifier in identifiers:
                self.linked[identifier] += by_id.get(record_id, ())

    def surest(self, asset: Asset) -> list[Match] | None:
        """All matches of an asset, where its own identifiers settle it without a question of scope. None: ask every matcher."""
        if len(self.registries) > 1 or self.linked or asset.key in self.listed:
            return None
        hits = [(each, row(each)) for each in asset.identifiers if each in self.listed]
        strong = [each for each, kind in hits if kind.strong]
        if strong:
            return [Match(asset.key, record.id, f"strong {each}", strong=True) for each in strong for record in self.listed[each]]
        pinned = [(each, record) for each, kind in hits if kind.pinned for record in self.listed[each]]
        if any(record.approved_scope != ANYWHERE for _, record in pinned):
            return None
        return [Match(asset.key, record.id, f"pinned {each}", strong=False) for each, record in pinned] or None

    def _add(self, record: Record) -> None:
        for identifier in dict.fromkeys((*record.identifiers, *map(_typed, (record.name, *record.aliases)))):
            self.listed[identifier].append(record)
            name = name_of(identifier)
            if name and record.state in CURRENT:
                self.families[name].append(record)
        repository = repository_of(record)
        if repository:
            self.repositories[repository].append(record)


def _typed(name: str) -> str:
    """An alias may be an identifier; anything else is a name."""
    return name if row(name).prefix else f"name:{name}"
