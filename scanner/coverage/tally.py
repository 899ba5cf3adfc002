"""How much was read of what there is: one sum, for the terminal, the trend and every report."""

import msgspec

from scanner.model import Coverage, Scope, Sight


class Tally(msgspec.Struct, frozen=True):
    """How much was read: `known` False where a listing failed, so that `total` is a least number."""

    read: int
    total: int
    known: bool

    @property
    def share(self) -> str:
        """Percent, never rounded up to 100."""
        return f"{100 * self.read // self.total}%" if self.total else "0%"


def tally(coverage: Coverage) -> Tally:
    """The roots of the tree, summed. A platform that no source reads has no places to count."""
    scopes = [scope for scope in coverage.scopes if scope.sight is not Sight.NO_SOURCE]
    paths = {scope.path for scope in scopes}
    tops = _tops([scope for scope in scopes if not any(up in paths for up in _above(scope.path))], scopes)
    return Tally(sum(top.read for top in tops), sum(top.total or 0 for top in tops), all(scope.total is not None for scope in scopes))


def _tops(tops: list[Scope], scopes: list[Scope]) -> list[Scope]:
    """The scopes to count: one whose total is unknown is counted by its children, where it has any."""
    counted: list[Scope] = []
    for top in tops:
        below = [scope for scope in scopes if scope.path.rpartition("/")[0] == top.path] if top.total is None else []
        counted += _tops(below, scopes) if below else [top]
    return counted


def _above(path: str) -> list[str]:
    return [path[:at] for at in range(len(path)) if path[at] == "/"]
