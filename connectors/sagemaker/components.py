"""Inference components: several models, and adapters of them, on one endpoint."""

from collections.abc import Iterator, Mapping
from typing import Any

from connectors.sagemaker.containers import Host, Named, shown
from connectors.sagemaker.here import Here
from connectors.sagemaker.models import model_of
from scanner.model import Gap, Observation

Reply = Mapping[str, Any]
LOADED = frozenset({"InService", "Creating", "Updating"})


def components(here: Here) -> Iterator[Observation | Gap]:
    """What every inference component of a region puts on its endpoint."""
    listed = (summary for summary in here.pages("ListInferenceComponents", "InferenceComponents") if _is_loaded(summary))
    yield from here.each(listed, lambda summary: _component(here, summary), lambda summary: str(summary["InferenceComponentName"]))


def _is_loaded(summary: Reply) -> bool:
    return summary.get("InferenceComponentStatus", "InService") in LOADED


def _component(here: Here, summary: Reply) -> list[Observation | Gap]:
    component = here.call("DescribeInferenceComponent", InferenceComponentName=summary["InferenceComponentName"])
    host = Host(f"endpoint:{component['EndpointArn']}", here.attributes())
    specifications = [*component.get("Specifications", []), *([component["Specification"]] if component.get("Specification") else [])]
    told: list[Observation | Gap] = []
    for specification in specifications:
        named, containers = _containers(here, component, specification)
        told += shown(host, named, containers)
    return told


def _containers(here: Here, component: Reply, specification: Reply) -> tuple[Named, list[Reply]]:
    """The containers of the SageMaker model it names, else its own."""
    if specification.get("ModelName"):
        return model_of(here, specification["ModelName"])[:2]
    named = Named(component["InferenceComponentArn"], component["InferenceComponentName"])
    return named, [specification["Container"]] if specification.get("Container") else []
