"""The records by what they list."""

from collections import defaultdict
from collections.abc import Iterable, Mapping

from scanner.approved import repository_of
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
        """All matches of an asset, where its own strong identifier settles it: one registry, one look-up. None: ask every matcher."""
        if len(self.registries) > 1:
            return None
        found = [(each, record) for each in asset.identifiers if each in self.listed and row(each).strong for record in self.listed[each]]
        return [Match(asset.key, record.id, f"strong {each}", strong=True) for each, record in found] or None

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
