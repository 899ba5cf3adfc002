"""The objects by where they are listed, and what discovery says of them."""

import base64
import json
from collections.abc import Mapping
from typing import Any

Object = dict[str, Any]
BUILT_IN = {
    "v1": ("Namespace", "Pod", "Service", "ServiceAccount", "Secret", "ConfigMap", "PersistentVolume", "PersistentVolumeClaim"),
    "apps/v1": ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet"),
    "batch/v1": ("Job", "CronJob"),
    "autoscaling/v2": ("HorizontalPodAutoscaler",),
    "networking.k8s.io/v1": ("Ingress",),
    "authentication.k8s.io/v1": (),
    "authorization.k8s.io/v1": (),
}
CLUSTERED = ("Namespace", "PersistentVolume", "ClusterServingRuntime")
PLURALS = {"Ingress": "ingresses"}
REVISION = "4711"


class Expired(Exception):
    """A continue token of another time."""


class Malformed(Exception):
    """A continue token that no server gave."""


class Storage:
    """What one cluster holds. `unserved` are groups or resources that are not there."""

    def __init__(self, objects: list[Object], unserved: frozenset[str], *, old: bool) -> None:
        self.old = old
        self.kinds: dict[str, dict[str, str]] = {}
        """Of each group and version: resource -> kind."""
        for version, kinds in BUILT_IN.items():
            self.kinds[version] = {plural(kind): kind for kind in kinds}
        if old:
            del self.kinds["batch/v1"]["cronjobs"], self.kinds["authentication.k8s.io/v1"]
            self.kinds["batch/v1beta1"] = {"cronjobs": "CronJob"}
        for item in objects:
            if "/" in item["apiVersion"] and item["apiVersion"] not in BUILT_IN:
                self.kinds.setdefault(item["apiVersion"], {})[plural(item["kind"])] = item["kind"]
        self.kinds = {
            version: {resource: kind for resource, kind in kinds.items() if resource not in unserved}
            for version, kinds in self.kinds.items()
            if version not in unserved and group(version) not in unserved
        }
        self.objects: dict[tuple[str, str], list[Object]] = {}
        self.add(*objects)

    def add(self, *objects: Object) -> None:
        """More objects, of kinds that are served."""
        for item in objects:
            version = "batch/v1beta1" if self.old and item["kind"] == "CronJob" else item["apiVersion"]
            self.objects.setdefault((version, plural(item["kind"])), []).append(item)
        for found in self.objects.values():
            found.sort(key=lambda item: (item["metadata"].get("namespace", ""), item["metadata"]["name"]))

    def remove(self, kind: str, name: str) -> None:
        """Takes an object away."""
        for found in self.objects.values():
            found[:] = [item for item in found if (item["kind"], item["metadata"]["name"]) != (kind, name)]

    def groups(self) -> Object:
        """APIGroupList."""
        named: dict[str, list[str]] = {}
        for version in self.kinds:
            if "/" in version:
                named.setdefault(group(version), []).append(version)
        entries = [
            {"name": name, "versions": [_version(one) for one in versions], "preferredVersion": _version(versions[0])}
            for name, versions in named.items()
        ]
        return {"kind": "APIGroupList", "apiVersion": "v1", "groups": entries}

    def resources(self, version: str) -> Object:
        """APIResourceList; each has a status below it, as on a real server."""
        rows = []
        for name, kind in self.kinds[version].items():
            row = {"name": name, "singularName": "", "namespaced": kind not in CLUSTERED, "kind": kind, "verbs": ["get", "list", "watch"]}
            rows += [row, {**row, "name": f"{name}/status", "verbs": ["get"]}]
        return {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": version, "resources": rows}

    def page(self, version: str, resource: str, namespace: str, query: Mapping[str, str]) -> tuple[list[Object], Object]:
        """One page of a listing, and its metadata."""
        found = [
            item for item in self.objects.get((version, resource), ()) if not namespace or item["metadata"].get("namespace") == namespace
        ]
        start, limit = _start(query.get("continue")), int(query.get("limit") or 0)
        end = start + limit if limit else len(found)
        metadata: Object = {"resourceVersion": REVISION}
        if end < len(found):
            token = json.dumps({"v": "meta.k8s.io/v1", "rv": REVISION, "start": end})
            metadata |= {"continue": base64.urlsafe_b64encode(token.encode()).decode(), "remainingItemCount": len(found) - end}
        return found[start:end], metadata


def plural(kind: str) -> str:
    """The resource of a kind."""
    return PLURALS.get(kind, f"{kind.lower()}s")


def group(version: str) -> str:
    """`apps` of `apps/v1`; `` of `v1`."""
    return version.partition("/")[0] if "/" in version else ""


def _version(version: str) -> Object:
    return {"groupVersion": version, "version": version.rpartition("/")[2]}


def _start(token: str | None) -> int:
    if not token:
        return 0
    try:
        told = json.loads(base64.urlsafe_b64decode(token))
    except ValueError as error:
        raise Malformed from error
    if told.get("rv") != REVISION:
        raise Expired
    return int(told["start"])
