"""The models and weights that a workload or an endpoint serves and loads, the credentials it is handed, the endpoints it calls."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

from connectors.kubernetes.declared import MODEL_SCHEMES, Model, Weights, declared
from connectors.kubernetes.kinds import KindRow, Object, texts
from connectors.kubernetes.names import called, configured, credentials, is_model_provider, weights
from connectors.kubernetes.place import Place, link
from connectors.kubernetes.pods import Container
from connectors.kubernetes.volumes import Volume
from scanner.detect.runtime import credential_name, model_ref, served_models, server_of, server_of_command
from scanner.model import Confidence, Kind, Observation, Relation, Sighting


class Reading(NamedTuple):
    """A credential that is read: a Secret by its name, or a variable that holds one in the open."""

    key: str
    name: str
    provider: str | None
    field: str
    in_the_open: bool = False


class Call(NamedTuple):
    """An endpoint that is called."""

    target: str
    provider: str
    field: str


class Held(NamedTuple):
    """All of it."""

    models: tuple[Model, ...] = ()
    weights: tuple[Weights, ...] = ()
    readings: tuple[Reading, ...] = ()
    calls: tuple[Call, ...] = ()
    args_model: str | None = None
    owner: str = ""
    """Whose key the models' keys carry."""

    def instead(self, other: "Held") -> "Held":
        """With another's models and weights: what a custom resource names is what the workload that it made serves."""
        return self._replace(models=other.models, weights=other.weights, owner=other.owner)

    def beside(self, runtime: "Held") -> "Held":
        """With what a runtime that it names holds; a runtime's models and weights count where it names none of its own.

        A local path or a template (`{{.Name}}`) of a runtime is where the server is told to look, no model.
        """
        models = tuple(model for model in runtime.models if model.ref.provider != "local" and "{{" not in model.ref.model_id)
        named = bool(self.models or self.weights)
        return self._replace(
            models=self.models if named else models,
            weights=self.weights if named else runtime.weights,
            readings=(*self.readings, *runtime.readings),
            calls=(*self.calls, *runtime.calls),
        )

    def observations(self, place: Place, key: str, type_: str, name: str) -> Iterator[Observation]:
        """As sightings and links of `key`."""
        for model in self.models:
            yield from _served(place, key, self.owner or key, model, place.evidence(type_, name, model.field, model.rule, model.sure))
        yield from _adapted(self.owner or key, self.models, lambda model: place.evidence(type_, name, model.field, "adapter", model.sure))
        for weight in self.weights:
            yield link(key, Relation.LOADS, weight.target, place.evidence(type_, name, weight.field, weight.rule))
        for reading in self.readings:
            yield from _read(place, key, reading, place.evidence(type_, name, reading.field, "credential-reference"))
        for call in self.calls:
            evidence = place.evidence(type_, name, call.field, "endpoint-address", Confidence.INFERRED)
            if call.provider:
                yield Sighting(call.target, Kind.ENDPOINT, (), {"platform": "http", "provider": call.provider}, evidence)
            yield link(key, Relation.CALLS, call.target, evidence)


def held(place: Place, work: Any, key: str, mounted: list[Volume], services: frozenset[str]) -> Held:
    """What a workload's containers and its own fields say."""
    containers: list[Container] = [container for pod in work.pods for container in pod.containers]
    models, addresses = _in_containers(containers, mounted)
    if work.row is not None:
        more, others = declared(place, work.row, work.item)
        models, addresses = [*more, *models], [*others, *addresses]
    readings = [*_readings(place, key, containers, mounted), *_named_secrets(place, work.row, work.item)]
    calls = list(dict.fromkeys(call for container in containers for call in _calls(place, container, services)))
    models += [model for container in containers for model in _configured(container, readings, calls)]
    return Held(
        tuple(_each(models, lambda model: (model.ref.provider, model.ref.model_id))),
        tuple(_each(addresses, lambda weight: weight.target)),
        tuple(_each(readings, lambda reading: reading.key)),
        tuple(_each(calls, lambda call: call.target)),
        next((model.ref.model_id for model in models if model.rule == "served-model"), None),
    )


def _in_containers(containers: list[Container], mounted: list[Volume]) -> tuple[list[Model], list[Weights]]:
    known = any(_server(container) for container in containers if not container.init)
    models: list[Model] = []
    addresses: list[Weights] = []
    for container in containers:
        refs = [] if container.init else served_models(_server(container), container.args, container.env, container.image)
        for ref in refs:
            local = _mounted(ref.model_id, container, mounted) if ref.provider == "local" else None
            if "://" in ref.model_id and ref.provider not in ("huggingface", "ollama", "nim", "docker", "oci"):
                addresses.append(Weights(ref.model_id, f"{container.field}.args", "served-model"))
            elif local is not None:
                addresses.append(Weights(local, f"{container.field}.volumeMounts", "mounted-model"))
            else:
                models.append(Model(ref, f"{container.field}.args", "served-model"))
        for uri in weights(container.args, container.env, server=known):
            _sort(uri, container, models, addresses)
    fetched = bool(addresses) or any(model.ref.provider != "local" for model in models)
    return [model for model in models if not (fetched and model.ref.provider == "local" and _is_fetched(containers))], addresses


def _is_fetched(containers: list[Container]) -> bool:
    """Whether an init container brings the weights: the local path is then where it put them."""
    return any(container.init and list(weights(container.args, container.env, server=True)) for container in containers)


