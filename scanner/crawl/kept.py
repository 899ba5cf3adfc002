"""What of an earlier reading is kept, as stale, when a new one did not see all of its unit."""

from collections.abc import Callable, Collection, Iterable, Iterator
from itertools import islice

from scanner.coverage import EXACT, exact
from scanner.model import Gap, Link, Observation, Reason, Sighting
from scanner.store import encode

CHUNK = 5_000
EMPTY = frozenset({Reason.NOT_SERVED})
"""Gaps that hide nothing."""
STABLE = EMPTY | EXACT
"""Gaps that reading the same bytes again would not heal."""


def settles(gaps: Iterable[Gap]) -> bool:
    """Whether a unit with these gaps need not be read again until it changes."""
    return all(gap.reason in STABLE for gap in gaps)


def remainder(old: Iterable[Observation], new: Iterable[Observation], gaps: Collection[Gap], scope: str) -> Iterator[bytes]:
    """The old observations that `gaps` may hide and that the new reading does not have, as chunks."""
    hides = _hiding(gaps, scope)
    again = {_identity(each) for each in new}
    kept = (each for each in old if _identity(each) not in again and hides(each))
    while batch := list(islice(kept, CHUNK)):
        yield encode(batch)


def hides_anything(gaps: Iterable[Gap]) -> bool:
    """Whether any of these gaps may hide what was seen before."""
    return any(gap.reason not in EMPTY for gap in gaps)


def _hiding(gaps: Collection[Gap], scope: str) -> Callable[[Observation], bool]:
    hiding = [gap for gap in gaps if gap.reason not in EMPTY]
    named = [gap.scope[len(scope) :].strip("/#") for gap in hiding if _is_exact(gap) and gap.scope.startswith(scope)]
    if len(named) < len(hiding) or not all(named):
        return lambda _: True
    return lambda each: any(place in proof.where for proof in each.evidence for place in named)


def _is_exact(gap: Gap) -> bool:
    return gap.reason in EXACT or exact(gap.scope)


def _identity(each: Observation) -> tuple[str, ...]:
    return (each.asset,) if isinstance(each, Sighting) else _ends(each)


def _ends(link: Link) -> tuple[str, ...]:
    return link.source, link.relation, link.target
