"""Everything the checks judge by, indexed once."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from functools import cached_property

import msgspec

from scanner.coverage import Looked
from scanner.governance.waivers import Waiver
from scanner.graph import Graph
from scanner.judge.policy import Policy
from scanner.model import Asset, Coverage, Derived, Link, Match, Observed, Place, Record, State

FAVOURABLE = (State.DEPLOYED, State.APPROVED, State.PROPOSED, State.SUSPENDED, State.RETIRED, State.REJECTED)
"""From the most favourable state to the strictest."""

PLACED = frozenset({State.DEPLOYED, State.SUSPENDED, State.RETIRED})
"""The states whose verdict depends on whether a model is anywhere at all."""


class Past(msgspec.Struct, frozen=True):
    """What earlier runs know. `first_keys`: the key an asset was first seen under, by any of its later ones."""

    first_keys: Mapping[str, str] = {}
    clean_scans: Mapping[str, int] = {}
    """Complete scans in a row, before this one, that saw nothing of a record."""
    seen: frozenset[str] = frozenset()
    """Keys of assets that an earlier run saw: what is short-lived is judged when it is seen twice."""
    first_seen: Mapping[str, str] = {}
    """When a finding's id was first reported."""
    consumers: Mapping[str, tuple[Link, ...]] = {}
    """What read each credential in the last run, or is called gone since."""


class Verdict(msgspec.Struct, frozen=True):
    """What a check says, before its words, severity and id are added. `anchor` is what its id hangs on, where that is not the asset."""

    check: str
    asset: str
    subject: str | None = None
    record: Record | None = None
    because: str = ""
    chain: tuple[Link, ...] = ()
    date: str | None = None
    detail: str = ""
    anchor: str | None = None
    facts: Mapping[str, str] = {}


class Case:
    """One run's values, with the questions that several checks ask."""

    def __init__(
        self,
        graph: Graph,
        derived: Derived,
        matches: Iterable[Match],
        records: Iterable[Record],
        coverage: Coverage,
        policy: Policy,
        waivers: tuple[Waiver, ...],
        now: str,
        registries_read: bool,
        past: Past,
        partial: bool,
    ) -> None:
        self.graph, self.derived, self.coverage, self.policy = graph, derived, coverage, policy
        self.waivers, self.now, self.past, self.partial = waivers, now, past, partial
        self.registries_read = registries_read
        self.assets: Mapping[str, Asset] = graph.inventory.assets
        self.records = tuple(records)
        self.today: date = datetime.fromisoformat(now).date()
        self.looked = Looked(coverage)
        self.counted: defaultdict[str, int] = defaultdict(int)
        self.absent: set[str] = set()
        self._unread: dict[str, frozenset[str]] = {}
        self.by_id: defaultdict[str, list[Record]] = defaultdict(list)
        for record in self.records:
            self.by_id[record.id].append(record)
        self.matched: defaultdict[str, list[tuple[Match, Record]]] = defaultdict(list)
        """The matches of each subject, and of each host that a record lists, with their records."""
        for match in matches:
            pairs = self.matched[match.asset]
            for record in self.by_id.get(match.record, ()):
                pairs.append((match, record))

    def unread(self, what: str) -> frozenset[str]:
        """The places that were not read whole and could run, store or hold something; the registries are none of them."""
        if what not in self._unread:
            self._unread[what] = frozenset(path for path in self.looked.unread(what) if not path.startswith("registry/"))
        return self._unread[what]

    @property
    def blind(self) -> str | None:
        """Why this run, as a whole, may call nothing gone."""
        if self.partial:
            return "this run read only a part of the estate"
        return None if self.coverage.scopes else "nothing was read"

    @cached_property
    def typed(self) -> Mapping[str, str]:
        """What was seen, by its identifier without the type."""
        return {each.partition(":")[2]: each for asset in self.assets.values() for each in asset.identifiers}

    @cached_property
    def at(self) -> Mapping[str, list[Place]]:
        """The places of each subject."""
        places: defaultdict[str, list[Place]] = defaultdict(list)
        for place in self.derived.places:
            places[place.subject].append(place)
        return places

    @cached_property
    def on(self) -> Mapping[str, list[Place]]:
        """What runs on each host."""
        places: defaultdict[str, list[Place]] = defaultdict(list)
        for place in self.derived.places:
            if place.observed is Observed.RUNNING:
                places[place.host].append(place)
        return places

    @cached_property
    def places_of(self) -> Mapping[str, list[Place]]:
        """The places of each record that has to be somewhere, or nowhere, by its id: of the model it lists, or on the host."""
        places: defaultdict[str, list[Place]] = defaultdict(list)
        for subject, pairs in self.matched.items():
            for match, record in pairs:
                if record.state in PLACED:
                    places[match.record].extend(self.at.get(subject) or self.on.get(subject) or ())
        return places

    def matches(self, subject: str) -> list[tuple[Match, Record]]:
        """The records that a subject matches."""
        return self.matched.get(subject, [])

    def first_key(self, key: str) -> str:
        """The key that an asset was first seen under, so that ids outlive renames and merges."""
        known = self.past.first_keys
        asset = self.assets.get(key)
        return next((known[name] for name in (key, *(asset.aliases if asset else ())) if name in known), key)

    def days_since(self, when: object) -> int | None:
        """Whole days since a time; None where there is none that can be read."""
        if not isinstance(when, str) or not when:
            return None
        try:
            return (self.today - datetime.fromisoformat(when).date()).days
        except ValueError:
            return None
