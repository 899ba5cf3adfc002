"""The graph in arrays says the same as networkx does, and shows its neighbourhoods as networkx."""

import random

import networkx
import pytest

from scanner.graph import Graph
from scanner.model import Inventory, Relation
from scanner.resolve import resolve
from tests.made import link, seen, sheet


def made(*edges: tuple[str, Relation, str]) -> Graph:
    keys = sorted({key for source, _, target in edges for key in (source, target)})
    return Graph(resolve([sheet(*map(seen, keys), *(link(*edge) for edge in edges))]))


CHAIN = made(
    ("workload:w", Relation.RUNS, "image:i"),
    ("repo:r", Relation.BUILDS, "image:i"),
    ("repo:r", Relation.USES, "model:m"),
    ("endpoint:e", Relation.ROUTES, "workload:w"),
    ("workload:w", Relation.LOADS, "artifact:a"),
    ("artifact:a", Relation.DERIVES, "model:m"),
)


def reached(graph: Graph, *starts: str, **options: object) -> list[str]:
    flags = graph.reach(starts, **options)  # type: ignore[arg-type]  # the tests say which
    return [key for key, flag in zip(graph.keys, flags, strict=True) if flag]


def test_reach_forwards_backwards_and_over_some_relations_only() -> None:
    assert reached(CHAIN, "workload:w") == ["artifact:a", "image:i", "model:m", "workload:w"]
    assert reached(CHAIN, "model:m", reverse=True) == ["artifact:a", "endpoint:e", "model:m", "repo:r", "workload:w"]
    assert reached(CHAIN, "workload:w", relations=[Relation.RUNS]) == ["image:i", "workload:w"]
    assert reached(CHAIN) == []
    assert reached(CHAIN, "unknown") == []


def test_the_shortest_path_is_a_chain_of_links() -> None:
    path = CHAIN.path("endpoint:e", "model:m")
    assert [(each.source, each.relation, each.target) for each in path] == [
        ("endpoint:e", "routes", "workload:w"),
        ("workload:w", "loads", "artifact:a"),
        ("artifact:a", "derives", "model:m"),
    ]
    assert CHAIN.path("model:m", "endpoint:e") == ()
    assert CHAIN.path("model:m", "nowhere") == ()


def test_a_neighbourhood_goes_both_ways_and_holds_the_links_among_its_members() -> None:
    assets, links = CHAIN.neighbourhood("image:i", 1)
    assert [asset.key for asset in assets] == ["image:i", "repo:r", "workload:w"]
    assert [each.relation for each in links] == ["builds", "runs"]
    assert CHAIN.neighbourhood("nowhere") == ((), ())
    around = CHAIN.around("image:i", 1)
    assert isinstance(around, networkx.DiGraph)
    assert around.edges["repo:r", "image:i"]["link"].relation is Relation.BUILDS
    assert around.nodes["repo:r"]["asset"].key == "repo:r"


def test_links_of_one_asset() -> None:
    assert [each.target for each in CHAIN.out_of("workload:w")] == ["image:i", "artifact:a"]
    assert [each.source for each in CHAIN.into("image:i", Relation.BUILDS)] == ["repo:r"]
    assert list(CHAIN.out_of("nowhere")) == []


def test_an_empty_graph() -> None:
    graph = Graph(Inventory({}, ()))
    assert (list(graph.reach([])), graph.path("a", "b")) == ([], ())


@pytest.mark.parametrize("seed", range(5))
def test_reach_and_paths_agree_with_networkx(seed: int) -> None:
    chance = random.Random(seed)
    edges = {(f"workload:{chance.randrange(60)}", Relation.CALLS, f"workload:{chance.randrange(60)}") for _ in range(90)}
    graph, peer = made(*edges), networkx.DiGraph([(source, target) for source, _, target in edges])
    for key in graph.keys[:20]:
        assert set(reached(graph, key)) == {key} | networkx.descendants(peer, key)
        assert set(reached(graph, key, reverse=True)) == {key} | networkx.ancestors(peer, key)
        for goal in graph.keys[:20]:
            length = networkx.shortest_path_length(peer, key, goal) if networkx.has_path(peer, key, goal) else 0
            assert len(graph.path(key, goal)) == length
