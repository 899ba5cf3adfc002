"""Observations to assets: merged by key and by the identifiers that name one very thing, never by anything weaker.

Copies that share a digest stay assets of their own: one model, many places. What nobody sighted but a link names becomes an
asset that is only referred to. docs/identity.md
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from scanner.bulk import uncollected
from scanner.model import Inventory, Sheet
from scanner.resolve.ends import Ends
from scanner.resolve.heap import heaped
from scanner.resolve.links import linked
from scanner.resolve.merge import merged

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt


@uncollected
def resolve(sheets: Iterable[Sheet]) -> Inventory:
    """The inventory, sorted: the same sheets in any order give the same bytes."""
    heap = heaped(sheets)
    assets, canonical = merged(heap)
    ends = Ends(assets, canonical, heap.links)
    keys, things = list(assets), list(assets.values())
    order = sorted(range(len(keys)), key=keys.__getitem__)
    links, stale, numbers = linked(heap, ends, _places(order))
    return Inventory({keys[number]: things[number] for number in order}, links, stale, numbers)


def _places(order: list[int]) -> "npt.NDArray[np.int32]":
    """The place of each number in an order."""
    import numpy as np

    places = np.empty(len(order), np.int32)
    places[order] = np.arange(len(order), dtype=np.int32)
    return places
