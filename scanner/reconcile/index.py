"""The records by what they list."""

from collections.abc import Iterable, Mapping

from scanner.approved import ANYWHERE, repository_of
from scanner.identifiers import name_of, row
from scanner.model import Asset, Match, Record, State

CURRENT = frozenset({State.APPROVED, State.DEPLOYED})


class Listed:
    """Records by a name. Most names are one record's: a list for each would cost a large registry seconds."""

    def __init__(self) -> None:
        self.first: dict[str, Record] = {}
        self._more: dict[str, list[Record]] = {}

    def add(self, name: str, record: Record) -> None:
        """One more record goes by this name; the same one twice in a row counts once."""
        first = self.first.setdefault(name, record)
        if first is not record:
            more = self._more.setdefault(name, [])
            if not more or more[-1] is not record:
                more.append(record)

    def __contains__(self, name: str) -> bool:
        return name in self.first

    def __bool__(self) -> bool:
        return bool(self.first)

    def __getitem__(self, name: str) -> tuple[Record, ...]:
        """The records that go by this name, in the registry's order; none where nothing does."""
        first = self.first.get(name)
        if first is None:
            return ()
        return (first, *self._more[name]) if name in self._more else (first,)


class Index:
    """Records by identifier, by the name that versions share, and by what a person linked."""

    def __init__(self, records: Iterable[Record], linked: Mapping[str, tuple[str, ...]]) -> None:
        self.listed, self.families, self.repositories, self.linked = Listed(), Listed(), Listed(), Listed()
        self.registries: set[str] = set()
        approved = {identity: list[Record]() for identity in linked}
        for record in records:
            self.registries.add(record.registry)
            self._add(record)
            if record.id in approved:
                approved[record.id].append(record)
        for identity, identifiers in linked.items():
            for identifier in identifiers:
                for record in approved[identity]:
                    self.linked.add(identifier, record)
        self._may_settle = len(self.registries) < 2 and not self.linked

    def surest(self, asset: Asset) -> list[Match] | None:
        """All matches of an asset, where its own identifiers settle it without a question of scope. None: ask every matcher."""
        listed, names = self.listed, self.listed.first
        if not self._may_settle or asset.key in names:
            return None
        hits = [(each, row(each)) for each in asset.identifiers if each in names]
        if not hits:
            return None
        strong = [each for each, kind in hits if kind.strong]
        if strong:
            return [Match(asset.key, record.id, f"strong {each}", strong=True) for each in strong for record in listed[each]]
        pinned = [(each, record) for each, kind in hits if kind.pinned for record in listed[each]]
        if any(record.approved_scope != ANYWHERE for _, record in pinned):
            return None
        return [Match(asset.key, record.id, f"pinned {each}", strong=False) for each, record in pinned] or None

    def _add(self, record: Record) -> None:
        current = record.state in CURRENT
        for identifier in (*record.identifiers, *map(_typed, (record.name, *record.aliases))):
            self.listed.add(identifier, record)
            name = name_of(identifier) if current else None
            if name:
                self.families.add(name, record)
        repository = repository_of(record) if record.source_repository else None
        if repository:
            self.repositories.add(repository, record)


def _typed(name: str) -> str:
    """An alias may be an identifier; anything else is a name."""
    return name if row(name).prefix else f"name:{name}"
