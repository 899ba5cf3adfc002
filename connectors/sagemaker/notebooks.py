"""Notebook instances: machines on which people run what they like, as a role of the account."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from connectors._aws import known, utc
from connectors.sagemaker.here import Here
from scanner.model import Evidence, Gap, Kind, Link, Observation, Relation, Sighting

Reply = Mapping[str, Any]
STOPPED = frozenset({"Stopped", "Stopping", "Failed", "Deleting"})
GITHUB = re.compile(r"https://github\.com/([\w.-]+)/([\w.-]+?)(?:\.git)?/?")


def notebooks(here: Here) -> Iterator[Observation | Gap]:
    """Every notebook instance of a region."""
    listed = here.pages("ListNotebookInstances", "NotebookInstances")
    yield from here.each(listed, lambda summary: _notebook(here, summary), lambda summary: str(summary["NotebookInstanceName"]))


def _notebook(here: Here, summary: Reply) -> list[Observation | Gap]:
    notebook = here.call("DescribeNotebookInstance", NotebookInstanceName=summary["NotebookInstanceName"])
    arn, status = str(summary["NotebookInstanceArn"]), str(notebook["NotebookInstanceStatus"])
    key, evidence = f"workload:{arn}", (Evidence(arn, "sagemaker-notebook"),)
    told = known(
        **here.attributes(here.tags(arn)),
        type="notebook",
        status=status,
        running=status not in STOPPED,
        created=utc(notebook.get("CreationTime")),
        updated=utc(notebook.get("LastModifiedTime")),
    )
    links = [Link(f"repo:{owner}/{name}", Relation.DEPLOYS, key, evidence) for owner, name in _repositories(notebook)]
    if notebook.get("RoleArn"):
        links.append(Link(key, Relation.ASSUMES, f"identity:{notebook['RoleArn']}", evidence))
    return [Sighting(key, Kind.WORKLOAD, (arn,), told, evidence), *links]


def _repositories(notebook: Reply) -> Iterator[tuple[str, str]]:
    """Those given by their address on github.com; a repository that SageMaker knows by a name of its own is not looked up."""
    for url in (notebook.get("DefaultCodeRepository", ""), *notebook.get("AdditionalCodeRepositories", [])):
        if found := GITHUB.fullmatch(url):
            yield found[1], found[2]
