"""One sighting for each thing that a repository names in many places."""

from collections.abc import Iterable, Iterator

import msgspec

from scanner.model import Context, Evidence, Gap, Kind, Link, Observation, Sighting

SUMMED = (Kind.MODEL, Kind.SDK, Kind.CREDENTIAL, Kind.DATASET, Kind.IMAGE)
STRENGTH = {
    context.value: rank
    for rank, context in enumerate((Context.PRODUCTION, Context.TEST, Context.EXAMPLE, Context.DOCS, Context.VENDORED, Context.ARCHIVED))
}
PLACES = 200


def summarise(observations: Iterable[Observation | Gap]) -> Iterator[Observation | Gap]:
    """The observations of one repository with one sighting for each asset: its strongest context, the number of its `places`.

    Evidence is kept once for each file, strongest context first, at most PLACES of them. Gaps and links pass, each link once.
    """
    sightings: dict[str, list[Sighting]] = {}
    links: dict[tuple[str, str, str], Link] = {}
    for observation in observations:
        if isinstance(observation, Gap):
            yield observation
        elif isinstance(observation, Link):
            links.setdefault((observation.source, observation.relation, observation.target), observation)
        else:
            sightings.setdefault(observation.asset, []).append(observation)
    for places in sightings.values():
        yield _merged(sorted(places, key=_strength))
    yield from links.values()


def _strength(sighting: Sighting) -> tuple[int, str, int]:
    line = sighting.attributes.get("line")
    context = STRENGTH.get(str(sighting.attributes.get("context")), 0)
    return context, str(sighting.attributes.get("path", "")), line if isinstance(line, int) else 0


def _merged(places: list[Sighting]) -> Sighting:
    first = places[0]
    identifiers = tuple(dict.fromkeys(name for place in places for name in place.identifiers))
    attributes = {name: value for place in reversed(places) for name, value in place.attributes.items()}
    if first.kind in SUMMED:
        attributes["places"] = len(places)
    evidence: dict[str, Evidence] = {}
    for place in places:
        for item in place.evidence:
            evidence.setdefault(item.where.rsplit(":", 1)[0] if item.where.rsplit(":", 1)[-1].isdigit() else item.where, item)
    kept = tuple(evidence.values())[:PLACES]
    return msgspec.structs.replace(first, identifiers=identifiers, attributes=attributes, evidence=kept)
