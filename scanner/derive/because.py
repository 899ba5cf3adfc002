"""Why an asset is AI: the rules, from the surest to the weakest. An asset keeps the first chain that proves it."""

from collections.abc import Iterable, Iterator

from scanner.derive.facts import BUILT_IN, HOSTS, context, from_repositories, is_model, origins, sells_models
from scanner.graph import Graph
from scanner.model import Asset, Kind, Link, Relation

Chains = dict[str, tuple[Link, ...]]
ALWAYS = (Kind.MODEL, Kind.AGENT)
ITSELF = (*ALWAYS, Kind.ARTIFACT, Kind.WORKLOAD, Kind.ENDPOINT, Kind.DEPLOYMENT, Kind.IMAGE)
CODE = frozenset({Kind.MODEL, Kind.SDK})
PROVIDED = frozenset({Kind.CREDENTIAL, Kind.ENDPOINT})


def because(graph: Graph) -> Chains:
    """Every AI asset with its chain of links; an empty chain where the thing itself is AI."""
    chains: Chains = {asset.key: () for kind in ITSELF for asset in graph.of_kind[kind] if kind in ALWAYS or _is_ai(asset)}
    for rule in (_models_held, _permitted, _code, _provided, _identity, _called, _origin, _called, _images, _routed):
        for key, chain in list(rule(graph, chains)):
            chains.setdefault(key, chain)
    return chains


def _is_ai(asset: Asset) -> bool:
    return is_model(asset) if asset.kind is Kind.ARTIFACT else bool(asset.attributes.get("server"))


def _ends(graph: Graph, *relations: Relation) -> Iterator[tuple[Link, Asset, Asset]]:
    return _told(graph, graph.edges(*relations).tolist())


def _told(graph: Graph, edges: Iterable[int]) -> Iterator[tuple[Link, Asset, Asset]]:
    links, assets, source, target = graph.links, graph.assets, graph.source, graph.target
    return ((links[edge], assets[source[edge]], assets[target[edge]]) for edge in edges)


def _models_held(graph: Graph, chains: Chains) -> Iterator[tuple[str, tuple[Link, ...]]]:
    """It serves or loads a model."""
    for link, _, target in _ends(graph, Relation.SERVES, Relation.LOADS):
        if target.key in chains:
            yield link.source, (link,)


def _permitted(graph: Graph, _: Chains) -> Iterator[tuple[str, tuple[Link, ...]]]:
    """It is an identity that may invoke a model. One that may do anything says nothing."""
    for link, source, _target in _ends(graph, Relation.INVOKES):
        if source.kind is Kind.IDENTITY and not source.attributes.get("over_privileged"):
            yield link.source, (link,)


def _code(graph: Graph, _: Chains) -> Iterator[tuple[str, tuple[Link, ...]]]:
    """It is a repository whose own code uses a model or an SDK."""
    known = ""
    for link, _repository, target in _told(graph, graph.between({Kind.REPOSITORY}, (Relation.USES,), CODE)):
        if link.source != known and context(target) in BUILT_IN:
            known = link.source
            yield known, (link,)


def _provided(graph: Graph, _: Chains) -> Iterator[tuple[str, tuple[Link, ...]]]:
    """It is a workload that is handed a key of a provider of models, or calls the provider's address."""
    for link, _workload, target in _told(graph, graph.between({Kind.WORKLOAD}, (Relation.READS, Relation.CALLS), PROVIDED)):
        if sells_models(target):
            yield link.source, (link,)


def _called(graph: Graph, chains: Chains) -> Iterator[tuple[str, tuple[Link, ...]]]:
    """It calls an AI endpoint, or one that leads to an AI workload."""
    routed = dict(_routed(graph, chains)) if len(graph.edges(Relation.CALLS)) else {}
    for link, _, target in _ends(graph, Relation.CALLS):
        if target.key in chains:
            yield link.source, (link, *chains[target.key][:1])
        elif target.key in routed:
            yield link.source, (link, *routed[target.key])


def _identity(graph: Graph, chains: Chains) -> Iterator[tuple[str, tuple[Link, ...]]]:
    """Its identity may invoke a model."""
    onward = graph.starts(Relation.ASSUMES)
    for link, _host, target in _told(graph, graph.between(HOSTS, (Relation.ASSUMES,), Kind)):
        if target.key in chains:
            yield link.source, (link, *chains[target.key])
        elif target.kind is Kind.IDENTITY and onward[graph.number[target.key]]:
            hops = (hop for hop in graph.out_of(target.key, Relation.ASSUMES) if hop.target in chains)
            yield from ((link.source, (link, hop, *chains[hop.target])) for hop in hops)


def _origin(graph: Graph, chains: Chains) -> Iterator[tuple[str, tuple[Link, ...]]]:
    """The repository it comes from is AI."""
    for asset in from_repositories(graph):
        for repository, proof in origins(graph, asset.key):
            if chains.get(repository):
                yield asset.key, (*proof, *chains[repository])
                break


def _images(graph: Graph, chains: Chains) -> Iterator[tuple[str, tuple[Link, ...]]]:
    """An AI repository builds it."""
    for link, _, target in _ends(graph, Relation.BUILDS):
        if link.source in chains:
            yield target.key, (link, *chains[link.source])


def _routed(graph: Graph, chains: Chains) -> Iterator[tuple[str, tuple[Link, ...]]]:
    """It is an endpoint that leads to an AI workload."""
    for link, _, target in _ends(graph, Relation.ROUTES):
        if target.key in chains:
            yield link.source, (link, *chains[target.key][:1])
