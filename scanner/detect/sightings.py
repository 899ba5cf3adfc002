"""The facts of one file of one repository as observations, with the keys, identifiers and attributes of docs/vocabulary.md.

Used by every connector that reads repositories; `summarise` then makes one sighting of each thing a repository names in many places.
"""

from collections.abc import Callable, Iterator, Mapping

from scanner.contracts import Fact, Findings
from scanner.detect.models import identifiers_of
from scanner.detect.runtime import image_identifiers, image_key
from scanner.detect.summary import summarise
from scanner.model import Confidence, Evidence, Gap, Kind, Link, Observation, Reason, Relation, Sighting, Value

__all__ = ["observations", "summarise"]

REASONS = {"over-limit": Reason.LIMIT, "defect": Reason.DEFECT}
SCOPING = ("source", "scope")
HIDDEN = ("served_by", "relation", "resource")


class Place:
    """One file of one repository, as every observation of it needs it."""

    def __init__(self, owner: str, where: str, path: str, location: Mapping[str, Value]) -> None:
        self.owner, self.where, self.path = owner, where, path
        self.repository = f"repo:{owner}"
        shared = {name: value for name, value in location.items() if name not in SCOPING}
        self.attributes: Mapping[str, Value] = {**shared, "repository": self.repository, "path": path}

    def evidence(self, fact: Fact) -> tuple[Evidence, ...]:
        """Where a fact stands."""
        line = f":{fact.line}" if fact.line else ""
        return (Evidence(f"{self.where}:{self.path}{line}", fact.rule, Confidence(fact.confidence)),)

    def sighting(self, fact: Fact, key: str, identifiers: tuple[str, ...] = (), **more: Value) -> Sighting:
        """The thing a fact tells of."""
        own = {name: value for name, value in fact.attributes.items() if name not in HIDDEN}
        line = {"line": fact.line} if fact.line else {}
        known = {name: value for name, value in more.items() if value not in ("", None)}
        return Sighting(key, Kind(fact.kind), identifiers, {**self.attributes, **line, **own, **known}, self.evidence(fact))

    def link(self, fact: Fact, relation: Relation, target: str, source: str | None = None) -> Link:
        """How the repository, or a manifest in it, needs a thing."""
        return Link(source or self.repository, relation, target, self.evidence(fact))

    def deployment(self, resource: str) -> str:
        """The key of a manifest's resource, `Deployment/llm`."""
        return f"deployment:{self.owner}:{self.path}#{resource}"


def observations(owner: str, where: str, path: str, findings: Findings, location: Mapping[str, Value]) -> Iterator[Observation | Gap]:
    """What the facts of `path` say of the repository `owner` (`acme/payments`).

    `where` is the prefix of evidence (`github:acme/payments@1f3c2a9`); `location` holds the attributes that every sighting shares
    (platform, organisation, ...) and, for gaps, `source` and `scope`.
    """
    place = Place(owner, where, path, location)
    for fact in findings.facts:
        tell = TOLD.get(fact.kind)
        if tell is not None:
            yield from tell(place, fact)
    if findings.unread:
        reason = REASONS.get(findings.unread.partition(":")[0], Reason.UNPARSED)
        yield Gap(str(location.get("source", "")), str(location.get("scope", owner)), reason, f"{path}: {findings.unread}")


def _model(place: Place, fact: Fact) -> Iterator[Observation]:
    key = f"model:{place.owner}:{fact.provider or 'unknown'}/{fact.model_id}"
    identifiers = fact.identifiers or identifiers_of(fact.provider, fact.model_id, fact.revision or None)
    yield place.sighting(fact, key, identifiers, provider=fact.provider, model_id=fact.model_id, revision=fact.revision)
    yield place.link(fact, Relation.USES, key)
    for resource in _tuple(fact.attributes.get("served_by")):
        yield place.link(fact, Relation.SERVES, key, place.deployment(resource))


def _artifact(place: Place, fact: Fact) -> Iterator[Observation]:
    key = f"artifact:{place.owner}:{place.path}"
    yield place.sighting(fact, key, fact.identifiers, format=fact.format)
    yield place.link(fact, Relation.CONTAINS, key)


def _sdk(place: Place, fact: Fact) -> Iterator[Observation]:
    key = f"sdk:{place.owner}:{fact.name}"
    yield place.sighting(fact, key, fact.identifiers, provider=fact.provider)
    yield place.link(fact, Relation.USES, key)


def _deployment(place: Place, fact: Fact) -> Iterator[Observation]:
    key = place.deployment(str(fact.attributes.get("resource", fact.name)))
    yield place.sighting(fact, key, fact.identifiers, server=fact.name)
    yield place.link(fact, Relation.CONTAINS, key)
    for image in _tuple(fact.attributes.get("images")):
        yield place.link(fact, Relation.DEPLOYS, image_key(image), key)


def _image(place: Place, fact: Fact) -> Iterator[Observation]:
    key = image_key(fact.name)
    builds = fact.attributes.get("relation") == "builds"
    yield place.sighting(fact, key, image_identifiers(fact.name))
    yield place.link(fact, Relation.BUILDS if builds else Relation.DEPLOYS, key)


def _credential(place: Place, fact: Fact) -> Iterator[Observation]:
    kind = fact.attributes.get("type")
    key = _credential_key(place, fact)
    identifiers = fact.identifiers if kind == "leak" else ()
    yield place.sighting(fact, key, identifiers, provider=fact.provider, name=fact.name)
    yield place.link(fact, Relation.READS, key)


def _reference(place: Place, fact: Fact) -> Iterator[Observation]:
    """A secret by its name, whatever it opens: no sighting of ours, but its reader is known."""
    yield place.link(fact, Relation.READS, _credential_key(place, fact))


def _credential_key(place: Place, fact: Fact) -> str:
    kind = fact.attributes.get("type")
    if kind == "leak":
        return f"credential:{place.owner}:leak/{fact.attributes.get('fingerprint', '')}"
    if kind == "actions-secret" and not place.owner.startswith("."):
        return f"credential:github/{'/'.join(place.owner.split('/')[-2:])}/actions/{fact.name}"
    return f"credential:{place.owner}:env/{fact.name}"


def _agent(place: Place, fact: Fact) -> Iterator[Observation]:
    key = f"agent:{place.owner}:{place.path}#{fact.name}"
    yield place.sighting(fact, key, fact.identifiers, name=fact.name)
    yield place.link(fact, Relation.USES, key)


def _dataset(place: Place, fact: Fact) -> Iterator[Observation]:
    key = f"dataset:{place.owner}:{fact.name}"
    yield place.sighting(fact, key, fact.identifiers)
    yield place.link(fact, Relation.USES, key)


def _tuple(value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,)
    return tuple(str(item) for item in value) if isinstance(value, tuple | list) else ()


TOLD: Mapping[str, Callable[[Place, Fact], Iterator[Observation]]] = {
    "model": _model,
    "artifact": _artifact,
    "sdk": _sdk,
    "deployment": _deployment,
    "image": _image,
    "credential": _credential,
    "reference": _reference,
    "agent": _agent,
    "dataset": _dataset,
}
