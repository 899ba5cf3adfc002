"""Assets and links as a graph: whole in arrays of numbers, cut out as networkx for what people look at.

A million links fit in 12 MB this way and are walked in milliseconds (docs/decisions/graph-in-arrays.md).
"""

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from scanner.bulk import uncollected
from scanner.model import Asset, Inventory, Kind, Link, Relation

if TYPE_CHECKING:
    import networkx
    import numpy as np
    import numpy.typing as npt

    Flags = npt.NDArray[np.bool_]
    Numbers = npt.NDArray[np.int32]

CODES = {relation: code for code, relation in enumerate(Relation)}
KINDS = {kind: code for code, kind in enumerate(Kind)}


class Graph:
    """An inventory as numbered nodes and edges. Node `n` is `keys[n]`; edge `e` is `links[e]`, from `source[e]` to `target[e]`."""

    @uncollected
    def __init__(self, inventory: Inventory) -> None:
        import numpy as np

        self.inventory = inventory
        self.assets: Sequence[Asset] = tuple(inventory.assets.values())
        self.keys: Sequence[str] = tuple(inventory.assets)
        self.links = inventory.links
        self.number = {key: number for number, key in enumerate(self.keys)}
        columns = inventory.numbers or numbered(self.links, self.number)
        self.source, self.target, self.relation = (np.frombuffer(column, np.int32) for column in columns)

    @cached_property
    def of_kind(self) -> Mapping[Kind, list[Asset]]:
        """The assets by kind."""
        kinds: dict[Kind, list[Asset]] = {kind: [] for kind in Kind}
        for asset in self.assets:
            kinds[asset.kind].append(asset)
        return kinds

    def edges(self, *relations: Relation) -> "Numbers":
        """The numbers of all edges of these relations."""
        import numpy as np

        return np.flatnonzero(self._mask(relations)).astype(np.int32)

    def starts(self, *relations: Relation) -> "Flags":
        """Whether a link of these relations starts at each node."""
        import numpy as np

        return np.bincount(self.source[self._mask(relations)], minlength=len(self.keys)) > 0

    def ends(self, *relations: Relation) -> "Flags":
        """Whether a link of these relations ends at each node."""
        import numpy as np

        return np.bincount(self.target[self._mask(relations)], minlength=len(self.keys)) > 0

    @cached_property
    def kinds(self) -> "npt.NDArray[np.int8]":
        """The kind of each node, as its place in the list of kinds."""
        import numpy as np

        return np.array([KINDS[asset.kind] for asset in self.assets], np.int8)

    def between(self, sources: Container[Kind], relations: tuple[Relation, ...], targets: Container[Kind]) -> list[int]:
        """The numbers of all edges of these relations from a thing of one kind to a thing of another."""
        import numpy as np

        of_source, of_target = (np.array([kind in kinds for kind in Kind]) for kinds in (sources, targets))
        edges = self.edges(*relations)
        fits = of_source[self.kinds[self.source[edges]]] & of_target[self.kinds[self.target[edges]]]
        numbers: list[int] = edges[fits].tolist()
        return numbers

    def out_of(self, key: str, *relations: Relation) -> Iterator[Link]:
        """The links that start at an asset."""
        return self._of(key, *self._forward, relations)

    def into(self, key: str, *relations: Relation) -> Iterator[Link]:
        """The links that end at an asset."""
        return self._of(key, *self._backward, relations)

    def reach(self, starts: "Iterable[str] | Flags", relations: Iterable[Relation] = (), *, reverse: bool = False) -> "Flags":
        """Whether each node can be reached from any start, the starts included, over edges of these relations (none: all)."""
        import numpy as np

        reached = self.flags(starts)
        wanted = self._mask(tuple(relations))
        begin, end = (self.target, self.source) if reverse else (self.source, self.target)
        begin, end = begin[wanted], end[wanted]
        if not len(begin) or not reached.any():
            return reached
        order, _ = _breadth_first(len(self.keys), begin, end, np.flatnonzero(reached))
        reached[order] = True
        return reached

    def path(self, source: str, target: str, relations: Iterable[Relation] = ()) -> tuple[Link, ...]:
        """The shortest chain of links from one asset to another; empty where there is none."""
        import numpy as np

        if source == target or source not in self.number or target not in self.number:
            return ()
        wanted = np.flatnonzero(self._mask(tuple(relations)))
        start, goal = self.number[source], self.number[target]
        _, before = _breadth_first(len(self.keys), self.source[wanted], self.target[wanted], np.array([start]))
        nodes = [goal]
        while nodes[-1] != start and before[nodes[-1]] >= 0:
            nodes.append(int(before[nodes[-1]]))
        return tuple(self._between(nodes[::-1], tuple(relations))) if nodes[-1] == start else ()

    def neighbourhood(self, key: str, hops: int = 2) -> tuple[tuple[Asset, ...], tuple[Link, ...]]:
        """The assets within so many links of `key`, in either direction, and the links among them."""
        if key not in self.number:
            return (), ()
        near = {key}
        edge = {key}
        for _ in range(hops):
            edge = {other for one in edge for link in self._both(one) for other in (link.source, link.target)} - near
            near |= edge
        links = {(link.source, link.relation, link.target): link for one in near for link in self.out_of(one) if link.target in near}
        return tuple(self.inventory.assets[one] for one in sorted(near)), tuple(links[edge] for edge in sorted(links))

    def around(self, key: str, hops: int = 2) -> "networkx.DiGraph[str]":
        """The neighbourhood as a networkx graph; nodes carry `asset`, edges `link`."""
        import networkx

        assets, links = self.neighbourhood(key, hops)
        graph: networkx.DiGraph[str] = networkx.DiGraph()
        graph.add_nodes_from((asset.key, {"asset": asset}) for asset in assets)
        graph.add_edges_from((link.source, link.target, {"link": link}) for link in links)
        return graph

    @cached_property
    def remembers(self) -> bool:
        """Whether anything here is only what an earlier run saw."""
        return bool(self.inventory.stale_links) or any(asset.stale for asset in self.assets)

    def is_stale(self, link: Link) -> bool:
        """Whether only what an earlier run saw told of this link."""
        return (link.source, link.relation, link.target) in self._old

    @cached_property
    def _old(self) -> frozenset[tuple[str, Relation, str]]:
        told = (self.links[position] for position in self.inventory.stale_links)
        return frozenset((link.source, link.relation, link.target) for link in told)

    def flags(self, keys: "Iterable[str] | Flags") -> "Flags":
        """A mask over all nodes that is true for these keys."""
        import numpy as np

        if isinstance(keys, np.ndarray):
            return keys.astype(np.bool_, copy=True)
        flags = np.zeros(len(self.keys), np.bool_)
        flags[[self.number[key] for key in keys if key in self.number]] = True
        return flags

    @cached_property
    def _forward(self) -> tuple[list[int], list[int]]:
        return _sorted_edges(self.source, len(self.keys))

    @cached_property
    def _backward(self) -> tuple[list[int], list[int]]:
        return _sorted_edges(self.target, len(self.keys))

    def _of(self, key: str, order: list[int], bounds: list[int], relations: tuple[Relation, ...]) -> Iterator[Link]:
        number = self.number.get(key)
        if number is None:
            return
        for edge in order[bounds[number] : bounds[number + 1]]:
            link = self.links[edge]
            if not relations or link.relation in relations:
                yield link

    def _both(self, key: str) -> Iterator[Link]:
        yield from self.out_of(key)
        yield from self.into(key)

    def _mask(self, relations: tuple[Relation, ...]) -> "Flags":
        import numpy as np

        if not relations:
            return np.ones(len(self.links), np.bool_)
        return np.isin(self.relation, [CODES[relation] for relation in relations])

    def _between(self, nodes: list[int], relations: tuple[Relation, ...]) -> Iterator[Link]:
        for start, end in pairwise(nodes):
            goal = self.keys[end]
            yield next(link for link in self.out_of(self.keys[start], *relations) if link.target == goal)


