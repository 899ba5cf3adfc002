"""ConfigMaps that workloads are handed: what variables they set, and which models and keys their files name.

Only maps that a workload mounts or takes variables from are looked at. Their text goes to the detector and is not kept.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from connectors.kubernetes.kinds import Object
from connectors.kubernetes.place import Place, link, name_of
from connectors.kubernetes.pods import Pod
from scanner.contracts import Detector, Fact, Findings
from scanner.detect.runtime import identifiers_of
from scanner.model import Confidence, Evidence, Gap, Kind, Observation, Reason, Relation, Sighting

Maps = Mapping[str, Mapping[str, str]]
"""Texts by ConfigMap and key."""
DEEPEST = 24
MOST = 1 << 20
"""Characters of one value: a whole ConfigMap holds no more than a mebibyte of bytes."""
MOST_IN_ALL = 32 << 20
"""Characters of one namespace's maps."""


def references(objects: Iterable[Object]) -> frozenset[str]:
    """The maps that objects name, wherever their containers and volumes stand."""
    return frozenset(str(name) for item in objects for part in _parts(item) for name in _named(part))


def lean(item: Object, wanted: Collection[str]) -> Object:
    """A map as it is kept while its namespace is read: its text only where something refers to it."""
    name = name_of(item)
    data = item.get("data") if name in wanted else None
    texts = {str(key): value for key, value in data.items() if isinstance(value, str)} if isinstance(data, dict) else {}
    return {"metadata": {"name": name}, "data": texts}


def write_out(objects: Iterable[Object], maps: Maps) -> None:
    """Gives each container the variables that its ConfigMaps set, where it says what they are called, as if they stood there."""
    for part in (part for item in objects for part in _parts(item)):
        env, sources = part.get("env"), part.get("envFrom")
        for entry in _dicts(env):
            reference = (entry.get("valueFrom") or {}).get("configMapKeyRef") or {}
            value = maps.get(str(reference.get("name")), {}).get(str(reference.get("key")))
            if value is not None:
                entry["value"] = value
        if isinstance(part, dict) and isinstance(sources, list):
            own = [dict(entry) for entry in _dicts(env)]
            known = {entry.get("name") for entry in own}
            part["env"] = [*(entry for entry in _from(sources, maps) if entry["name"] not in known), *own]


def _from(sources: list[Any], maps: Maps) -> Iterator[dict[str, str]]:
    for source in _dicts(sources):
        found = maps.get(str((source.get("configMapRef") or {}).get("name")), {})
        yield from ({"name": f"{source.get('prefix') or ''}{key}", "value": value} for key, value in found.items())


def _parts(value: Any, depth: int = 0) -> Iterator[dict[str, Any]]:
    """Every mapping inside an object."""
    if depth > DEEPEST:
        return
    if isinstance(value, dict):
        yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        if isinstance(inner, (dict, list)):
            yield from _parts(inner, depth + 1)


def _named(part: Mapping[str, Any]) -> Iterator[str]:
    for field in ("configMap", "configMapRef", "configMapKeyRef"):
        held = part.get(field)
        if isinstance(held, dict) and isinstance(held.get("name"), str):
            yield held["name"]


def _dicts(value: Any) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


class _Text(NamedTuple):
    """One text of one map, as a file."""

    map: str
    key: str
    text: str

    def path(self, number: int) -> str:
        """A name by which the detector tells what it is; a key without a suffix is taken for YAML, which JSON is too."""
        return f"{number}/{self.key if '.' in self.key.strip('.') else self.key + '.yaml'}"


class ConfigMaps:
    """The maps of one namespace, read by the detector once, whoever is handed them."""

    def __init__(self, place: Place, source: str, maps: Maps, detector: Detector) -> None:
        self.place, self.source = place, source
        self.gaps: list[Gap] = []
        self._found: dict[str, list[tuple[_Text, Fact]]] = {}
        texts = {text.path(number): text for number, text in enumerate(self._texts(maps))}
        wanted = ((path, text.text.encode()) for path, text in texts.items() if detector.wanted(path, len(text.text.encode())))
        for path, findings in sorted(detector.detect(wanted), key=lambda told: int(told[0].partition("/")[0])):
            self._keep(texts[path], findings)

    def of(self, key: str, pods: Iterable[Pod]) -> Iterator[Observation]:
        """What the maps of a workload's pods say of it."""
        told = dict.fromkeys(name for pod in pods for name in _handed(pod))
        for text, fact in (each for name in told for each in self._found.get(name, ())):
            if fact.kind == Kind.MODEL and fact.model_id:
                yield from self._model(key, text, fact)
            elif fact.kind == Kind.CREDENTIAL and fact.attributes.get("type") == "leak":
                yield from self._leak(key, text, fact)

    def _texts(self, maps: Maps) -> Iterator[_Text]:
        room = MOST_IN_ALL
        for name, key, text in ((name, key, text) for name, data in sorted(maps.items()) for key, text in sorted(data.items())):
            room -= len(text)
            if len(text) > MOST or room < 0:
                self._gap(name, key, Reason.LIMIT, "over-limit: too much text in the ConfigMaps of one namespace")
            else:
                yield _Text(name, key, text)

    def _keep(self, text: _Text, findings: Findings) -> None:
        self._found.setdefault(text.map, []).extend((text, fact) for fact in findings.facts)
        if findings.unread:
            reason = Reason.LIMIT if findings.unread.startswith("over-limit") else Reason.UNPARSED
            self._gap(text.map, text.key, reason, findings.unread)

    def _gap(self, name: str, key: str, reason: Reason, why: str) -> None:
        self.gaps.append(Gap(self.source, f"{self.place.scope}/configmap/{name}:data[{key}]", reason, f"{name}: {key}: {why}"))

    def _evidence(self, text: _Text, fact: Fact) -> tuple[Evidence, ...]:
        field = f"data[{text.key}]{f':{fact.line}' if fact.line else ''}"
        sure = Confidence.UNRESOLVED if fact.confidence == Confidence.UNRESOLVED else Confidence.INFERRED
        return self.place.evidence("configmap", text.map, field, fact.rule, sure)

    def _model(self, key: str, text: _Text, fact: Fact) -> Iterator[Observation]:
        provider, evidence = fact.provider or "unknown", self._evidence(text, fact)
        target = f"model:{key}:{provider}/{fact.model_id}"
        identifiers = fact.identifiers or identifiers_of(fact.provider, fact.model_id, fact.revision or None)
        about = {"provider": fact.provider, "model_id": fact.model_id, "revision": fact.revision, "context": "production"}
        yield self.place.sighting(target, Kind.MODEL, identifiers, about, evidence)
        yield link(key, Relation.SERVES, target, evidence)

    def _leak(self, key: str, text: _Text, fact: Fact) -> Iterator[Sighting | Any]:
        evidence = self._evidence(text, fact)
        target = f"credential:{self.place.prefix}/configmap/{text.map}:leak/{fact.attributes.get('fingerprint', '')}"
        about = {**fact.attributes, "provider": fact.provider, "name": fact.name, "context": "production"}
        yield self.place.sighting(target, Kind.CREDENTIAL, fact.identifiers, about, evidence)
        yield link(key, Relation.READS, target, evidence)


def _handed(pod: Pod) -> Iterator[str]:
    for container in pod.containers:
        yield from container.config_maps
    for volume in pod.volumes:
        sources = [volume, *_dicts((volume.get("projected") or {}).get("sources"))]
        yield from (name for source in sources for name in _named(source))
