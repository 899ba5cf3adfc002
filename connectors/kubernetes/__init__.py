"""Kubernetes clusters: what runs in each namespace, which models it serves, as whom, with which credentials, and who reaches it.

Lists and reads only. Secrets are known by the names that other objects give them; their values are never asked for.
Docs: docs/sources.md.
"""

import fnmatch
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from typing import TypeVar

import msgspec

from connectors.kubernetes import login
from connectors.kubernetes.accounts import listed_secrets
from connectors.kubernetes.checks import checks
from connectors.kubernetes.cluster import Cluster
from connectors.kubernetes.discovery import gaps
from connectors.kubernetes.listing import listed
from connectors.kubernetes.namespace import Shared, observations
from connectors.kubernetes.place import Place, marks
from connectors.kubernetes.settings import ClusterSettings, Settings
from scanner.contracts import Check, Seen, Tools
from scanner.errors import AccessDenied, NotServed, ReadError
from scanner.model import Gap, Observation, Reason, Unit

__all__ = ["ClusterSettings", "Kubernetes", "Settings", "connect"]

MADE_HERE = "kubernetes-2"
T = TypeVar("T")


def connect(settings: Settings, tools: Tools) -> "Kubernetes":
    """The connector. Raises ConfigError where the kubeconfig has no such context."""
    return Kubernetes(settings, tools)


