"""All sheets, taken apart: what each key was seen as, and every link. One loop, because it runs a million times."""

from collections.abc import Iterable, Iterator

import msgspec

from scanner.model import Link, Sheet, Sighting


class Seen(msgspec.Struct):
    """What one key was seen as, by which sheets; `more` where it was seen more than once."""

    sighting: Sighting
    sheet: int
    more: list[tuple[Sighting, int]] | None = None

    def all(self) -> Iterator[tuple[Sighting, int]]:
        """Every sighting with the number of its sheet."""
        yield self.sighting, self.sheet
        yield from self.more or ()


class Heap(msgspec.Struct):
    """`scopes` and `stale` are by sheet; the links of a sheet start at its `starts`."""

    scopes: list[tuple[str, ...]]
    stale: list[bool]
    starts: list[int]
    seen: dict[str, Seen]
    links: list[Link]


def heaped(sheets: Iterable[Sheet]) -> Heap:
    """The heap of all sheets, fresh ones first."""
    heap = Heap([], [], [], {}, [])
    for number, sheet in enumerate(sorted(sheets, key=lambda sheet: (sheet.stale, sheet.source, sheet.scope))):
        heap.scopes.append((sheet.scope,))
        heap.stale.append(sheet.stale)
        heap.starts.append(len(heap.links))
        _add(heap, sheet, number)
    return heap


def _add(heap: Heap, sheet: Sheet, number: int) -> None:
    seen, link = heap.seen, heap.links.append
    for observation in sheet.observations:
        if isinstance(observation, Link):
            link(observation)
            continue
        known = seen.get(observation.asset)
        if known is None:
            seen[observation.asset] = Seen(observation, number)
        elif known.more is None:
            known.more = [(observation, number)]
        else:
            known.more.append((observation, number))
