"""Custom resources that serve models under an address of their own: KServe, Seldon."""

from collections.abc import Iterator, Mapping

from connectors.kubernetes.held import Held, held
from connectors.kubernetes.kinds import KindRow, Object, number, says, table, texts
from connectors.kubernetes.listing import Listed
from connectors.kubernetes.networking import endpoint_state
from connectors.kubernetes.place import Place, link, marks, name_of, uid_of
from connectors.kubernetes.pods import pods
from connectors.kubernetes.scaling import ready, state
from connectors.kubernetes.volumes import Buckets, volumes
from connectors.kubernetes.workloads import Workload, server_name
from scanner.model import Kind, Observation, Relation, Value

LOCAL_ONLY = ("networking.knative.dev/visibility", "networking.kserve.io/visibility")


class Serving:
    """One custom resource, with the workloads that its operator made of it."""

    def __init__(
        self,
        place: Place,
        row: KindRow,
        item: Object,
        made: list[Workload],
        services: frozenset[str],
        buckets: Buckets,
        runtime: Object | None = None,
    ) -> None:
        self.place, self.row, self.item, self.made = place, row, item, made
        self.key = place.key(Kind.ENDPOINT, row.name, name_of(item))
        self._work = Workload(row.name, name_of(item), row, item, pods(item, row))
        mounted = [volume for pod in self._work.pods for volume in volumes(place, pod.volumes, buckets)]
        self._runtime = Workload(row.name, name_of(item), None, {}, pods(runtime, row) if runtime else [])
        own = held(place, self._work, self.key, mounted, services)
        self.held: Held = own.beside(held(place, self._runtime, self.key, [], services))._replace(owner=self.key)

    def observations(self, listed: Listed) -> Iterator[Observation]:
        """The endpoint, and what it serves: by itself only where no workload of it is seen."""
        name = name_of(self.item)
        urls = texts(self.item, *self.row.url)
        yield self.place.sighting(
            self.key, Kind.ENDPOINT, (*uid_of(self.item), *urls), self._attributes(listed, urls), self.place.evidence(self.row.name, name)
        )
        for work in self.made:
            evidence = self.place.evidence(self.row.name, name, "metadata.uid", "controller-of")
            yield link(self.key, Relation.ROUTES, work.key(self.place), evidence)
        if not any(work.state.get("running") for work in self.made):
            yield from self.held.observations(self.place, self.key, self.row.name, name)

    def _attributes(self, listed: Listed, urls: list[str]) -> Mapping[str, Value]:
        told = state(self.row, self.item, None, listed)
        behind = endpoint_state(self.made)
        running = told["running"] if behind is None or told["running"] is False else behind or self.row.scales_to_zero
        main = [container for work in (self._work, self._runtime) for pod in work.pods for container in pod.containers]
        return {
            **self.place.about(self.item),
            **told,
            "type": self.row.name,
            "server": server_name(self.row, self.item, main),
            "running": running,
            "status": ready(self.item),
            "url": next(iter(urls), None),
            "exposure": self._exposure(urls),
            "authenticated": True if says(marks(self.item), table().authenticated) else None,
            "role": "canary" if number(self.item, self.row.canary) not in (None, 100) else None,
        }

    def _exposure(self, urls: list[str]) -> str | None:
        notes = marks(self.item)
        if any(notes.get(name) == "cluster-local" for name in LOCAL_ONLY) or (urls and all(".svc" in url for url in urls)):
            return "internal"
        return self.place.settings.ingress_exposure or None if urls else None


def servings(
    listed: Listed,
    place: Place,
    works: Mapping[tuple[str, str], Workload],
    services: frozenset[str],
    buckets: Buckets,
    runtimes: Mapping[str, Object],
) -> list[Serving]:
    """Every serving custom resource of the namespace. A runtime of the namespace comes before one of the cluster."""
    found = []
    known = {**runtimes, **{name_of(item): item for _, item in listed.of("runtime")}}
    for row, item in listed.of("endpoint"):
        made = [work for work in works.values() if work.endpoint is item]
        runtime = next((known[name] for name in texts(item, row.runtime) if name in known), None) if row.runtime else None
        found.append(Serving(place, row, item, made, services, buckets, runtime))
    return found
