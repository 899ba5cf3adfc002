"""What a judge asks of the coverage before it dares to say "gone", "retired" or "orphaned"."""

from bisect import bisect_left
from collections.abc import Iterable
from itertools import pairwise

from scanner.coverage import places
from scanner.coverage.places import Can, above, key
from scanner.model import Coverage, Gap, Reason, Scope, Sight

ANYWHERE = "*"
HARMLESS = frozenset({Reason.NOT_SERVED})
"""A place that its platform does not offer holds nothing that could have been missed."""
EXACT = frozenset({Reason.UNPARSED, Reason.LIMIT, Reason.SKIPPED})
"""Gaps that hide only the very file or path they name."""


class Looked:
    """A coverage, indexed: make it once and ask it many times."""

    def __init__(self, coverage: Coverage) -> None:
        self._scopes = {key(scope.path): scope for scope in coverage.scopes}
        self._keys = sorted(self._scopes)
        self._gaps = {key(gap.scope): gap for gap in coverage.gaps if gap.reason not in HARMLESS}
        self._gap_keys = sorted(self._gaps)
        self._reasons = {(key(gap.scope), gap.reason) for gap in coverage.gaps if gap.reason not in HARMLESS}
        self._unread = sorted(self._blind_scopes() | {place for place in self._gaps if not self._in_a_unit(place)})

    def whole(self, scopes: Iterable[str]) -> tuple[bool, list[str]]:
        """Whether every one of these places was read whole in this run, and the places that were not; `*` is anywhere at all.

        A place inside them that could only hold credentials (a repository's settings, Secrets that were not listed) hides no
        model and no workload, so it counts only where it is asked for itself.
        """
        missing = sorted({place for scope in scopes for place in self._missing(scope)})
        return not missing, missing

    def reached(self, scopes: Iterable[str]) -> bool:
        """Whether these places were read whole but for single files that gaps name: good enough to say what was not there."""
        return all(self._but_for_files(place) for scope in scopes for place in self._missing(scope))

    def no_worse(self, before: "Looked", scopes: Iterable[str]) -> bool:
        """Whether nothing is unread in these places that was not unread before as well."""
        return all(
            set(self._missing(scope)) <= set(before._missing(scope)) and self._inside(scope) <= before._inside(scope) for scope in scopes
        )

    def unread(self, can: Can | str) -> list[str]:
        """The places that were not read whole and could run, store or hold something."""
        wanted = Can(can)
        return sorted({self._named(place) for place in self._unread if wanted in self._can(place)})

    def _missing(self, path: str) -> list[str]:
        place = key(path)
        inside = [found for found in (self._unread if path == ANYWHERE else self._under(self._unread, place)) if self._counts(found, place)]
        if inside or path == ANYWHERE:
            return [self._named(found) for found in inside]
        return [] if self._seen(place) else [next((self._named(up) for up in above(path) if up in self._gaps), path)]

    def _counts(self, found: str, asked: str) -> bool:
        """A place that can only hold credentials hides nothing that runs or is stored; asked for by name, it counts."""
        return found == asked or not set(self._can(found)) <= {Can.HOLD}

    def _inside(self, path: str) -> set[tuple[str, Reason]]:
        inside = self._gap_keys if path == ANYWHERE else self._under(self._gap_keys, key(path))
        return {(place, reason) for place in inside for reason in Reason if (place, reason) in self._reasons}

    def _but_for_files(self, path: str) -> bool:
        place = key(path)
        scope = self._scopes.get(place)
        inside = self._inside(path)
        files = bool(inside) and all(reason in EXACT and gap != place for gap, reason in inside)
        return scope is not None and scope.sight is Sight.PARTLY and self._in_a_unit(place) and files

    def _seen(self, place: str) -> bool:
        """Nothing at or below the place is known to be unread. Was all that is there named, though?"""
        below = self._under(self._keys, place)
        return below == [place] or self._complete_above(place) or (not below and self._in_a_unit(place, Sight.READ))

    def _complete_above(self, place: str) -> bool:
        """A complete listing of this place, or of one above it, has named all there is."""
        ups = list(above(place))
        return not any(up in self._gaps for up in ups) and any(self._listed(up) for up in ups)

    def _listed(self, place: str) -> bool:
        scope = self._scopes.get(place)
        return scope is not None and scope.total is not None and places.listed(scope.path)

    def _in_a_unit(self, place: str, sight: Sight | None = None) -> bool:
        """The place is or lies inside a leaf of the tree (of this sight), which is a unit."""
        unit = next((up for up in above(place) if up in self._scopes), None)
        return unit is not None and self._under(self._keys, unit) == [unit] and sight in (None, self._scopes[unit].sight)

    def _blind_scopes(self) -> set[str]:
        """Scopes that were not read, where no scope below says more exactly what was not."""
        blind = [place for place in self._keys if self._scopes[place].sight is not Sight.READ]
        return {place for place, following in pairwise([*blind, ""]) if not following.startswith(place)}

    def _can(self, place: str) -> set[Can]:
        """What may have been missed there; of a unit that was read but for some parts, what those parts could hold."""
        scope = self._scopes.get(place)
        if scope and scope.sight is Sight.NO_SOURCE:
            return set(places.platform_can(scope.path))
        parts = self._under(self._gap_keys, place) if scope and scope.sight is Sight.PARTLY and self._in_a_unit(place) else []
        return {could for part in parts or [place] for could in places.can(part)}

    def _named(self, place: str) -> str:
        named: Scope | Gap | None = self._scopes.get(place) or self._gaps.get(place)
        return named.path if isinstance(named, Scope) else named.scope if named else place.rstrip("/")

    @staticmethod
    def _under(ordered: list[str], place: str) -> list[str]:
        start = bisect_left(ordered, place)
        return ordered[start : bisect_left(ordered, place[:-1] + "0")]  # "0" is what follows "/"


def whole(coverage: Coverage, scopes: Iterable[str]) -> tuple[bool, list[str]]:
    """`Looked(coverage).whole(scopes)`, for one question."""
    return Looked(coverage).whole(scopes)


def unread(coverage: Coverage, can: Can | str) -> list[str]:
    """`Looked(coverage).unread(can)`, for one question."""
    return Looked(coverage).unread(can)