class Kubernetes:
    """Some clusters of one kubeconfig, or the one that we run in."""

    after: tuple[str, ...] = ()
    version = MADE_HERE

    def __init__(self, settings: Settings, tools: Tools) -> None:
        self.settings, self.tools = settings, tools
        self.source = settings.name or "kubernetes"

    @cached_property
    def clusters(self) -> Mapping[str, Cluster]:
        """Each cluster by its name."""
        return {cluster.name: Cluster(self.settings, cluster, self.tools) for cluster in login.clusters(self.settings)}

    def principal(self) -> Mapping[str, str]:
        """Who we are in each cluster that answers."""
        return dict(entry for cluster in self.clusters.values() for entry in _principal(cluster))

    def units(self, seen: Seen) -> Iterator[Unit | Gap]:  # noqa: ARG002 - the contract's signature
        """Every namespace; a cluster that does not answer is a gap and ends no other."""
        for cluster in self.clusters.values():
            try:
                yield from gaps(cluster.discovery(), self.source, cluster.name)
                yield from self._namespaces(cluster)
            except ReadError as error:
                yield Gap(self.source, f"kubernetes/{cluster.name}", error.reason, str(error), error.remedy)
            else:
                yield from self._blind_spots(cluster)

    def observe(self, unit: Unit) -> Iterator[Observation | Gap]:
        """One namespace."""
        cluster = self.clusters[str(unit.hints["cluster"])]
        labels = dict(msgspec.json.decode(str(unit.hints.get("labels") or "{}"), type=dict[str, str]))
        place = Place(self.settings, cluster.cluster, str(unit.hints["namespace"]), labels)
        discovery = cluster.discovery()
        found = listed(cluster.client, discovery.served, place.namespace, self.source)
        yield from found.gaps
        yield from observations(found, place, self._shared(cluster), self.source, self.tools.detector)
        if self.settings.list_secrets:
            try:
                yield from listed_secrets(cluster.client, place)
            except ReadError as error:
                yield Gap(self.source, place.scope, error.reason, str(error), error.remedy)

    def check(self) -> Iterator[Check]:
        """Each cluster, and each kind that a reader needs to list."""
        for cluster in self.clusters.values():
            yield from checks(cluster.client, cluster.discovery, self.settings)

    def _namespaces(self, cluster: Cluster) -> Iterator[Unit | Gap]:
        for entry in self._listed(cluster):
            if isinstance(entry, Gap):
                yield entry
                continue
            name, labels = entry
            scope = f"kubernetes/{cluster.name}/{name}"
            if labels is None:
                yield Gap(self.source, scope, Reason.NOT_SERVED, f"the config names the namespace {name}, and the cluster has none")
                continue
            if any(fnmatch.fnmatch(name, pattern) for pattern in self.settings.skip_namespaces):
                yield Gap(self.source, scope, Reason.SKIPPED, "skip_namespaces leaves it out")
                continue
            kept = {key: value for key, value in labels.items() if key in self._label_keys()}
            yield Unit(
                scope,
                scope,
                None,
                {"cluster": cluster.name, "namespace": name, "labels": msgspec.json.encode(kept, order="sorted").decode()},
            )

    def _listed(self, cluster: Cluster) -> Iterator[tuple[str, dict[str, str] | None] | Gap]:
        """Each wanted namespace with its labels; None where the config names one that is not there. The others are named as skipped."""
        try:
            found = {str(item["metadata"]["name"]): marks(item) for item in cluster.client.items("/api/v1/namespaces")}
        except AccessDenied as error:
            own = login.default_namespace(self.settings, cluster.cluster)
            names = self.settings.namespaces or ((own,) if own else ())
            yield from ((name, _one(cluster, name)) for name in names)
            if not self.settings.namespaces:
                raise
            detail = f"only `namespaces` are read, and which others there are is not known: {error}"
            yield Gap(self.source, f"kubernetes/{cluster.name}", Reason.SKIPPED, detail, error.remedy)
            return
        wanted = self.settings.namespaces or sorted(found)
        yield from ((name, found.get(name)) for name in wanted)
        for name in sorted(found.keys() - set(wanted)):
            yield Gap(self.source, f"kubernetes/{cluster.name}/{name}", Reason.SKIPPED, "not among `namespaces`")

    def _label_keys(self) -> frozenset[str]:
        settings = self.settings
        return frozenset((*settings.owner_labels, *settings.environment_labels, *settings.ephemeral_labels))

    def _blind_spots(self, cluster: Cluster) -> Iterator[Gap]:
        """What is not looked at in the whole cluster, said once."""
        if not self.settings.list_secrets:
            detail = "Secrets are known by the names that other objects give them; one that nothing refers to is not seen"
            remedy = "set list_secrets = true and allow list on secrets; that permission also reads their values"
            yield Gap(self.source, f"kubernetes/{cluster.name}#unreferenced-secrets", Reason.SKIPPED, detail, remedy)
        try:
            cluster.volumes()
        except ReadError as error:
            detail = f"{error}; which bucket stands behind a claim is not known"
            yield Gap(self.source, f"kubernetes/{cluster.name}/persistentvolumes", error.reason, detail, VOLUMES_RULE)

        try:
            cluster.runtimes()
        except ReadError as error:
            detail = f"{error}; which server and model a cluster-wide runtime stands for is not known"
            yield Gap(self.source, f"kubernetes/{cluster.name}/clusterservingruntimes", error.reason, detail, error.remedy)

    def _shared(self, cluster: Cluster) -> Shared:
        return Shared(_or_nothing(cluster.volumes), _or_nothing(cluster.runtimes))


VOLUMES_RULE = 'add to its ClusterRole: apiGroups [""], resources ["persistentvolumes"], verbs ["list"]'


def _or_nothing(ask: Callable[[], Mapping[str, T]]) -> Mapping[str, T]:
    try:
        return ask()
    except ReadError:  # units() has said so
        return {}


def _principal(cluster: Cluster) -> Iterator[tuple[str, str]]:
    """Nothing for a cluster that does not answer: units() makes the gap, and the others are read as ever."""
    try:
        yield f"kubernetes/{cluster.name}", cluster.principal()
    except ReadError:
        return


def _one(cluster: Cluster, name: str) -> dict[str, str]:
    """The labels of one namespace, for a reader who may not list them; none where it may not even get this one."""
    try:
        return marks(cluster.client.get(f"/api/v1/namespaces/{name}"))
    except (AccessDenied, NotServed):
        return {}
