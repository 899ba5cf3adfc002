"""Observations to assets: merged by key and by the identifiers that name one very thing, never by anything weaker.

Copies that share a digest stay assets of their own: one model, many places. What nobody sighted but a link names becomes an
asset that is only referred to. docs/identity.md
"""

from collections.abc import Iterable

from scanner.bulk import uncollected
from scanner.model import Inventory, Sheet
from scanner.resolve.ends import Ends
from scanner.resolve.heap import heaped
from scanner.resolve.links import linked
from scanner.resolve.merge import merged


@uncollected
def resolve(sheets: Iterable[Sheet]) -> Inventory:
    """The inventory, sorted: the same sheets in any order give the same bytes."""
    heap = heaped(sheets)
    assets, canonical = merged(heap)
    ends = Ends(assets, canonical, heap.links)
    order = sorted(ends.assets)
    links, stale, numbers = linked(heap, ends, order)
    return Inventory({key: ends.assets[key] for key in order}, links, stale, numbers)
