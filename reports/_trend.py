"""How the numbers moved: one small line per list over the past runs, each on its own scale from zero, with its last value said."""

from dataclasses import dataclass

from markupsafe import Markup

from reports._summary import ORPHANED, RETIRED, UNREGISTERED
from reports._words import SEVERITIES
from scanner.model import Point

WIDTH, HEIGHT, EDGE = 200, 44, 4


@dataclass(frozen=True)
class Line:
    """One number over time."""

    name: str
    values: tuple[int, ...]
    unit: str
    picture: Markup


def trend(points: tuple[Point, ...]) -> tuple[Line, ...]:
    """The three lists, all other findings, and the share of places read; by severity where the points count severities."""
    if len(points) < 2:
        return ()
    named = [(name, tuple(sum(point.open.get(key, 0) for key in keys) for point in points)) for name, keys in _series(points)]
    seen = tuple(100 * point.read // point.total if point.total else 0 for point in points)
    return (*(_line(name, values, "") for name, values in named), _line("Places read", seen, "%"))


def _series(points: tuple[Point, ...]) -> list[tuple[str, tuple[str, ...]]]:
    keys = sorted({key for point in points for key in point.open})
    if set(keys) <= set(SEVERITIES):
        return [(severity.capitalize(), (severity,)) for severity in SEVERITIES if severity in keys]
    listed = {"Retired but running": RETIRED, "Unregistered models": UNREGISTERED, "Orphaned credentials": ORPHANED}
    others = tuple(key for key in keys if key not in {*RETIRED, *UNREGISTERED, *ORPHANED, *SEVERITIES})
    return [*listed.items(), ("Everything else", others)]


def _line(name: str, values: tuple[int, ...], unit: str) -> Line:
    return Line(name, values, unit, _drawn(name, values, 100 if unit == "%" else max(*values, 1), unit))


def _drawn(name: str, values: tuple[int, ...], top: int, unit: str) -> Markup:
    step = (WIDTH - 2 * EDGE) / (len(values) - 1)
    spots = [(round(EDGE + at * step, 1), round(HEIGHT - EDGE - value / top * (HEIGHT - 2 * EDGE), 1)) for at, value in enumerate(values)]
    line = " ".join(f"{x},{y}" for x, y in spots)
    said = f"{name}: {values[0]:,}{unit} {len(values)} runs ago, {values[-1]:,}{unit} now"
    return Markup(
        '<svg class="spark" viewBox="0 0 {w} {h}" role="img" aria-label="{said}"><path class="base" d="M0 {y}H{w}"/>'
        '<polygon points="{first},{y} {line} {last},{y}"/><polyline points="{line}"/><circle cx="{last}" cy="{end}" r="3"/></svg>'
    ).format(w=WIDTH, h=HEIGHT, said=said, y=HEIGHT - EDGE, first=spots[0][0], last=spots[-1][0], end=spots[-1][1], line=line)
