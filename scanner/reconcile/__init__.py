"""Assets and registry records to matches, the surest matcher first. A name that merely looks alike never matches. docs/matching.md"""

from collections.abc import Iterable, Mapping

from scanner.bulk import uncollected
from scanner.model import Derived, Inventory, Match, Place, Record
from scanner.reconcile.hosts import of_hosts
from scanner.reconcile.index import Index
from scanner.reconcile.matchers import candidate, matches_of


@uncollected
def reconcile(
    inventory: Inventory, derived: Derived, records: Iterable[Record], linked: Mapping[str, tuple[str, ...]] | None = None
) -> list[Match]:
    """Every match of a subject, or of a host, with a record. `linked`: by record id, the identifiers that a person approved for it."""
    index = Index(records, linked or {})
    found: list[Match] = []
    subjects = _by_subject(derived)
    for subject in sorted(subjects):
        sure = index.surest(inventory.assets[subject])
        if sure is None:
            sure = list(matches_of(candidate(inventory, subject, subjects[subject], index), index))
        found += sure if len(sure) < 2 else _once(sure)
    hosted = (match for match in of_hosts(inventory, derived, index) if match.asset not in subjects)
    return [*found, *{(match.asset, match.record): match for match in hosted}.values()]


def _once(matches: Iterable[Match]) -> Iterable[Match]:
    """The first match with each record."""
    by_record: dict[str, Match] = {}
    for match in matches:
        by_record.setdefault(match.record, match)
    return by_record.values()


def _by_subject(derived: Derived) -> dict[str, list[Place]]:
    subjects: dict[str, list[Place]] = {}
    for place in derived.places:
        known = subjects.get(place.subject)
        if known is None:
            subjects[place.subject] = [place]
        else:
            known.append(place)
    for key in derived.ai:
        if key.startswith("agent:"):
            subjects.setdefault(key, [])
    return subjects


__all__ = ["reconcile"]
