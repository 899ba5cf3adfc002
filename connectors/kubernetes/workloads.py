"""Workloads: what they run, serve, load, read, call, and as whom."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec

from connectors.kubernetes.controllers import Owners, Top, digests, live
from connectors.kubernetes.held import Held, held
from connectors.kubernetes.kinds import KindRow, Object, texts
from connectors.kubernetes.listing import Listed
from connectors.kubernetes.place import Place, link, marks, name_of, uid_of
from connectors.kubernetes.pods import Container, Pod, labels, pods
from connectors.kubernetes.scaling import Scaler, scalers, state
from connectors.kubernetes.volumes import Buckets, volumes
from scanner.detect.runtime import image_identifiers, image_key, image_tag_digest, server_of, server_of_command
from scanner.detect.runtime import server as server_row
from scanner.model import Confidence, Kind, Observation, Relation, Sighting, Value

ROLES = ("blue", "green", "canary", "shadow", "stable")
ROLE_LABELS = ("role", "track", "slot", "deployment-slot", "color", "colour", "app.kubernetes.io/track")


class Workload(msgspec.Struct):
    """One workload while it is put together from its object, the objects below it, and its pods."""

    type: str
    name: str
    row: KindRow | None = None
    item: Object = {}
    pods: list[Pod] = []
    labels: list[Mapping[str, str]] = []
    """Of its pods, for selectors."""
    digests: dict[str, str] = {}
    roles: set[str] = set()
    state: dict[str, Value] = {}
    endpoint: Object | None = None

    def key(self, place: Place) -> str:
        """Its asset key."""
        return place.key(Kind.WORKLOAD, self.type, self.name)


def workloads(listed: Listed, owners: Owners) -> dict[Top, Workload]:
    """Every workload of a namespace by type and name."""
    scaled = scalers(listed)
    found: dict[Top, Workload] = {}
    for row, item in listed.of("workload"):
        _add(found, owners, row, item, scaled, listed)
    for _, pod in listed.of("pod"):
        _add_pod(found, owners, pod)
    return found


def _add(found: dict[Top, Workload], owners: Owners, row: KindRow, item: Object, scaled: Mapping[Top, Scaler], listed: Listed) -> None:
    top = owners.top(row, item)
    work = found.setdefault(top, Workload(*top))
    own = top == (row.name, name_of(item))
    if own:
        work.row, work.item = row, item
    told = state(row, item, scaled.get((row.name, name_of(item))), listed)
    if own or not owners.has(top):
        work.state = {**work.state, **told}
    elif told.get("running") and work.state.get("running") is None:
        work.state = {**work.state, "running": True}
    if row.name != "job" or own or told["running"]:  # what a finished job of a CronJob ran is history
        work.pods += [pod for pod in pods(item, row) if pod not in work.pods]
    work.labels.append(labels(item, row))
    work.endpoint = work.endpoint or owners.endpoint(item)


def _add_pod(found: dict[Top, Workload], owners: Owners, pod: Object) -> None:
    top = owners.top(None, pod)
    known = top in found
    work = found.setdefault(top, Workload(*top))
    if not known:
        work.item = pod if top[0] == "pod" else {}
        work.state = {"running": live(pod)}
    elif work.row is None and live(pod):
        work.state = {**work.state, "running": True}
    if work.row is None:
        work.pods += [one for one in pods(pod, None) if one not in work.pods and one.containers]
        work.endpoint = work.endpoint or owners.endpoint(pod)
    own = labels(pod, None)
    if own not in work.labels:
        work.labels.append(own)
    if live(pod):
        work.digests |= dict(digests(pod))
        work.roles |= {one.env["AWS_ROLE_ARN"] for spec in pods(pod, None) for one in spec.containers if "AWS_ROLE_ARN" in one.env}


def observed(work: Workload, place: Place, services: frozenset[str], buckets: Buckets, *, serves: Held | None) -> Iterator[Observation]:
    """All that is known of one workload. `serves` is what the custom resource that it serves for names, where that is told here."""
    key = work.key(place)
    containers = [container for pod in work.pods for container in pod.containers]
    mounted = [volume for pod in work.pods for volume in volumes(place, pod.volumes, buckets)]
    mine = held(place, work, key, mounted, services)
    if serves is not None and (serves.models or serves.weights):
        mine = mine.instead(serves)
    yield place.sighting(
        key, Kind.WORKLOAD, uid_of(work.item), _attributes(work, place, containers, mine, mounted), place.evidence(work.type, work.name)
    )
    yield from _images(work, place, key, containers)
    yield from mine.observations(place, key, work.type, work.name)
    yield from _identity(work, place, key)
    yield from _pull_secrets(work, place, key)


def _attributes(work: Workload, place: Place, containers: list[Container], mine: Held, mounted: Iterable[Any]) -> dict[str, Value]:
    main = [container for container in containers if not container.init]
    images = dict.fromkeys(container.image for container in main if container.image)
    version = marks(work.item).get("app.kubernetes.io/version") or next(
        (tag for image in images if (tag := image_tag_digest(image)[0])), None
    )
    told: dict[str, Value] = {
        "type": work.type,
        "server": server_name(work.row, work.item, main),
        "images": tuple(images),
        "image_digests": tuple(sorted(set(work.digests.values()))),
        "args_model": mine.args_model,
        "version": version,
        "role": _role(work),
        "gpu": sum(container.gpu for container in main) or None,
        "mounts": tuple(sorted({volume.mount for volume in mounted})),
        "config_maps": tuple(sorted({name for container in containers for name in container.config_maps})),
    }
    return {**place.about(work.item), "name": work.name, **told, **work.state}


def server_name(row: KindRow | None, item: Object, main: list[Container]) -> str | None:
    """The server that the catalogue knows by an image or a command, else the one that the kind stands for."""
    by_image = (found for container in main if container.image and (found := server_of(container.image)))
    by_command = (found for container in main if (found := server_of_command(container.args)))
    seen = next(by_image, None) or next(by_command, None)
    known = server_row(seen) if seen else None
    if seen is not None and (known is None or known.ai):
        return seen
    if row is None:
        return None
    return next((text.lower() for text in texts(item, row.server_path)), row.server) if row.server_path else row.server or None


def _role(work: Workload) -> str | None:
    spoken = [marks(work.item).get(label, "").lower() for label in ROLE_LABELS]
    spoken += [labels.get(label, "").lower() for labels in work.labels[:1] for label in ROLE_LABELS]
    return next((role for role in spoken if role in ROLES and role != "stable"), None)


def _images(work: Workload, place: Place, key: str, containers: list[Container]) -> Iterator[Observation]:
    pulled: dict[str, list[str]] = {}
    for reference in work.digests:
        pulled.setdefault(image_key(reference), []).append(reference)
    named = {container.image: container.field for container in containers if container.image}
    seen: set[str] = set()
    for image, field in named.items():
        target = image_key(image)
        evidence = place.evidence(work.type, work.name, f"{field}.image", "container-image")
        exact = [identifier for reference in pulled.get(target, ()) for identifier in image_identifiers(reference) if "@" in identifier]
        yield Sighting(target, Kind.IMAGE, (*image_identifiers(image), *exact), {}, evidence)
        if target not in seen:
            seen.add(target)
            yield link(key, Relation.RUNS, target, evidence)
    for target in pulled.keys() - seen:
        yield link(key, Relation.RUNS, target, place.evidence(work.type, work.name, "status.containerStatuses", "container-image"))


def _identity(work: Workload, place: Place, key: str) -> Iterator[Observation]:
    for account in dict.fromkeys(pod.account for pod in work.pods if pod.account):
        evidence = place.evidence(work.type, work.name, "spec.serviceAccountName", "service-account")
        yield link(key, Relation.ASSUMES, place.account(account), evidence)
    for role in sorted(work.roles):
        yield link(key, Relation.ASSUMES, f"identity:{role}", place.evidence(work.type, work.name, "env.AWS_ROLE_ARN", "injected-role"))


def _pull_secrets(work: Workload, place: Place, key: str) -> Iterator[Observation]:
    for name in sorted({name for pod in work.pods for name in pod.pull_secrets}):
        evidence = place.evidence(work.type, work.name, "spec.imagePullSecrets", "image-pull-secret", Confidence.DECLARED)
        yield link(key, Relation.READS, place.secret(name), evidence)
