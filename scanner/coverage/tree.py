"""Units read and gaps met, made into the coverage tree with its denominators."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping

import msgspec

from scanner.coverage.places import Platform, ancestors, listed, platforms
from scanner.model import Coverage, Gap, Reason, Scope, Sight

SIGHTS = {
    Reason.DENIED: Sight.DENIED,
    Reason.THROTTLED: Sight.THROTTLED,
    Reason.SKIPPED: Sight.SKIPPED,
    Reason.NO_SOURCE: Sight.NO_SOURCE,
    Reason.NOT_SERVED: Sight.READ,
}
"""How a place is seen that has this gap; UNREAD for any other reason."""


class Told(msgspec.Struct, frozen=True):
    """How one unit went. A unit that is proved gone is READ and `gone`: its place was looked at, and nothing is there."""

    source: str
    scope: str
    sight: Sight
    detail: str = ""
    gone: bool = False


class _Node:
    """What stands at or below one path."""

    def __init__(self) -> None:
        self.sources: set[str] = set()
        self.sights: set[Sight] = set()
        self.read = 0
        self.total = 0
        self.details: set[str] = set()
        self.incomplete = False

    def scope(self, path: str) -> Scope:
        total = None if self.incomplete else self.total
        detail = "; ".join(sorted(filter(None, self.details))[:3])
        return Scope(path, ", ".join(sorted(self.sources)), _together(self.sights), self.read, total, detail)


def build(told: Iterable[Told], gaps: Iterable[Gap], types: Collection[str], not_used: Collection[str]) -> Coverage:
    """The tree over what every unit told and every gap met; `types` are the types of all configured sources."""
    units = _units(told)
    kept = sorted(set(gaps), key=_order)
    for gap in kept:
        _place(units, gap)
    nodes = _fold(units)
    for platform in _without_source(set(types), set(not_used)):
        if platform.name not in nodes:
            nodes[platform.name] = _blind(platform.what)
        kept.append(_no_source(platform.name, platform.what))
    return Coverage(tuple(nodes[path].scope(path) for path in sorted(nodes)), tuple(sorted(kept, key=_order)))


def unknown_platforms(names: Iterable[str]) -> list[str]:
    """Those of `not_used` that the table does not know."""
    known = {platform.name for platform in platforms()} | {platform.group for platform in platforms()}
    return [name for name in names if name not in known]


def sight_of(reason: Reason) -> Sight:
    """How a place is seen that has a gap of this reason."""
    return SIGHTS.get(reason, Sight.UNREAD)


def _units(told: Iterable[Told]) -> dict[str, _Node]:
    nodes: dict[str, _Node] = defaultdict(_Node)
    for unit in told:
        node = nodes[unit.scope]
        node.sources.add(unit.source)
        node.sights.add(unit.sight)
        node.total += not unit.gone
        node.read += unit.sight in (Sight.READ, Sight.PARTLY) and not unit.gone
        node.details.add(unit.detail)
    return nodes


def _place(units: dict[str, _Node], gap: Gap) -> None:
    """A gap inside a unit makes it partly read; any other is a place of its own that was not read."""
    if gap.reason is Reason.NOT_SERVED:
        return
    unit = units.get(gap.scope) or next((units[up] for up in _above(gap.scope) if up in units and not units[up].incomplete), None)
    if unit is None:
        _add_unread(units[gap.scope], gap)
    elif Sight.READ in unit.sights:
        unit.sights.add(Sight.PARTLY)
    if unit is not None:
        unit.details.add(gap.detail)


def _above(path: str) -> Iterable[str]:
    yield from (path[:at] for at in range(len(path) - 1, 0, -1) if path[at] in "/#")


def _add_unread(node: _Node, gap: Gap) -> None:
    node.sources.add(gap.source)
    node.sights.add(sight_of(gap.reason))
    node.details.add(gap.detail)
    node.total += 1
    node.incomplete = gap.reason is not Reason.SKIPPED or listed(gap.scope)


def _fold(units: Mapping[str, _Node]) -> dict[str, _Node]:
    nodes: dict[str, _Node] = defaultdict(_Node)
    for path, unit in units.items():
        nodes[path].details |= unit.details
        nodes[path].incomplete |= unit.incomplete
        for place in (path, *ancestors(path)):
            _merge(nodes[place], unit)
    return nodes


def _merge(node: _Node, unit: _Node) -> None:
    node.sources |= unit.sources
    node.sights |= unit.sights
    node.read += unit.read
    node.total += unit.total


def _together(sights: set[Sight]) -> Sight:
    if len(sights) == 1:
        return next(iter(sights))
    return Sight.PARTLY if sights & {Sight.READ, Sight.PARTLY} else Sight.UNREAD


def _without_source(types: set[str], not_used: set[str]) -> Iterator[Platform]:
    for platform in platforms():
        if types.isdisjoint(platform.covered_by) and not_used.isdisjoint({platform.name, platform.group}):
            yield platform


def _blind(what: str) -> _Node:
    node = _Node()
    node.sights.add(Sight.NO_SOURCE)
    node.details.add(what)
    node.incomplete = True
    return node


def _no_source(name: str, what: str) -> Gap:
    remedy = f'add a [[source]] that reads it; if the organisation does not use it, say so: [organisation] not_used = ["{name}"]'
    return Gap("", name, Reason.NO_SOURCE, f"nothing reads {what}", remedy)


def _order(gap: Gap) -> tuple[str, str, str, str]:
    return gap.scope, gap.reason, gap.source, gap.detail
