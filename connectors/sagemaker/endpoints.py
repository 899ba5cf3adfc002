"""Endpoints: real-time, asynchronous and serverless, with their variants and shadow variants."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from connectors._aws import Gone, gap_of, known, utc
from connectors.sagemaker.containers import Host, Named, server_name, shown
from connectors.sagemaker.here import Here
from connectors.sagemaker.models import model_of
from scanner.detect.runtime import image_identifiers
from scanner.errors import ReadError
from scanner.model import Evidence, Gap, Kind, Link, Observation, Relation, Sighting, Value

Reply = Mapping[str, Any]
STOPPED = frozenset({"Failed", "Deleting", "OutOfService"})
"""Every other status can be invoked, or will be without anybody's doing: UpdateRollbackFailed still serves, Creating soon does."""
WHERE = frozenset({"platform", "account", "region", "environment"})
VARIANTS = (("ProductionVariants", ""), ("ShadowProductionVariants", "shadow"))


class Variant(NamedTuple):
    """One variant's model. `role` is `shadow` for a copy that only watches."""

    role: str
    named: Named
    containers: list[Reply]
    identity: str


def endpoints(here: Here) -> Iterator[Observation | Gap]:
    """Every endpoint of a region."""
    listed = here.pages("ListEndpoints", "Endpoints")
    yield from here.each(listed, lambda summary: _endpoint(here, summary), lambda summary: str(summary["EndpointName"]))


def _endpoint(here: Here, summary: Reply) -> list[Observation | Gap]:
    endpoint = here.call("DescribeEndpoint", EndpointName=summary["EndpointName"])
    config, variants, gaps = _variants(here, endpoint)
    attributes: dict[str, Value] = {**here.attributes(_tags(here, endpoint, gaps)), **_attributes(endpoint, config, variants)}
    key = f"endpoint:{endpoint['EndpointArn']}"
    evidence = (Evidence(endpoint["EndpointArn"], "sagemaker-endpoint"),)
    told: list[Observation | Gap] = [Sighting(key, Kind.ENDPOINT, (endpoint["EndpointArn"],), attributes, evidence)]
    told += [Link(key, Relation.ASSUMES, f"identity:{role}", evidence) for role in sorted(_roles(config, variants))]
    place = {name: value for name, value in attributes.items() if name in WHERE}
    for variant in variants:
        told += shown(Host(key, place, variant.role), variant.named, variant.containers)
    return [*told, *gaps]


def _variants(here: Here, endpoint: Reply) -> tuple[Reply, list[Variant], list[Gap]]:
    """The models of every variant. A live endpoint may outlast its configuration and its models: then it serves what nobody can name."""
    scope = f"{here.scope}/{endpoint['EndpointName']}"
    if "EndpointConfigName" not in endpoint:
        return {}, [], []
    try:
        config = here.call("DescribeEndpointConfig", EndpointConfigName=endpoint["EndpointConfigName"])
    except Gone as error:
        return {}, [], [gap_of(here.source, scope, error)]
    variants: list[Variant] = []
    gaps: list[Gap] = []
    for field, role in VARIANTS:
        for variant in config.get(field, []):
            if variant.get("ModelName"):
                try:
                    variants.append(Variant(role, *model_of(here, variant["ModelName"])))
                except Gone as error:
                    gaps.append(gap_of(here.source, f"{scope}/{variant['VariantName']}", error))
    return config, variants, gaps


def _tags(here: Here, endpoint: Reply, gaps: list[Gap]) -> list[Mapping[str, str]]:
    try:
        return here.tags(endpoint["EndpointArn"])
    except ReadError as error:
        gaps.append(gap_of(here.source, f"{here.scope}/{endpoint['EndpointName']}/tags", error))
        return []


def _roles(config: Reply, variants: list[Variant]) -> set[str]:
    roles = {variant.identity for variant in variants} | {str(config.get("ExecutionRoleArn", ""))}
    return roles - {""}


def _attributes(endpoint: Reply, config: Reply, variants: list[Variant]) -> dict[str, Value]:
    containers = [container for variant in variants for container in variant.containers]
    return known(
        type=_type(endpoint, config),
        server=server_name(containers),
        status=endpoint["EndpointStatus"],
        running=endpoint["EndpointStatus"] not in STOPPED,
        exposure="internal",
        authenticated=True,
        replicas=_replicas(endpoint),
        created=utc(endpoint["CreationTime"]),
        updated=utc(endpoint["LastModifiedTime"]),
        images=_weak(containers),
        image_digests=_digests(endpoint),
    )


def _type(endpoint: Reply, config: Reply) -> str:
    if endpoint.get("AsyncInferenceConfig") or config.get("AsyncInferenceConfig"):
        return "async"
    serverless = any(variant.get("ServerlessConfig") for variant in config.get("ProductionVariants", []))
    return "serverless" if serverless else "real-time"


def _replicas(endpoint: Reply) -> int | None:
    counts = [variant["CurrentInstanceCount"] for variant in endpoint.get("ProductionVariants", []) if "CurrentInstanceCount" in variant]
    return sum(counts) if counts else None


def _weak(containers: list[Reply]) -> tuple[str, ...]:
    names = {name for container in containers for name in image_identifiers(str(container.get("Image", "")))}
    return tuple(sorted(name for name in names if name.startswith("image:")))


def _digests(endpoint: Reply) -> tuple[str, ...]:
    """What each variant resolved its image to when it was deployed: the bytes that run."""
    deployed = [image for field, _ in VARIANTS for variant in endpoint.get(field, []) for image in variant.get("DeployedImages", [])]
    names = {name for image in deployed for name in image_identifiers(str(image.get("ResolvedImage", "")))}
    return tuple(sorted(name for name in names if name.startswith("oci:")))
