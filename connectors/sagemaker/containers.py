"""What a SageMaker container runs, loads and serves: its image, its weights in S3, the models its environment names.

The subject of a verdict is one thing: a model that the environment or a hub names; else the weights, which then carry the ARNs
of the SageMaker model and model package; else, for weights inside an image, the SageMaker model itself.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from connectors._aws import known
from scanner.detect.runtime import ModelRef, image_identifiers, image_key, model_from_url, served_models, server_of
from scanner.model import Evidence, Kind, Link, Observation, Relation, Sighting, Value

Reply = Mapping[str, Any]
TOOLKIT = "hf-inference-toolkit"
"""Its fields (HF_MODEL_ID, ...) are honoured by nearly every SageMaker image, so they are asked of an image nobody knows too."""


class Host(NamedTuple):
    """What runs the containers: an endpoint or a job. `attributes` say where; `role` is `shadow` or `canary` where it is one."""

    key: str
    attributes: Mapping[str, Value]
    role: str = ""


class Named(NamedTuple):
    """The SageMaker model (or package) whose containers these are."""

    arn: str
    name: str


class Weights(NamedTuple):
    """An address in S3: of one object, or of everything under a prefix."""

    uri: str
    whole: bool

    @property
    def target(self) -> str:
        """What a link names: the artifact, or the prefix that resolve expands."""
        return f"artifact:{self.uri}" if self.whole else self.uri


def containers_of(model: Reply) -> list[Reply]:
    """The containers of a DescribeModel reply."""
    return [*model.get("Containers", []), *([model["PrimaryContainer"]] if model.get("PrimaryContainer") else [])]


def server_name(containers: Sequence[Reply]) -> str:
    """The catalogue's server of the first known image; `sagemaker` where no image is known, because an endpoint serves whatever it runs."""
    return next((found for container in containers if (found := server_of(_image(container)))), "sagemaker")


def shown(host: Host, named: Named, containers: Sequence[Reply]) -> Iterator[Observation]:
    """All that the containers of one model tell of their host."""
    alone = len(containers) == 1
    for number, container in enumerate(containers):
        yield from _runs(host, named, container)
        yield from _serves(host, named, container, alone, number)


def _image(container: Reply) -> str:
    deployed = container.get("DeployedImage", {})
    return str(container.get("Image") or deployed.get("ResolvedImage") or deployed.get("SpecifiedImage") or "")


def _runs(host: Host, named: Named, container: Reply) -> Iterator[Observation]:
    image = _image(container)
    if image:
        evidence = (Evidence(f"{named.arn}:Image", "sagemaker-image"),)
        yield Sighting(image_key(image), Kind.IMAGE, image_identifiers(image), {}, evidence)
        yield Link(host.key, Relation.RUNS, image_key(image), evidence)


def _serves(host: Host, named: Named, container: Reply, alone: bool, number: int) -> Iterator[Observation]:
    hub = _hub_models(container)
    refs = _refs(container)
    in_s3 = (Weights(uri, False) for ref in refs if ref.provider == "s3" for uri in ref.identifiers)
    weights = [] if hub else [*weights_of(container), *in_s3]
    models = hub or [ref for ref in refs if _is_named(ref, bool(weights))]
    arns = (named.arn, *_package(container)) if alone else ()
    for ref in models:
        yield from _model(host, named, ref, arns if len(models) == 1 else ())
    if models or weights:
        yield from _loads(host, named, weights, arns if not models else ())
    else:
        yield from _itself(host, named, container, alone, number)


def _refs(container: Reply) -> list[ModelRef]:
    image, environment = _image(container), {str(name): str(value) for name, value in container.get("Environment", {}).items()}
    return served_models(server_of(image), (), environment, image) or served_models(TOOLKIT, (), environment)


def _is_named(ref: ModelRef, has_weights: bool) -> bool:
    """Whether it names a model that others can know: a path does not, and a bare name beside weights is theirs."""
    public = any(not identifier.startswith("name:") for identifier in ref.identifiers)
    return ref.provider not in ("s3", "local") and (public or not has_weights)


def _hub_models(container: Reply) -> list[ModelRef]:
    """A model of SageMaker's own hub: `arn:aws:sagemaker:<region>:aws:hub-content/<hub>/Model/<id>/<version>`."""
    source = container.get("ModelDataSource", {}).get("S3DataSource", {})
    content = str(source.get("HubAccessConfig", {}).get("HubContentArn", ""))
    parts = content.split("/")
    if len(parts) < 4:
        return []
    return [ModelRef("sagemaker", parts[3], next(iter(parts[4:]), None), (f"api:sagemaker/{parts[3]}",))]


def _package(container: Reply) -> tuple[str, ...]:
    package = str(container.get("ModelPackageName", ""))
    return (package,) if package.startswith("arn:") else ()


def weights_of(container: Reply) -> Iterator[Weights]:
    """Where a container's weights lie in S3."""
    if container.get("ModelDataUrl"):
        yield from _at(str(container["ModelDataUrl"]), container.get("Mode") != "MultiModel")
    if container.get("ArtifactUrl"):
        yield from _at(str(container["ArtifactUrl"]), True)
    sources = [container.get("ModelDataSource", {}), *container.get("AdditionalModelDataSources", [])]
    for source in (source["S3DataSource"] for source in sources if source.get("S3DataSource")):
        yield from _at(str(source["S3Uri"]), source.get("S3DataType") == "S3Object")


def _at(url: str, one: bool) -> Iterator[Weights]:
    for uri in model_from_url(url):
        if uri.startswith("s3://"):
            yield Weights(uri, one and not url.endswith("/"))


def _model(host: Host, named: Named, ref: ModelRef, arns: tuple[str, ...]) -> Iterator[Observation]:
    evidence = (Evidence(f"{named.arn}:Environment", "sagemaker-environment"),)
    key = f"model:{host.key}:{ref.provider}/{ref.model_id}"
    told = known(provider=ref.provider, model_id=ref.model_id, revision=ref.revision, served_id=ref.served_id, role=host.role)
    yield Sighting(key, Kind.MODEL, (*ref.identifiers, *arns), {**host.attributes, **told}, evidence)
    yield Link(host.key, Relation.SERVES, key, evidence)


def _loads(host: Host, named: Named, weights: Sequence[Weights], arns: tuple[str, ...]) -> Iterator[Observation]:
    evidence = (Evidence(f"{named.arn}:ModelDataUrl", "sagemaker-weights"),)
    for one in weights:
        if one.whole:
            attributes = known(bucket=one.uri.split("/")[2], role=host.role)
            identifiers = (one.uri, *(arns if len(weights) == 1 else ()))
            yield Sighting(one.target, Kind.ARTIFACT, identifiers, attributes, evidence)
        yield Link(host.key, Relation.LOADS, one.target, evidence)


def _itself(host: Host, named: Named, container: Reply, alone: bool, number: int) -> Iterator[Observation]:
    """Weights inside the image, or behind a model package: all we know is the SageMaker model's own name."""
    name = named.name if alone else f"{named.name}/{container.get('ContainerHostname') or number}"
    evidence = (Evidence(named.arn, "sagemaker-model"),)
    key = f"model:{host.key}:sagemaker/{name}"
    identifiers = (f"name:{named.name}", *((named.arn, *_package(container)) if alone else _package(container)))
    told = known(provider="sagemaker", model_id=name, role=host.role)
    yield Sighting(key, Kind.MODEL, identifiers, {**host.attributes, **told}, evidence)
    yield Link(host.key, Relation.SERVES, key, evidence)
