"""A SageMaker model: its containers, those of a model package in full."""

from collections.abc import Iterator, Mapping
from typing import Any

from connectors._aws import Gone
from connectors.sagemaker.containers import Named, containers_of
from connectors.sagemaker.here import Here
from scanner.errors import AccessDenied

Reply = Mapping[str, Any]


def model_of(here: Here, name: str) -> tuple[Named, list[Reply], str]:
    """The model of this name, its containers, the role it runs as."""
    model = here.call("DescribeModel", ModelName=name)
    containers = [whole for container in containers_of(model) for whole in _whole(here, container)]
    return Named(model["ModelArn"], model["ModelName"]), containers, str(model.get("ExecutionRoleArn", ""))


def _whole(here: Here, container: Reply) -> Iterator[Reply]:
    """A container that only names a model package, as the package has it. One of another account stays a name: its ARN says what it is."""
    package = str(container.get("ModelPackageName", ""))
    if not package or container.get("ModelDataUrl") or container.get("ModelDataSource"):
        yield container
        return
    try:
        found = here.call("DescribeModelPackage", ModelPackageName=package)
    except (AccessDenied, Gone):
        yield container
        return
    inside = found.get("InferenceSpecification", {}).get("Containers", [])
    yield from ({**container, **one, "ModelPackageName": found["ModelPackageArn"]} for one in inside or [container])
