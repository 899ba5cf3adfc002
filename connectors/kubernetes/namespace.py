"""One namespace: its objects as observations."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from connectors.kubernetes.accounts import accounts, managed
from connectors.kubernetes.configmaps import ConfigMaps
from connectors.kubernetes.controllers import Owners
from connectors.kubernetes.endpoints import servings
from connectors.kubernetes.held import Reading, credential
from connectors.kubernetes.kinds import Object
from connectors.kubernetes.listing import Listed
from connectors.kubernetes.networking import routed, services
from connectors.kubernetes.place import Place, name_of
from connectors.kubernetes.volumes import Buckets
from connectors.kubernetes.workloads import Workload, observed, workloads
from scanner.contracts import Detector
from scanner.model import Gap, Observation


class Shared(NamedTuple):
    """What holds in a whole cluster: addresses of buckets by the name of the persistent volume, and KServe's cluster-wide runtimes."""

    volumes: Mapping[str, str] = {}
    runtimes: Mapping[str, Object] = {}


def observations(listed: Listed, place: Place, cluster: Shared, source: str, detector: Detector) -> Iterator[Observation | Gap]:
    """All there is to say of a namespace."""
    buckets = _buckets(listed, cluster.volumes)
    owners = Owners(listed)
    works = workloads(listed, owners)
    behind = services(listed, works)
    names = frozenset(behind)
    serving = servings(listed, place, works, names, buckets, cluster.runtimes)
    handed = ConfigMaps(place, source, {name_of(item): item["data"] for _, item in listed.of("config")}, detector)
    yield from handed.gaps
    named = {id(work): one.held for one in serving for work in one.made}
    for _, work in sorted(works.items()):
        yield from _pull_secrets(work, place)
        yield from observed(work, place, names, buckets, serves=named.get(id(work)))
        yield from handed.of(work.key(place), work.pods)
    for one in serving:
        yield from one.observations(listed)
    yield from routed(listed, place, works, behind)
    yield from accounts(listed, place)
    yield from managed(listed, place)


def _buckets(listed: Listed, volumes: Mapping[str, str]) -> Buckets:
    claims = ((name_of(item), (item.get("spec") or {}).get("volumeName")) for _, item in listed.of("claim"))
    return {claim: volumes[str(volume)] for claim, volume in claims if volume and str(volume) in volumes}


def _pull_secrets(work: Workload, place: Place) -> Iterator[Observation]:
    for name in sorted({name for pod in work.pods for name in pod.pull_secrets}):
        yield credential(place, Reading(place.secret(name), name, None, ""), place.evidence(work.type, work.name, "spec.imagePullSecrets"))
