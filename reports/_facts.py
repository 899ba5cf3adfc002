"""What a report says about one thing: its asset, its record, its place, and what hangs together with it."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from reports._text import plain
from reports._times import Clock
from reports._words import kind_of, name_of
from scanner.model import Asset, Finding, Kind, Link, Record, Relation, Report

AT_MOST = 12
EACH = 3
_BEFORE = {
    Kind.WORKLOAD: (Relation.ROUTES,),
    Kind.IMAGE: (Relation.BUILDS,),
    Kind.CREDENTIAL: (Relation.READS, Relation.HOLDS),
}
_AFTER = {
    Kind.ENDPOINT: (Relation.ROUTES, Relation.ASSUMES, Relation.READS, Relation.OWNED),
    Kind.WORKLOAD: (Relation.RUNS, Relation.ASSUMES, Relation.READS, Relation.OWNED),
    Kind.AGENT: (Relation.READS, Relation.OWNED),
    Kind.IDENTITY: (Relation.HOLDS,),
}
"""Which links join a thing to the rest of its picture: what leads to it, and what it needs."""

Links = dict[tuple[str, Relation], list[Link]]


@dataclass(frozen=True)
class Facts:
    """A report with its assets, records and links at hand."""

    report: Report
    clock: Clock

    @cached_property
    def assets(self) -> dict[str, Asset]:
        """Assets by every key they were seen under."""
        return {key: asset for asset in self.report.assets for key in (*asset.aliases, asset.key)}

    @cached_property
    def records(self) -> dict[str, Record]:
        """Records by id."""
        return {record.id: record for record in self.report.records}

    @cached_property
    def after(self) -> Links:
        """The links that join a picture, by their source."""
        return _by(((link.source, link) for link in self.report.links), {one for many in _AFTER.values() for one in many})

    @cached_property
    def before(self) -> Links:
        """The links that join a picture, by their target."""
        return _by(((link.target, link) for link in self.report.links), {one for many in _BEFORE.values() for one in many})


def connected(facts: Facts, finding: Finding) -> tuple[Link, ...]:
    """The finding's chain, and what builds, reaches and feeds its ends, and who owns them: the nearest first, a dozen in all."""
    links = dict.fromkeys(finding.chain)
    queue = list(dict.fromkeys([finding.asset, *(end for link in finding.chain for end in (link.source, link.target))]))
    for key in queue:
        for link in _beside(facts, key):
            if len(links) < AT_MOST and link not in links:
                links[link] = None
                queue += [end for end in (link.source, link.target) if end not in queue]
    return tuple(links)


def place_of(facts: Facts, key: str) -> str:
    """Where a thing is, as short as it is still found: `prod-eu/llm`, `us-east-1 of 1234`, `acme/payments`."""
    asset = facts.assets.get(key)

    def value(name: str) -> str:
        return str(asset.attributes.get(name) or "") if asset else ""

    if value("cluster"):
        return plain("/".join(filter(None, (value("cluster"), value("namespace")))), 60)
    if value("bucket"):
        return plain(value("bucket"), 60)
    if value("account"):
        return plain(" of ".join(filter(None, (value("region"), value("account")))), 60)
    for name in ("repository", "organisation"):
        if value(name):
            return plain(name_of(value(name)), 60)
    return plain(_holder(key), 60)


def _holder(key: str) -> str:
    """What holds a thing that says nothing of its place: a model's owner, a URL's host, a record's registry."""
    holder = key[len("model:") : -len(name_of(key)) - 1] if key.startswith("model:") else key
    if holder.startswith("record:"):
        return f"record {holder.partition(':')[2]}"
    return name_of(holder).removeprefix("http://").removeprefix("https://")


def _beside(facts: Facts, key: str) -> Iterator[Link]:
    kind = kind_of(key)
    if kind is None:
        return
    for relation in _BEFORE.get(kind, ()):
        yield from facts.before.get((key, relation), ())[:EACH]
    for relation in _AFTER.get(kind, ()):
        yield from facts.after.get((key, relation), ())[:EACH]


def _by(links: Iterable[tuple[str, Link]], wanted: set[Relation]) -> Links:
    found: Links = defaultdict(list)
    for key, link in links:
        if link.relation in wanted:
            found[key, link.relation].append(link)
    return found