def _sort(uri: str, container: Container, models: list[Model], addresses: list[Weights]) -> None:
    uri = uri.rstrip("/.")
    if uri.startswith(MODEL_SCHEMES):
        ref = model_ref(uri, "")
        models += [Model(ref, f"{container.field}.env", "weights-address")] if ref else []
    elif not uri.startswith("pvc://"):
        addresses.append(Weights(uri, f"{container.field}.env", "weights-address"))


def _mounted(path: str, container: Container, mounted: list[Volume]) -> str | None:
    """What a local path of a model is, by the volume that is mounted there."""
    for name, mount in sorted(container.mounts, key=lambda pair: -len(pair[1])):
        volume = next((volume for volume in mounted if volume.name == name), None)
        if volume and volume.target and mount and (path == mount or path.startswith(f"{mount.rstrip('/')}/")):
            rest = path[len(mount.rstrip("/")) :].strip("/")
            return (
                f"{volume.target.rstrip('/')}/{rest}"
                if rest and (volume.bucket or volume.target.startswith("artifact:"))
                else volume.target
            )
    return None


def _server(container: Container) -> str | None:
    return (server_of(container.image) if container.image else None) or server_of_command(container.args)


def _readings(place: Place, key: str, containers: Iterable[Container], mounted: Iterable[Volume]) -> Iterator[Reading]:
    for container in containers:
        for variable, secret, entry in container.secret_env:
            provider = credential_name(variable) or credential_name(entry) or credential_name(secret)
            yield Reading(place.secret(secret), secret, provider, f"{container.field}.env[{variable or secret}]")
        for variable, provider in credentials(container.env):
            owner = key.partition(":")[2]
            yield Reading(f"credential:{owner}:env/{variable}", variable, provider, f"{container.field}.env[{variable}]", in_the_open=True)
    for volume in mounted:
        if volume.secret:
            yield Reading(place.secret(volume.secret), volume.secret, credential_name(volume.secret), f"spec.volumes[{volume.name}]")


def _named_secrets(place: Place, row: KindRow | None, item: Object) -> Iterator[Reading]:
    """Secrets that fields of a custom resource name, wherever they stand."""
    for name in texts(item, *row.secrets) if row and not row.template else ():
        yield Reading(place.secret(name), name, credential_name(name), row.secrets[0] if row else "")


def _calls(place: Place, container: Container, services: frozenset[str]) -> Iterator[Call]:
    for variable, target, provider in called(place, container.env, services):
        yield Call(target, provider, f"{container.field}.env[{variable}]")


def _configured(container: Container, readings: Iterable[Reading], calls: Iterable[Call]) -> Iterator[Model]:
    """A client's model: not where the container is a server, whose own fields were read already."""
    if container.init or _server(container):
        return
    beside = {reading.provider for reading in readings if reading.provider} | {call.provider for call in calls if call.provider}
    for variable, ref in configured(container.env, sorted(provider for provider in beside if is_model_provider(provider))):
        yield Model(ref, f"{container.field}.env[{variable}]", "configured-model", Confidence.INFERRED)


def _adapted(owner: str, models: Iterable[Model], evidence: Callable[[Model], tuple[Any, ...]]) -> Iterator[Observation]:
    """An adapter was made from the model that it is loaded onto."""
    bases = [model.ref for model in models if not model.ref.adapter]
    for model in (each for each in models if each.ref.adapter):
        adapter = f"model:{owner}:{model.ref.provider}/{model.ref.model_id}"
        yield from (link(adapter, Relation.DERIVES, f"model:{owner}:{base.provider}/{base.model_id}", evidence(model)) for base in bases)


def _served(place: Place, key: str, owner: str, model: Model, evidence: tuple[Any, ...]) -> Iterator[Observation]:
    ref = model.ref
    target = f"model:{owner}:{ref.provider}/{ref.model_id}"
    attributes = {"provider": ref.provider, "model_id": ref.model_id, "revision": ref.revision, "served_id": ref.served_id}
    if ref.served_id:
        attributes["root"] = ref.model_id
    yield place.sighting(target, Kind.MODEL, ref.identifiers, {**attributes, "context": "production"}, evidence)
    yield link(key, Relation.SERVES, target, evidence)


def _read(place: Place, key: str, reading: Reading, evidence: tuple[Any, ...]) -> Iterator[Observation]:
    yield credential(place, reading, evidence)
    yield link(key, Relation.READS, reading.key, evidence)


def credential(place: Place, reading: Reading, evidence: tuple[Any, ...]) -> Sighting:
    """A credential by its name.

    One of an AI provider is meant for the pods of its namespace; any other Secret may also be read through the API by whoever may,
    so nothing is said of who could use it.
    """
    if reading.in_the_open:
        return place.sighting(
            reading.key, Kind.CREDENTIAL, (), {"type": "reference", "provider": reading.provider, "name": reading.name}, evidence
        )
    usable = (place.scope,) if reading.provider else ("*",)
    attributes = {"type": "kubernetes-secret", "provider": reading.provider, "name": reading.name, "usable_from": usable}
    return place.sighting(reading.key, Kind.CREDENTIAL, (), attributes, evidence)


def _each(found: Iterable[Any], key: Any) -> list[Any]:
    """Each once, the first one told."""
    kept: dict[Any, Any] = {}
    for one in found:
        kept.setdefault(key(one), one)
    return list(kept.values())
