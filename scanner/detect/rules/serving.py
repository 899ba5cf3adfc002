"""Which manifest of a file serves which model of it."""

import bisect
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from scanner.contracts import Fact
from scanner.detect.rules.file import File

NEAR = 8
"""A model of compose's `models:` stands within so many lines of its name."""


def attached(file: File, facts: Iterable[Fact]) -> Iterator[Fact]:
    """The facts, each model that a resource of the file serves with that resource in `served_by`."""
    every = list(facts)
    resources = sorted(
        (fact for fact in every if fact.kind == "deployment" and fact.rule.partition(".")[0] in RULES), key=lambda fact: fact.line
    )
    starts = sorted({document.line for document in file.reading.documents})
    for fact in every:
        resource = _serving(fact, resources, starts) if fact.kind == "model" and resources else None
        yield fact if resource is None else msgspec.structs.replace(fact, attributes={**fact.attributes, "served_by": resource})


RULES = ("manifest", "compose", "values")


def _serving(model: Fact, resources: Sequence[Fact], starts: Sequence[int]) -> str | None:
    at = bisect.bisect_right([resource.line for resource in resources], model.line) - 1
    resource = resources[max(at, 0)]
    ours = {
        "manifest": at >= 0 and bisect.bisect_right(starts, resource.line) == bisect.bisect_right(starts, model.line),
        "compose": at >= 0
        and (model.rule == "compose.service" or (resource.rule == "compose.model" and model.line - resource.line <= NEAR)),
        "values": at >= 0 or len(resources) == 1,
    }
    return str(resource.attributes["resource"]) if ours[resource.rule.partition(".")[0]] else None
