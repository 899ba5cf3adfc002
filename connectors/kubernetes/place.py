"""One namespace of one cluster, as every observation of it needs it: keys, shared attributes, evidence."""

import fnmatch
from collections.abc import Iterable, Mapping

from connectors.kubernetes.kinds import Object
from connectors.kubernetes.settings import ClusterSettings, Settings
from scanner.model import Confidence, Evidence, Kind, Link, Relation, Sighting, Value


class Place:
    """A namespace."""

    def __init__(self, settings: Settings, cluster: ClusterSettings, namespace: str, labels: Mapping[str, str]) -> None:
        self.settings, self.cluster, self.namespace = settings, cluster.name, namespace
        self.prefix = f"{cluster.name}/{namespace}"
        self.scope = f"kubernetes/{self.prefix}"
        self.labels = labels
        environment = _first(labels, settings.environment_labels) or cluster.environment
        shared: dict[str, Value] = {"platform": "kubernetes", "cluster": cluster.name, "namespace": namespace}
        shared |= {"environment": environment} if environment else {}
        shared |= {"ephemeral": True} if self._ephemeral() else {}
        self.shared: Mapping[str, Value] = shared

    def key(self, kind: Kind, type_: str, name: str, namespace: str = "") -> str:
        """`workload:prod-eu/llm/deployment/gateway`."""
        return f"{kind}:{self.cluster}/{namespace or self.namespace}/{type_}/{name}"

    def secret(self, name: str) -> str:
        """The key of a Secret."""
        return self.key(Kind.CREDENTIAL, "secret", name)

    def account(self, name: str) -> str:
        """The key of a service account."""
        return self.key(Kind.IDENTITY, "serviceaccount", name)

    def evidence(
        self, type_: str, name: str, field: str = "", rule: str = "kubernetes", sure: Confidence = Confidence.DECLARED
    ) -> tuple[Evidence, ...]:
        """Where in which object something stands."""
        return (Evidence(f"kubernetes:{self.prefix}/{type_}/{name}{':' + field if field else ''}", rule, sure),)

    def sighting(
        self, key: str, kind: Kind, identifiers: Iterable[str], attributes: Mapping[str, Value], evidence: tuple[Evidence, ...]
    ) -> Sighting:
        """A thing of this namespace; attributes that are unknown are left out."""
        known = {name: value for name, value in attributes.items() if value not in (None, "", ())}
        return Sighting(key, kind, tuple(dict.fromkeys(identifiers)), {**self.shared, **known}, evidence)

    def about(self, item: Object) -> dict[str, Value]:
        """What an object's metadata say: owner, environment, when it was made."""
        labels = marks(item)
        metadata = item.get("metadata") or {}
        owner = _first(labels, self.settings.owner_labels) or _first(self.labels, self.settings.owner_labels)
        environment = _first(labels, self.settings.environment_labels)
        about: dict[str, Value] = {"name": name_of(item), "owner": owner, "created": metadata.get("creationTimestamp")}
        return about | ({"environment": environment} if environment else {})

    def _ephemeral(self) -> bool:
        set_ = _first(self.labels, self.settings.ephemeral_labels)
        named = any(fnmatch.fnmatch(self.namespace, pattern) for pattern in self.settings.ephemeral_namespaces)
        return named or (set_ is not None and set_.lower() not in ("false", "no", "0"))


def link(source: str, relation: Relation, target: str, evidence: tuple[Evidence, ...]) -> Link:
    """One dependency."""
    return Link(source, relation, target, evidence)


def name_of(item: Object) -> str:
    """An object's name."""
    return str((item.get("metadata") or {}).get("name", ""))


def uid_of(item: Object) -> tuple[str, ...]:
    """An object's own identity on its platform."""
    uid = (item.get("metadata") or {}).get("uid")
    return (f"uid:kubernetes:{uid}",) if uid else ()


def marks(item: Object) -> dict[str, str]:
    """Labels and annotations together; a label wins."""
    metadata = item.get("metadata") or {}
    return {**(metadata.get("annotations") or {}), **(metadata.get("labels") or {})}


def _first(labels: Mapping[str, str], names: Iterable[str]) -> str | None:
    return next((str(labels[name]) for name in names if labels.get(name)), None)
