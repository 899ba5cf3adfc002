"""All sheets, taken apart: what each key was seen as, and every link. One loop, because it runs a million times."""

from collections.abc import Iterable

import msgspec

from scanner.model import Asset, Link, Sheet


class Heap(msgspec.Struct):
    """Each sighting is an asset of its own at first; what a key was seen as again is in `more`, in the order of the sheets.

    `stale` is by sheet; the links of a sheet start at its `starts`.
    """

    stale: list[bool]
    starts: list[int]
    seen: dict[str, Asset]
    more: dict[str, list[Asset]]
    links: list[Link]

    def all(self, key: str) -> list[Asset]:
        """Every sighting of a key."""
        return [self.seen[key], *self.more.get(key, ())]


def heaped(sheets: Iterable[Sheet]) -> Heap:
    """The heap of all sheets, fresh ones first."""
    heap = Heap([], [], {}, {}, [])
    for sheet in sorted(sheets, key=lambda sheet: (sheet.stale, sheet.source, sheet.scope)):
        heap.stale.append(sheet.stale)
        heap.starts.append(len(heap.links))
        _add(heap, sheet)
    return heap


def _add(heap: Heap, sheet: Sheet) -> None:
    seen, link, scopes, stale = heap.seen, heap.links.append, (sheet.scope,), sheet.stale
    for told in sheet.observations:
        if isinstance(told, Link):
            link(told)
            continue
        asset = Asset(told.asset, told.kind, told.identifiers, told.attributes, told.evidence, scopes, (), stale)
        if seen.setdefault(told.asset, asset) is not asset:
            heap.more.setdefault(told.asset, []).append(asset)
