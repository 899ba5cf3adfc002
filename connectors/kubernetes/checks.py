"""`gnomon doctor`: tries each listing with one object, and names the rule to add where it is refused."""

from collections.abc import Callable, Iterator

from connectors.kubernetes.client import Client
from connectors.kubernetes.discovery import Discovery
from connectors.kubernetes.kinds import rows
from connectors.kubernetes.listing import rule
from connectors.kubernetes.settings import Settings
from scanner.contracts import Check
from scanner.errors import ReadError


def checks(client: Client, discovery: Callable[[], Discovery], settings: Settings) -> Iterator[Check]:
    """One line for the server, one for each kind that is refused, one for those that are open."""
    try:
        served = discovery().served
    except ReadError as error:
        yield Check(f"{client.name}: reach the API server", ok=False, detail=str(error), remedy=error.remedy)
        return
    yield Check(f"{client.name}: reach the API server", ok=True, detail=f"{len(served)} kinds that matter are served")
    spaces: tuple[str | None, ...] = settings.namespaces or (None,)
    fine = 0
    for kind, where in sorted(served.items()):
        asked = (None,) if rows()[kind].clustered else spaces
        refused = next(filter(None, (_refused(client, where.path(space)) for space in asked)), None)
        fine += refused is None
        if refused is not None:
            yield Check(f"{client.name}: list {where.resource}", ok=False, detail=str(refused), remedy=rule(kind, where))
    yield Check(f"{client.name}: list what runs", ok=bool(fine), detail=f"{fine} of {len(served)} kinds")


def _refused(client: Client, path: str) -> ReadError | None:
    try:
        client.get(path, limit=1)
    except ReadError as error:
        return error
    return None
