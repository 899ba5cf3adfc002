"""Links between assets that exist, each once.

Half a million of them are sorted and held against each other as numbers: as strings that would cost seconds.
"""

from itertools import chain, pairwise
from typing import TYPE_CHECKING

from scanner.graph import numbered
from scanner.model import Link
from scanner.resolve.ends import Ends
from scanner.resolve.heap import Heap
from scanner.resolve.merge import evidence_of

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

Columns = tuple[bytes, bytes, bytes]


def linked(heap: Heap, ends: Ends, order: list[str]) -> tuple[tuple[Link, ...], frozenset[int], Columns]:
    """The links by source, relation and target; the positions of those that only stale sheets told of; their numbers.

    `order`: the keys of all assets, sorted.
    """
    import numpy as np

    told, fresh = _told(heap, ends)
    columns = [np.frombuffer(column, np.int32) for column in numbered(told, {key: number for number, key in enumerate(order)})]
    source, target, relation = columns
    rank = np.lexsort((target, relation, source))
    first = _first_of_each(*(column[rank] for column in columns))
    stale = np.flatnonzero(~np.logical_or.reduceat(fresh[rank], first)) if len(told) else first
    links = _once([told[number] for number in rank.tolist()], first.tolist())
    kept = rank[first]
    return links, frozenset(stale.tolist()), (source[kept].tobytes(), target[kept].tobytes(), relation[kept].tobytes())


def _told(heap: Heap, ends: Ends) -> "tuple[list[Link], npt.NDArray[np.bool_]]":
    """Every link with both ends as keys of assets, and whether a fresh sheet told of it."""
    import numpy as np

    told: list[Link] = []
    fresh: list[tuple[bool, int]] = []
    for sheet, (start, end) in enumerate(pairwise((*heap.starts, len(heap.links)))):
        before = len(told)
        told += _named(heap.links[start:end], ends)
        fresh.append((not heap.stale[sheet], len(told) - before))
    held = list(ends.links())
    values, counts = zip(*fresh, (True, len(held)), strict=True)
    return [*told, *held], np.repeat(np.array(values, np.bool_), counts)


def _named(links: list[Link], ends: Ends) -> list[Link]:
    named = ends.exact()
    if not any(link.target in named or link.source in named for link in links):
        return links
    return [
        link if source == link.source and target == link.target else Link(source, link.relation, target, link.evidence)
        for link in links
        for source in ends.of(link.source)
        for target in ends.of(link.target)
    ]


def _first_of_each(*columns: "npt.NDArray[np.int32]") -> "npt.NDArray[np.int64]":
    """Where, in sorted columns, another row begins."""
    import numpy as np

    if not len(columns[0]):
        return np.zeros(0, np.int64)
    differs = np.logical_or.reduce([column[1:] != column[:-1] for column in columns])
    return np.concatenate([[0], np.flatnonzero(differs) + 1]).astype(np.int64)


def _once(links: list[Link], first: list[int]) -> tuple[Link, ...]:
    """One link of each group, with the evidence of all."""
    if len(first) == len(links):
        return tuple(links)
    return tuple(_joined(links[start:end]) for start, end in pairwise(chain(first, [len(links)])))


def _joined(links: list[Link]) -> Link:
    link = links[0]
    if all(other.evidence == link.evidence for other in links):
        return link
    return Link(link.source, link.relation, link.target, evidence_of(other.evidence for other in links))