def numbered(links: Sequence[Link], number: Mapping[str, int]) -> tuple[bytes, bytes, bytes]:
    """Links as int32 columns: the numbers of their sources and targets, and of their relations."""
    import numpy as np

    columns = (
        (number[link.source] for link in links),
        (number[link.target] for link in links),
        (CODES[link.relation] for link in links),
    )
    source, target, relation = (np.fromiter(column, np.int32, len(links)).tobytes() for column in columns)
    return source, target, relation


def _sorted_edges(ends: "Numbers", nodes: int) -> tuple[list[int], list[int]]:
    """Edge numbers grouped by an end, and where each group begins; lists, because they are read one number at a time."""
    import numpy as np

    order = np.argsort(ends, kind="stable")
    bounds = np.searchsorted(ends[order], np.arange(nodes + 1))
    return order.tolist(), bounds.tolist()


def _breadth_first(nodes: int, begin: Any, end: Any, starts: Any) -> Any:
    """Order and predecessors of a walk from all starts at once: from a node added for the purpose."""
    import numpy as np
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import breadth_first_order

    rows = np.concatenate([begin, np.full(len(starts), nodes, np.int32)])
    columns = np.concatenate([end, starts.astype(np.int32)])
    matrix = csr_array((np.ones(len(rows), np.int8), (rows, columns)), shape=(nodes + 1, nodes + 1))
    order, before = breadth_first_order(matrix, nodes, directed=True, return_predecessors=True)
    return order[1:], np.where(before == nodes, -1, before)
