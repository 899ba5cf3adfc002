"""Pods and what made them, up to the controller at the top: that is the workload, so a rollout is not a new thing."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from connectors.kubernetes.kinds import KindRow, Object, rows
from connectors.kubernetes.listing import Listed
from connectors.kubernetes.place import marks, name_of

Top = tuple[str, str]
"""Type and name of a workload, as its key has them."""
LIVE_PHASES = frozenset({"Running", "Pending", "Unknown", None})
OWNING = frozenset({"workload", "owner", "endpoint"})


class Owners:
    """Who made what in one namespace."""

    def __init__(self, listed: Listed) -> None:
        self._by_uid: dict[str, tuple[KindRow, Object]] = {}
        self._by_name: dict[Top, tuple[KindRow, Object]] = {}
        for kind, found in listed.objects.items():
            row = rows()[kind]
            if row.does in OWNING:
                for item in found:
                    self._by_uid[str((item.get("metadata") or {}).get("uid"))] = (row, item)
                    self._by_name[(row.name, name_of(item))] = (row, item)

    def top(self, row: KindRow | None, item: Object) -> Top:
        """The workload that an object belongs to: itself, where nothing that is a workload made it."""
        type_ = row.name if row else "pod"
        for _ in range(8):
            owner = _controller(item)
            if owner is None:
                break
            found = self._by_uid.get(str(owner.get("uid")))
            if found is None:
                return self._unlisted(type_, item, owner)
            if found[0].does == "endpoint":
                break
            row, item = found
            type_ = row.name
        return type_, name_of(item)

    def endpoint(self, item: Object) -> Object | None:
        """The custom resource that serves through this object: by its owners, or by the label that its operator writes."""
        for _ in range(8):
            owner = _controller(item)
            found = self._by_uid.get(str(owner.get("uid"))) if owner else None
            if found is None:
                break
            if found[0].does == "endpoint":
                return found[1]
            item = found[1]
        labels = marks(item)
        for kind in rows().values():
            if kind.does == "endpoint" and kind.label in labels and (kind.name, labels[kind.label]) in self._by_name:
                return self._by_name[(kind.name, labels[kind.label])][1]
        return None

    def has(self, top: Top) -> bool:
        """Whether the workload's own object was listed."""
        return top in self._by_name

    def _unlisted(self, type_: str, item: Object, owner: Object) -> Top:
        """The owner could not be listed, or is of a kind that nobody knows."""
        kind, name, labels = str(owner.get("kind", "")), str(owner.get("name", "")), marks(item)
        if kind == "Revision" and labels.get("serving.knative.dev/service"):
            return "knativeservice", labels["serving.knative.dev/service"]
        if kind == "ReplicaSet" and (label := labels.get("pod-template-hash")) and name.endswith(f"-{label}"):
            return ("rollout" if "rollouts-pod-template-hash" in labels else "deployment"), name.removesuffix(f"-{label}")
        if labels.get("workflows.argoproj.io/cron-workflow"):
            return "cronworkflow", labels["workflows.argoproj.io/cron-workflow"]
        if kind == "Job" and re.search(r"-\d{8}$", name):
            return "cronjob", name[:-9]
        if kind == "Node" or type_ not in ("pod", "replicaset", "job"):
            return type_, name_of(item)
        return kind.lower(), name


def _controller(item: Object) -> Mapping[str, Any] | None:
    owners = (item.get("metadata") or {}).get("ownerReferences") or ()
    return next((owner for owner in owners if isinstance(owner, dict) and owner.get("controller")), None)


def live(pod: Object) -> bool:
    """Whether a pod runs or waits to."""
    return (pod.get("status") or {}).get("phase") in LIVE_PHASES


def digests(pod: Object) -> Iterator[tuple[str, str]]:
    """Image and digest of each container, as the node pulled them. A bare image id is the config's digest, not the registry's: left out."""
    status = pod.get("status") or {}
    for one in (*(status.get("containerStatuses") or ()), *(status.get("initContainerStatuses") or ())):
        found = re.fullmatch(r"(?:docker-pullable://|docker://)?(?P<name>.+)@(?P<digest>sha256:[0-9a-f]{64})", str(one.get("imageID", "")))
        if found and live(pod):
            yield f"{found['name']}@{found['digest']}", found["digest"]
