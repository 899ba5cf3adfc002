"""One cluster: its client, and what is asked of it once."""

import hashlib
import threading
from collections.abc import Mapping
from typing import Any

import msgspec

from connectors.kubernetes import login
from connectors.kubernetes.client import Client
from connectors.kubernetes.discovery import Discovery, discover
from connectors.kubernetes.kinds import Object
from connectors.kubernetes.place import name_of
from connectors.kubernetes.settings import ClusterSettings, Settings
from connectors.kubernetes.volumes import bucket_of
from scanner.contracts import Tools
from scanner.errors import AccessDenied, NotServed, UnexpectedReply

RUNTIME = ("serving.kserve.io", "ClusterServingRuntime")
REVIEWS = (("/apis/authentication.k8s.io/v1/selfsubjectreviews", "SelfSubjectReview"),)
REFUSED = (AccessDenied, NotServed, UnexpectedReply)
RULES = "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews"


class Cluster:
    """One cluster: what is asked of it once."""

    def __init__(self, settings: Settings, cluster: ClusterSettings, tools: Tools) -> None:
        self.settings, self.cluster = settings, cluster
        self.client = Client(settings, cluster, tools)
        self._lock = threading.Lock()
        self._discovery: Discovery | None = None
        self._volumes: Mapping[str, str] | None = None
        self._runtimes: Mapping[str, Object] | None = None

    @property
    def name(self) -> str:
        """How keys call it."""
        return self.cluster.name

    def discovery(self) -> Discovery:
        """What the server serves, asked once."""
        with self._lock:
            if self._discovery is None:
                self._discovery = discover(self.client)
            return self._discovery

    def volumes(self) -> Mapping[str, str]:
        """Addresses of buckets by the name of the persistent volume, asked once. Raises a ReadError."""
        with self._lock:
            if self._volumes is None:
                found = self.client.items("/api/v1/persistentvolumes", keep=_bucket_volume)
                self._volumes = {name: address for name, address in found if address}
            return self._volumes

    def runtimes(self) -> Mapping[str, Object]:
        """KServe's cluster-wide runtimes by name, asked once; none where they are not served. Raises a ReadError."""
        where = self.discovery().served.get(RUNTIME)
        with self._lock:
            if self._runtimes is None:
                found = self.client.items(where.path(None)) if where else []
                self._runtimes = {name_of(item): item for item in found}
            return self._runtimes

    def principal(self) -> str:
        """Who we are there, and a digest of what we may do. Raises a ReadError where the cluster does not answer."""
        try:
            review = self.client.review(*REVIEWS[0], {})
            info = (review.get("status") or {}).get("userInfo") or {}
            who = ",".join([str(info.get("username", "")), *sorted(map(str, info.get("groups") or ()))])
        except REFUSED:  # before 1.28 a server does not say who we are
            who = login.user(self.settings, self.cluster)
        return f"{self.name}:{who}:{self._rules()}"

    def _rules(self) -> str:
        """A digest of our rights in a namespace; cluster-wide rights show in every one."""
        spaces = [*self.settings.namespaces[:20], login.default_namespace(self.settings, self.cluster) or "default"]
        digest = hashlib.sha256()
        for space in sorted(set(spaces)):
            try:
                status = self.client.review(RULES, "SelfSubjectRulesReview", {"namespace": space}).get("status") or {}
            except REFUSED:
                return "unknown"
            rules = sorted(msgspec.json.encode(rule, order="sorted") for rule in status.get("resourceRules") or ())
            digest.update(b"\n".join([space.encode(), *rules]))
        return digest.hexdigest()[:16]


def _bucket_volume(item: Mapping[str, Any]) -> tuple[str, str | None]:
    spec = item.get("spec") or {}
    csi = spec.get("csi")
    address = bucket_of({**csi, "mountOptions": spec.get("mountOptions")}) if isinstance(csi, dict) else None
    return str((item.get("metadata") or {}).get("name")), address
