"""Small questions about assets that both halves of derive ask."""

from collections.abc import Iterator
from functools import cache

from scanner.detect.catalogue import providers, servers
from scanner.graph import Graph
from scanner.model import Asset, Context, Kind, Link, Relation

HOSTS = frozenset({Kind.WORKLOAD, Kind.ENDPOINT})
MODELS = frozenset({Kind.MODEL, Kind.ARTIFACT})
CONTEXTS = frozenset(Context)
BUILT_IN = frozenset({Context.PRODUCTION, Context.ARCHIVED})
"""Contexts whose code is in the image that a repository builds; tests, examples and docs are not."""


def live(asset: Asset) -> bool:
    """Invocable or scheduled. Only a platform that says "stopped by hand" takes that away; scaled to zero runs."""
    return asset.kind in HOSTS and asset.attributes.get("running") is not False and not asset.attributes.get("referenced_only")


def is_model(asset: Asset) -> bool:
    """A model or its weights; not the tokenizer beside them."""
    return asset.kind in MODELS and not asset.attributes.get("companion")


def context(asset: Asset) -> Context:
    """Where in its repository an asset stands; what says nothing is production."""
    value = asset.attributes.get("context")
    return Context(value) if isinstance(value, str) and value in CONTEXTS else Context.PRODUCTION


def from_repositories(graph: Graph) -> Iterator[Asset]:
    """The live workloads that may come from a repository: something is known of their image, or deploys them."""
    told = graph.starts(Relation.RUNS) | graph.ends(Relation.DEPLOYS)
    assets = (graph.assets[number] for number in told.nonzero()[0].tolist())
    return (asset for asset in assets if asset.kind is Kind.WORKLOAD and live(asset))


def sells_models(asset: Asset) -> bool:
    """Whether it is a key or an address of a provider of models; not of a server that one runs oneself."""
    return asset.attributes.get("provider") in _sellers()


@cache
def _sellers() -> frozenset[str]:
    return frozenset(row.id for row in providers() if row.kind == "model") - {row.id for row in servers()}


def origins(graph: Graph, workload: str) -> list[tuple[str, tuple[Link, ...]]]:
    """The repositories that a workload comes from, each with the proof.

    Who builds its image counts before who deploys it: a repository of manifests deploys a hundred workloads and is none of them.
    """
    built: dict[str, tuple[Link, ...]] = {}
    deployed: dict[str, tuple[Link, ...]] = {}
    for run in graph.out_of(workload, Relation.RUNS):
        for link in graph.into(run.target, Relation.BUILDS, Relation.DEPLOYS):
            if link.relation is Relation.BUILDS:
                built.setdefault(link.source, (run, link))
            else:
                for repository, proof in _repositories(graph, link):
                    deployed.setdefault(repository, (run, *proof))
    for link in graph.into(workload, Relation.DEPLOYS):
        for repository, proof in _repositories(graph, link):
            deployed.setdefault(repository, proof)
    return sorted((built or deployed).items())


def _repositories(graph: Graph, deploys: Link) -> Iterator[tuple[str, tuple[Link, ...]]]:
    if graph.inventory.assets[deploys.source].kind is Kind.REPOSITORY:
        yield deploys.source, (deploys,)
    else:
        for link in graph.into(deploys.source, Relation.CONTAINS):
            yield link.source, (deploys, link)
