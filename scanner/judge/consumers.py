"""Who uses a credential, and whether it has to do with AI at all."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property

from scanner.judge.case import Case
from scanner.judge.governing import governing
from scanner.model import Asset, Confidence, Kind, Link, Observed, Record, Relation, State

GENERAL = frozenset({"aws", "gcp", "azure", "github", "kubernetes"})
"""Providers of everything; a key of theirs is of AI only by what it opens or who holds it."""


def _is_permission(link: Link) -> bool:
    """Whether a policy would allow it, and nothing says that it happens."""
    return bool(link.evidence) and all(told.rule == "iam-allows" and told.confidence is Confidence.INFERRED for told in link.evidence)


class Consumers:
    """Asks the graph about credentials."""

    def __init__(self, case: Case) -> None:
        self._case = case

    def is_ai(self, key: str) -> bool:
        """Whether an asset is AI."""
        return key in self._case.derived.ai

    def is_of_ai(self, asset: Asset) -> bool:
        """Its provider is one of AI, a record lists it, or who holds or reads it is AI."""
        provider = asset.attributes.get("provider")
        if (isinstance(provider, str) and provider and provider not in GENERAL) or self.records(asset):
            return True
        holders = (link.source for link in self._case.graph.into(asset.key, Relation.HOLDS, Relation.READS))
        return any(self.is_ai(holder) for holder in holders)

    def records(self, asset: Asset) -> tuple[Record, ...]:
        """The records whose identities list the credential, or the identity that holds it, word for word."""
        if not self._listed:
            return ()
        holders = (link.source for link in self._case.graph.into(asset.key, Relation.HOLDS))
        names = {name for key in (asset.key, *holders) for name in self._names(key)}
        found = {record.id: record for name in names for record in self._listed.get(name, ())}
        return tuple(found[each] for each in sorted(found))

    def _names(self, key: str) -> Iterator[str]:
        asset = self._case.assets[key]
        for name in (key, *asset.aliases, *asset.identifiers):
            yield name
            yield name.partition(":")[2]
        if asset.kind is Kind.CREDENTIAL and "/access-key/" in key:
            yield key.rpartition("/")[2]

    @cached_property
    def _listed(self) -> Mapping[str, list[Record]]:
        listed: defaultdict[str, list[Record]] = defaultdict(list)
        for record in self._case.records:
            for name in record.identities:
                listed[name].append(record)
        return listed

    def of(self, asset: Asset, *, unused: bool = False) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """What is handed the credential: what lives or might, and what cannot run any more.

        `unused`: its provider's own record says that nobody uses it; who merely may read it is no consumer then.
        """
        reads = self._case.graph.into(asset.key, Relation.READS)
        readers = {link.source for link in reads if not (unused and _is_permission(link))}
        gone = {reader for reader in readers if self._gone(self._case.assets[reader])}
        return tuple(sorted(readers - gone)), tuple(sorted(gone))

    @staticmethod
    def _gone(reader: Asset) -> bool:
        """An archived repository runs no workflow. What was stopped by hand can be started: it is not gone."""
        return reader.kind is Kind.REPOSITORY and reader.attributes.get("archived") is True and not reader.stale

    def vanished(self, asset: Asset) -> tuple[Link, ...]:
        """What used it in the last run and is there no more."""
        before = (link for link in self._case.past.consumers.get(asset.key, ()) if not _is_permission(link))
        return tuple(link for link in before if not self._is_there(link.source))

    def _is_there(self, key: str) -> bool:
        now = self._case.assets.get(key)
        return now is not None and not now.attributes.get("referenced_only")

    def holders(self, key: str) -> tuple[Link, ...]:
        """The shortest proof of who has to do with it: who holds it, or else who reads it."""
        graph = self._case.graph
        return (*graph.into(key, Relation.HOLDS), *graph.into(key, Relation.READS), *graph.into(key, Relation.CONTAINS))[:1]

    def owners(self, key: str) -> list[Asset]:
        """The people who answer for it, or for the identity it authenticates as."""
        graph = self._case.graph
        keys = (key, *(link.source for link in graph.into(key, Relation.HOLDS)))
        people = {link.target for each in keys for link in graph.out_of(each, Relation.OWNED)}
        return [self._case.assets[each] for each in sorted(people)]

    def runs_only(self, consumer: str, states: frozenset[State]) -> bool:
        """Whether all that a consumer runs has a record in one of these states."""
        pairs = [governing(self._case, place) for place in self._case.on.get(consumer, ())]
        return bool(pairs) and all(pair is not None and pair[1].state in states for pair in pairs)

    def models(self, consumers: Iterable[str]) -> Mapping[str, frozenset[str]]:
        """The models of each consumer; a workload and the repository it comes from are one consumer."""
        found: dict[str, frozenset[str]] = {}
        for consumer in consumers:
            models = frozenset(self._models(consumer))
            if models:
                found[consumer] = models
        return {key: models for key, models in found.items() if not any(models < other for other in found.values())}

    def _models(self, consumer: str) -> Iterator[str]:
        for place in self._case.on.get(consumer, ()):
            if place.observed is Observed.RUNNING and place.subject != place.host:
                yield self._name(self._case.assets[place.subject])
        for link in self._case.graph.out_of(consumer, Relation.USES):
            target = self._case.assets[link.target]
            if target.kind is Kind.MODEL and target.attributes.get("context", "production") == "production":
                yield self._name(target)

    @staticmethod
    def _name(asset: Asset) -> str:
        told = asset.attributes
        return f"{told.get('provider')}/{told['model_id']}" if told.get("model_id") else asset.key
