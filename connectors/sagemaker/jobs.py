"""Training, processing and batch transform jobs that are in progress."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from connectors._aws import known, utc
from connectors.sagemaker.containers import Host, shown
from connectors.sagemaker.here import Here
from connectors.sagemaker.models import model_of
from scanner.detect.runtime import image_identifiers, image_key
from scanner.model import Evidence, Gap, Kind, Link, Observation, Relation, Sighting

Reply = Mapping[str, Any]


class JobKind(NamedTuple):
    """The names that one kind of job goes by in SageMaker's API."""

    name: str
    listed: str

    @property
    def type(self) -> str:
        """As the inventory shows it: `training-job`."""
        return self.name.replace("Job", "-job").lower()


JOBS = (
    JobKind("TrainingJob", "TrainingJobSummaries"),
    JobKind("ProcessingJob", "ProcessingJobSummaries"),
    JobKind("TransformJob", "TransformJobSummaries"),
)


def jobs(here: Here) -> Iterator[Observation | Gap]:
    """Every job of a region that runs now. One that ended is history, not inventory."""
    for kind in JOBS:
        listed = here.pages(f"List{kind.name}s", kind.listed, StatusEquals="InProgress")
        yield from _all(here, kind, listed)


def _all(here: Here, kind: JobKind, listed: Iterator[Reply]) -> Iterator[Observation | Gap]:
    field = f"{kind.name}Name"
    yield from here.each(listed, lambda summary: _job(here, kind, summary), lambda summary: str(summary[field]))


def _job(here: Here, kind: JobKind, summary: Reply) -> list[Observation | Gap]:
    job = here.call(f"Describe{kind.name}", **{f"{kind.name}Name": summary[f"{kind.name}Name"]})
    arn = str(summary[f"{kind.name}Arn"])
    key, evidence, place = f"workload:{arn}", (Evidence(arn, f"sagemaker-{kind.type}"),), here.attributes()
    told = known(**place, type=kind.type, status="InProgress", running=True, ephemeral=True, created=utc(job.get("CreationTime")))
    observations: list[Observation | Gap] = [Sighting(key, Kind.WORKLOAD, (arn,), told, evidence)]
    if job.get("RoleArn"):
        observations.append(Link(key, Relation.ASSUMES, f"identity:{job['RoleArn']}", evidence))
    if image := _image(job):
        observations.append(Sighting(image_key(image), Kind.IMAGE, image_identifiers(image), {}, evidence))
        observations.append(Link(key, Relation.RUNS, image_key(image), evidence))
    if job.get("ModelName"):
        named, containers, role = model_of(here, job["ModelName"])
        observations += shown(Host(key, place), named, containers)
        observations += [Link(key, Relation.ASSUMES, f"identity:{role}", evidence)] if role else []
    return observations


def _image(job: Reply) -> str:
    training, processing = job.get("AlgorithmSpecification", {}), job.get("AppSpecification", {})
    return str(training.get("TrainingImage") or processing.get("ImageUri") or "")
