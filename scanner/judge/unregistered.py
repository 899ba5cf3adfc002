"""A model that nothing matches: one finding per model and owning repository, bucket or workload, not one per line."""

from collections.abc import Iterator

from scanner.judge.case import Case, Verdict
from scanner.judge.tables import cell
from scanner.model import Kind, Link, Observed, Place, Relation, State


class Unregistered:
    """Remembers what was already said, so that many places of one model in one repository are one finding."""

    def __init__(self, case: Case) -> None:
        self._case = case
        self._said: set[tuple[str, str]] = set()

    def verdicts(self, place: Place) -> Iterator[Verdict]:
        """The verdict on a place that no record covers, if it is not said yet."""
        case, running = self._case, place.observed is Observed.RUNNING
        if not running and self._runs(place.subject):
            return
        owner = self._owner(place)
        if (place.subject, owner) in self._said:
            return
        self._said.add((place.subject, owner))
        check = "adapter-drift" if running and self._adapter(place.subject) else cell("none", place.observed.value)
        asset = place.host if running else place.subject
        because = "adapter of a registered base" if check == "adapter-drift" else "no record lists any of its identifiers in scope"
        anchor = owner if owner in case.assets else None
        yield Verdict(check, asset, place.subject, None, because, place.chain, anchor=anchor)

    def _runs(self, subject: str) -> bool:
        """What an unread cluster ran last time is lost from sight, and not judged anew as what merely lies there."""
        return any(place.observed is Observed.RUNNING for place in self._case.at.get(subject, ()))

    def _owner(self, place: Place) -> str:
        """What runs because its repository's code says so is that repository's, however many workloads come from it."""
        if place.observed is Observed.RUNNING and place.chain and place.chain[-1].relation in (Relation.USES, Relation.LOADS):
            source = place.chain[-1].source
            if self._case.assets[source].kind is Kind.REPOSITORY:
                return source
        return place.host

    def _adapter(self, subject: str) -> bool:
        return any(self._registered(link) for link in self._case.graph.out_of(subject, Relation.DERIVES))

    def _registered(self, link: Link) -> bool:
        return any(record.state in (State.APPROVED, State.DEPLOYED) for _, record in self._case.matches(link.target))
