"""All objects of one namespace that matter, and a gap for each kind that could not be listed."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any, NamedTuple

from connectors.kubernetes.client import METADATA, Client, ServerFault
from connectors.kubernetes.configmaps import lean, references, write_out
from connectors.kubernetes.discovery import Kind, Served
from connectors.kubernetes.kinds import KindRow, Object, rows
from connectors.kubernetes.place import name_of
from scanner.errors import AccessDenied, NotServed, ReadError, Throttled, Unreachable
from scanner.model import Gap

CONFIG = ("", "ConfigMap")
CONFIG_PAGE = 50
HOLDING = frozenset({"workload", "endpoint", "runtime", "pod"})
VITAL = (("", "Pod"), ("apps", "Deployment"), ("apps", "StatefulSet"), ("batch", "Job"))


class Listed(NamedTuple):
    """What a namespace holds; `unread` are kinds that are served and were not listed."""

    objects: Mapping[Kind, list[Object]]
    unread: frozenset[Kind]
    gaps: tuple[Gap, ...]

    def of(self, does: str) -> Iterator[tuple[KindRow, Object]]:
        """Every object of the kinds that do this."""
        for kind, found in self.objects.items():
            row = rows()[kind]
            if row.does == does:
                yield from ((row, item) for item in found)


def listed(client: Client, served: Mapping[Kind, Served], namespace: str, source: str) -> Listed:
    """Lists every kind. Raises the first ReadError where none of the vital kinds can be read: the namespace is then unread as a whole."""
    objects: dict[Kind, list[Object]] = {}
    unread: dict[Kind, ReadError] = {}
    for kind, row in rows().items():
        if kind in served and not row.clustered:
            try:
                objects[kind] = _list(client, served[kind], kind, namespace, objects)
            except NotServed:
                continue  # the custom resource was removed since discovery
            except (Throttled, Unreachable) as error:
                if not isinstance(error, ServerFault):  # the server itself does not answer: asking for twenty more kinds would not help
                    raise
                unread[kind] = error
            except ReadError as error:
                unread[kind] = error
    vital = [unread[kind] for kind in VITAL if kind in served and kind in unread]
    if vital and len(vital) == sum(kind in served for kind in VITAL):
        raise vital[0]
    if objects.get(CONFIG):
        write_out(_running(objects), {name_of(item): item["data"] for item in objects[CONFIG]})
    scope = f"kubernetes/{client.name}/{namespace}"
    return Listed(objects, frozenset(unread), tuple(_gap(source, scope, kind, served[kind], error) for kind, error in unread.items()))


def rule(kind: Kind, where: Served) -> str:
    """The RBAC rule that lets a reader list a kind."""
    return f'add to its ClusterRole: apiGroups ["{kind[0]}"], resources ["{where.resource}"], verbs ["list"]'


def _list(client: Client, where: Served, kind: Kind, namespace: str, read: Mapping[Kind, list[Object]]) -> list[Any]:
    path = where.path(namespace)
    if kind == CONFIG:
        wanted = references(_running(read))
        return [item for item in _config_maps(client, path, wanted) if item["data"]] if wanted else []
    if kind == ("", "Pod"):
        controllers = {name for group, name in read if rows()[group, name].template}
        controllers |= {"ReplicaSet"} if {("apps", "ReplicaSet"), ("apps", "Deployment")} <= read.keys() else set()
        return client.items(path, keep=lambda pod: _lean(pod, controllers))
    if kind == ("apps", "ReplicaSet"):
        return client.items(path, accept=METADATA)
    return client.items(path)


def _running(read: Mapping[Kind, list[Object]]) -> list[Object]:
    """What holds containers."""
    return [item for kind, found in read.items() if rows()[kind].does in HOLDING for item in found]


def _config_maps(client: Client, path: str, wanted: Collection[str]) -> list[Any]:
    """Fifty at a time: each may be a mebibyte."""
    return client.items(path, keep=lambda item: lean(item, wanted), limit=min(CONFIG_PAGE, client.settings.page_size))


def _lean(pod: Object, controllers: Collection[str]) -> Object:
    """A pod whose controller was read says only which images run: its template is the controller's."""
    metadata = pod.get("metadata") or {}
    if not any(owner.get("kind") in controllers for owner in metadata.get("ownerReferences") or ()):
        return pod
    status = pod.get("status") or {}
    spec = {"containers": [{"env": [_role(item) for item in _env(pod) if item.get("name") == "AWS_ROLE_ARN"]}]}
    kept = {name: metadata.get(name) for name in ("name", "uid", "labels", "ownerReferences", "creationTimestamp")}
    statuses = {name: status.get(name) or [] for name in ("containerStatuses", "initContainerStatuses")}
    return {
        "metadata": kept,
        "spec": {**spec, "serviceAccountName": (pod.get("spec") or {}).get("serviceAccountName")},
        "status": {"phase": status.get("phase"), **statuses},
    }


def _env(pod: Object) -> Iterator[Object]:
    for container in (pod.get("spec") or {}).get("containers") or ():
        yield from container.get("env") or ()


def _role(item: Object) -> Object:
    return {"name": item["name"], "value": item.get("value")}


def _gap(source: str, scope: str, kind: Kind, where: Served, error: ReadError) -> Gap:
    remedy = rule(kind, where) if isinstance(error, AccessDenied) else error.remedy
    place = f"{scope}/configmap" if kind == CONFIG else scope  # hides no more than what a ConfigMap could name
    return Gap(source, place, error.reason, str(error), remedy)
