"""A cluster, the connector before it, and what that says, in a line each."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from connectors import kubernetes
from scanner.contracts import Network, Seen
from scanner.model import Gap, Link, Sighting, Unit
from tests.desk import desk
from tests.estate.kubernetes import Cluster, cluster

QUICK = Network(timeout=2, retries=1, max_wait=2)


class Reader:
    """The connector before one cluster."""

    def __init__(self, made: Cluster, directory: Path, network: Network = QUICK, **settings: Any) -> None:
        self.cluster = made
        given = kubernetes.Settings(kubeconfig=made.kubeconfig, **settings)
        self.connector = kubernetes.connect(given, desk(directory / "scratch", network=network))

    def units(self) -> list[Unit]:
        return [one for one in self.connector.units(Seen()) if isinstance(one, Unit)]

    def listing_gaps(self) -> list[Gap]:
        return [one for one in self.connector.units(Seen()) if isinstance(one, Gap)]

    def told(self, namespace: str = "llm") -> list[Any]:
        unit = next(unit for unit in self.units() if unit.hints["namespace"] == namespace)
        return list(self.connector.observe(unit))

    def things(self, namespace: str = "llm") -> dict[str, Sighting]:
        found: dict[str, Sighting] = {}
        for one in self.told(namespace):
            if isinstance(one, Sighting):
                before = found.get(one.asset)
                identifiers = tuple(dict.fromkeys((*(before.identifiers if before else ()), *one.identifiers)))
                found[one.asset] = Sighting(
                    one.asset, one.kind, identifiers, {**(before.attributes if before else {}), **one.attributes}, one.evidence
                )
        return found

    def links(self, namespace: str = "llm", relation: str = "") -> set[tuple[str, str, str]]:
        found = {(one.source, one.relation.value, one.target) for one in self.told(namespace) if isinstance(one, Link)}
        return {link for link in found if not relation or link[1] == relation}

    def gaps(self, namespace: str = "llm") -> list[Gap]:
        return [one for one in self.told(namespace) if isinstance(one, Gap)]


@contextmanager
def reading(objects: Iterable[Any], directory: Path, *, network: Network = QUICK, settings: Any = None, **options: Any) -> Iterator[Reader]:
    """A cluster `prod-eu` with these objects, and its reader."""
    with cluster(objects, "prod-eu", directory, **options) as made:
        yield Reader(made, directory, network, **(settings or {}))
