"""Model packages: versions in SageMaker's own registry, whether or not anything serves them."""

from collections.abc import Iterator, Mapping
from typing import Any

from connectors._aws import known, utc
from connectors.sagemaker.containers import weights_of
from connectors.sagemaker.here import Here
from scanner.model import Evidence, Gap, Kind, Link, Observation, Relation, Sighting

Reply = Mapping[str, Any]


def packages(here: Here) -> Iterator[Observation | Gap]:
    """Every version of every group, and the packages without one."""
    listed = here.pages("ListModelPackages", "ModelPackageSummaryList", ModelPackageType="Both")
    yield from here.each(listed, lambda summary: _package(here, summary), _name)


def _name(summary: Reply) -> str:
    return str(summary["ModelPackageArn"]).partition(":model-package/")[2]


def _package(here: Here, summary: Reply) -> list[Observation | Gap]:
    arn = str(summary["ModelPackageArn"])
    package = here.call("DescribeModelPackage", ModelPackageName=arn)
    containers = package.get("InferenceSpecification", {}).get("Containers", [])
    weights = [one for container in containers for one in weights_of(container)]
    evidence = (Evidence(arn, "sagemaker-model-package"),)
    told = known(
        **here.attributes(), status=package.get("ModelApprovalStatus"), created=utc(package["CreationTime"]), updated=_updated(package)
    )
    if len(weights) == 1 and weights[0].whole:
        told["bucket"] = weights[0].uri.split("/")[2]
        return [Sighting(weights[0].target, Kind.ARTIFACT, (weights[0].uri, arn), told, evidence)]
    key = f"model:{here.scope.rpartition('/')[0]}:sagemaker/{_name(summary)}"
    told |= {"provider": "sagemaker", "model_id": _name(summary)}
    links = [Link(key, Relation.LOADS, one.target, evidence) for one in weights]
    return [Sighting(key, Kind.MODEL, (arn,), told, evidence), *links]


def _updated(package: Reply) -> str | None:
    return utc(package.get("LastModifiedTime"))
