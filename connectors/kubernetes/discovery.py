"""What the server serves: every kind of our table in the version that the server prefers, or in any other that has it."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from connectors.kubernetes.client import Client
from connectors.kubernetes.kinds import rows
from scanner.errors import NotServed, ReadError, UnexpectedReply
from scanner.model import Gap

Kind = tuple[str, str]


class Served(NamedTuple):
    """Where a kind is listed: `base` is `/apis/apps/v1`, `resource` is `deployments`."""

    base: str
    resource: str

    def path(self, namespace: str | None) -> str:
        """The path of a namespace's listing, or the cluster's."""
        return f"{self.base}/namespaces/{namespace}/{self.resource}" if namespace else f"{self.base}/{self.resource}"


class Discovery(NamedTuple):
    """Kinds that are served, and groups whose server did not answer."""

    served: Mapping[Kind, Served]
    broken: tuple[tuple[str, ReadError], ...]


def discover(client: Client) -> Discovery:
    """Asks the server. Raises a ReadError where its own discovery cannot be read; a broken group of another server is named."""
    served: dict[Kind, Served] = dict(_resources(client, "", "/api/v1"))
    broken: list[tuple[str, ReadError]] = []
    wanted = {group for group, _ in rows()}
    for group in _groups(client):
        name = str(group.get("name", ""))
        if name in wanted:
            try:
                _add(served, client, name, _versions(group))
            except ReadError as error:
                broken.append((name, error))
    return Discovery(served, tuple(broken))


def gaps(discovery: Discovery, source: str, cluster: str) -> Iterable[Gap]:
    """Groups that exist and could not be asked what they hold."""
    for group, error in discovery.broken:
        yield Gap(source, f"kubernetes/{cluster}/apis/{group}", error.reason, str(error), error.remedy)


def _groups(client: Client) -> list[dict[str, Any]]:
    groups = client.get("/apis").get("groups")
    if not isinstance(groups, list) or not all(isinstance(group, dict) for group in groups):
        raise UnexpectedReply(f"{client.name}: /apis answers something that is no list of API groups")
    return groups


def _versions(group: Mapping[str, Any]) -> list[str]:
    preferred = (group.get("preferredVersion") or {}).get("version")
    every = [version.get("version") for version in group.get("versions") or ()]
    return [version for version in dict.fromkeys([preferred, *every]) if isinstance(version, str)]


def _add(served: dict[Kind, Served], client: Client, group: str, versions: list[str]) -> None:
    """Older servers keep a kind in another version than the preferred one: CronJob in batch/v1beta1."""
    missing = {kind for kind in rows() if kind[0] == group}
    for version in versions:
        if not missing:
            return
        try:
            found = _resources(client, group, f"/apis/{group}/{version}")
        except NotServed:
            continue
        served.update({kind: where for kind, where in found.items() if kind in missing})
        missing -= found.keys()


def _resources(client: Client, group: str, base: str) -> dict[Kind, Served]:
    resources = client.get(base).get("resources")
    if not isinstance(resources, list):
        raise UnexpectedReply(f"{client.name}: {base} answers something that is no list of resources")
    return {
        (group, row["kind"]): Served(base, row["name"])
        for row in resources
        if isinstance(row, dict)
        and "/" not in row.get("name", "/")
        and "list" in (row.get("verbs") or ())
        and (group, row.get("kind")) in rows()
    }
