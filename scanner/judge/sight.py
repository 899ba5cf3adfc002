"""What could not be seen, as findings of its own."""

from collections.abc import Iterable, Iterator

from scanner.judge.case import Case, Verdict
from scanner.model import Gap, Reason, Sight

QUIET = frozenset({Reason.NOT_SERVED, Reason.SKIPPED, Reason.NO_SOURCE})
"""Chosen or without meaning: they stand in the coverage, and open no finding."""


def blind_spots(case: Case) -> Iterator[Verdict]:
    """One finding for each scope that should have been read and was not."""
    scopes = {gap.scope: gap for gap in case.coverage.gaps if gap.reason not in QUIET and not _readable_record(gap)}
    for path, gap in sorted(scopes.items()):
        detail = gap.reason.replace("-", " ") + (f" ({gap.remedy})" if gap.remedy else "")
        yield Verdict("blind-spot", path, because=gap.detail, detail=detail)
    for scope in case.coverage.scopes:
        if scope.sight in (Sight.DENIED, Sight.THROTTLED) and scope.path not in scopes and not _under(scope.path, scopes):
            yield Verdict("blind-spot", scope.path, because=scope.detail, detail=str(scope.sight))


def _readable_record(gap: Gap) -> bool:
    """A record with faults that still matches: `incomplete-record` says so."""
    return gap.scope.startswith("registry/") and gap.reason is Reason.PARTIAL


def _under(path: str, scopes: Iterable[str]) -> bool:
    return any(other.startswith((path + "/", path + "#")) or path.startswith((other + "/", other + "#")) for other in scopes)
