"""Records that list where a model runs rather than the model: an endpoint's ARN, a workload's or an endpoint's key.

Such a record judges what runs there and has no record of its own, and nothing elsewhere: the match is the host's, not the model's.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping

from scanner.approved import ANYWHERE, outside, where
from scanner.identifiers import merging, row
from scanner.model import Asset, Derived, Inventory, Match, Observed, Place, Record, Relation
from scanner.reconcile.index import Index

KEYS = ("workload:", "endpoint:")


def of_hosts(inventory: Inventory, derived: Derived, index: Index) -> Iterator[Match]:
    """A match for each host that a record lists, by itself or by the endpoint that leads to it alone."""
    if not any(name.startswith((*KEYS, *merging())) for name in index.listed.first):
        return
    on: defaultdict[str, list[Place]] = defaultdict(list)
    for place in derived.places:
        if place.observed is Observed.RUNNING and place.subject != place.host:
            on[place.host].append(place)
    fronts = _fronts(inventory, on)
    for host, places in sorted(on.items()):
        for asset in (inventory.assets[host], *(inventory.assets[key] for key in fronts.get(host, ()))):
            yield from (Match(host, record.id, because, strong) for because, strong, record in _listed(inventory, asset, places, index))


def _fronts(inventory: Inventory, on: Mapping[str, list[Place]]) -> Mapping[str, list[str]]:
    """The endpoints that lead to one host of models and to no other: a shared entrance says nothing of what is behind it."""
    behind: defaultdict[str, set[str]] = defaultdict(set)
    for link in inventory.links:
        if link.relation is Relation.ROUTES and link.target in on:
            behind[link.source].add(link.target)
    fronts: defaultdict[str, list[str]] = defaultdict(list)
    for front, hosts in sorted(behind.items()):
        if len(hosts) == 1:
            fronts[min(hosts)].append(front)
    return fronts


def _listed(inventory: Inventory, asset: Asset, places: list[Place], index: Index) -> Iterator[tuple[str, bool, Record]]:
    """The records that list this very thing: by what names it wherever it is, or by its key, in scope."""
    for name in dict.fromkeys((*asset.identifiers, asset.key, *asset.aliases)):
        strong = row(name).merges
        for record in index.listed[name] if strong or name.startswith(KEYS) else ():
            if strong or _in_scope(inventory, record, places):
                yield f"{'strong' if strong else 'pinned'} {name}", strong, record


def _in_scope(inventory: Inventory, record: Record, places: list[Place]) -> bool:
    return record.approved_scope == ANYWHERE or any(not outside(record.approved_scope, where(inventory.assets, each)) for each in places)
