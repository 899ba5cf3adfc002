"""Links between assets that exist, each once."""

from itertools import pairwise

from scanner.model import Link, Relation
from scanner.resolve.ends import Ends
from scanner.resolve.heap import Heap
from scanner.resolve.merge import evidence_of

Edge = tuple[str, Relation, str]
CODES = {relation: number for number, relation in enumerate(Relation)}


def linked(heap: Heap, ends: Ends, order: list[str]) -> tuple[tuple[Link, ...], frozenset[int]]:
    """The links, sorted, and the positions of those that only stale sheets told of. `order`: the keys of all assets, sorted."""
    told: dict[Edge, Link] = {}
    old: set[Edge] = set()
    for sheet, (start, end) in enumerate(pairwise((*heap.starts, len(heap.links)))):
        _tell(_named(heap.links[start:end], ends), told, old if heap.stale[sheet] else None)
    _tell(list(ends.links()), told, None)
    links = _sorted(list(told.values()), order)
    return links, frozenset(number for number, link in enumerate(links) if old and _edge(link) in old)


def _edge(link: Link) -> Edge:
    return link.source, link.relation, link.target


def _named(links: list[Link], ends: Ends) -> list[Link]:
    """The links with both ends as keys of assets."""
    named = ends.exact()
    if not any(link.target in named or link.source in named for link in links):
        return links
    return [
        link if source == link.source and target == link.target else Link(source, link.relation, target, link.evidence)
        for link in links
        for source in ends.of(link.source)
        for target in ends.of(link.target)
    ]


def _tell(links: list[Link], told: dict[Edge, Link], old: set[Edge] | None) -> None:
    for link in links:
        edge = (link.source, link.relation, link.target)
        known = told.setdefault(edge, link)
        if known is link:
            if old is not None:
                old.add(edge)
        elif link.evidence != known.evidence:
            told[edge] = Link(link.source, link.relation, link.target, evidence_of((known.evidence, link.evidence)))


def _sorted(links: list[Link], order: list[str]) -> tuple[Link, ...]:
    """By source, relation and target, compared as numbers: half a million comparisons of strings would cost a second."""
    import numpy as np

    place = {key: number for number, key in enumerate(order)}
    columns = (
        np.fromiter((place[link.target] for link in links), np.int32, len(links)),
        np.fromiter((CODES[link.relation] for link in links), np.int8, len(links)),
        np.fromiter((place[link.source] for link in links), np.int32, len(links)),
    )
    return tuple(map(links.__getitem__, np.lexsort(columns).tolist()))
