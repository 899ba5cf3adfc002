"""Links between assets that exist, each once.

Half a million of them are sorted and held against each other as numbers: as strings that would cost seconds.
"""

from collections.abc import Iterator
from itertools import chain, compress, pairwise
from typing import TYPE_CHECKING, NamedTuple

from scanner.graph import CODES
from scanner.model import Link
from scanner.resolve.ends import Ends
from scanner.resolve.heap import Heap
from scanner.resolve.merge import evidence_of

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

Columns = tuple[bytes, bytes, bytes]


class _Told(NamedTuple):
    """Links with the numbers of their ends, and whether a fresh sheet told of them."""

    links: list[Link]
    source: "npt.NDArray[np.int32]"
    target: "npt.NDArray[np.int32]"
    fresh: "npt.NDArray[np.bool_]"


def linked(heap: Heap, ends: Ends, place: "npt.NDArray[np.int32]") -> tuple[tuple[Link, ...], frozenset[int], Columns]:
    """The links by source, relation and target; the positions of those that only stale sheets told of; their numbers.

    `place`: the place of each asset in the sorted inventory, by its number in `ends`.
    """
    import numpy as np

    told = _told(heap, ends)
    relation = np.array([CODES[link.relation] for link in told.links], np.int32)
    source, target = place[told.source], place[told.target]
    rank = np.lexsort((target, relation, source))
    first = _first_of_each(source[rank], target[rank], relation[rank])
    stale = np.flatnonzero(~np.logical_or.reduceat(told.fresh[rank], first)) if len(told.links) else first
    links = _once([told.links[number] for number in rank.tolist()], first.tolist())
    kept = rank[first]
    return links, frozenset(stale.tolist()), (source[kept].tobytes(), target[kept].tobytes(), relation[kept].tobytes())


def _told(heap: Heap, ends: Ends) -> _Told:
    """Every link with both ends as assets: those that name keys as they are, then the others spelt out."""
    import numpy as np

    fresh = np.repeat(~np.array(heap.stale, np.bool_), np.diff([*heap.starts, len(heap.links)]))
    exact = (ends.source >= 0) & (ends.target >= 0)
    others = np.flatnonzero(~exact).tolist()
    spelt = [(*each, bool(fresh[number])) for number in others for each in _spelt(heap.links[number], ends)]
    spelt += [(*each, True) for link in ends.links() for each in _spelt(link, ends)]
    links, source, target, told_fresh = zip(*spelt, strict=True) if spelt else ((), (), (), ())
    return _Told(
        [*compress(heap.links, exact.tolist()), *links],
        np.concatenate([ends.source[exact], np.array(source, np.int32)]),
        np.concatenate([ends.target[exact], np.array(target, np.int32)]),
        np.concatenate([fresh[exact], np.array(told_fresh, np.bool_)]),
    )


def _spelt(link: Link, ends: Ends) -> Iterator[tuple[Link, int, int]]:
    """A link for each pair of assets that its ends mean, with their numbers."""
    for source, start in ends.of(link.source):
        for target, end in ends.of(link.target):
            same = source == link.source and target == link.target
            yield link if same else Link(source, link.relation, target, link.evidence), start, end


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
