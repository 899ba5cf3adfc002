"""A finding's chain as a picture: one thing a row, from the repository down to the owner, joined by a rail; what is not next
to each other is joined by an arc beside it. It is as wide as a phone, so it is the same picture on every screen and on paper."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain

from markupsafe import Markup, escape

from reports._text import plain
from reports._words import KINDS, RELATIONS, kind_of, name_of
from scanner.model import Kind, Link

ORDER = (
    Kind.REPOSITORY,
    Kind.DEPLOYMENT,
    Kind.DATASET,
    Kind.SDK,
    Kind.ARTIFACT,
    Kind.MODEL,
    Kind.IMAGE,
    Kind.WORKLOAD,
    Kind.AGENT,
    Kind.ENDPOINT,
    Kind.IDENTITY,
    Kind.CREDENTIAL,
    Kind.PERSON,
)
WIDTH, ROW, LANE, NAME = 372, 48, 11, 38
_WORD = {kind: singular for kind, (singular, _) in KINDS.items()}


_ARC = Markup('<path class="rail arc" d="M{0} {1}H{5}Q{2} {1} {2} {6}V{7}Q{2} {3} {5} {3}H{4}"/><path class="tip" d="M{4} {3}l-6-3.5v7z"/>')
_DISC = Markup('<circle cx="{}" cy="{}" r="10.5"/><use href="#k-{}" x="{}" y="{}" width="14" height="14"/>')
_LABEL = Markup('<text class="what" x="{0}" y="{1}">{2}</text><text class="name" x="{0}" y="{3}"><title>{4}</title>{5}</text>')


@dataclass(frozen=True)
class Step:
    """One row: a thing, and what joins it to the things above it."""

    key: str
    kind: Kind | None
    joined: tuple[tuple[str, str], ...]

    @property
    def word(self) -> str:
        """What it is."""
        return _WORD[self.kind] if self.kind else "place"

    @property
    def said(self) -> str:
        """`image, built by acme/fraud`."""
        return ", ".join([self.word, *(f"{word} {plain(name_of(other), 30)}" for word, other in self.joined)])


def steps(links: Iterable[Link]) -> tuple[Step, ...]:
    """The things of a chain from the repository down to the owner."""
    links = tuple(links)
    keys = sorted(dict.fromkeys(chain.from_iterable((link.source, link.target) for link in links)), key=_rank)
    row = {key: at for at, key in enumerate(keys)}
    return tuple(Step(key, kind_of(key), tuple(_joined(key, links, row))) for key in keys)


def drawn(links: Iterable[Link], place: str, subject: str | None) -> Markup:
    """The picture as an inline SVG; `place` and `subject` are the rows the finding is about. Empty without links."""
    rows = steps(links)
    if not rows:
        return Markup()
    at = {step.key: row for row, step in enumerate(rows)}
    arcs = _lanes([(at[other], at[step.key]) for step in rows for _, other in step.joined])
    left = 14 + (6 + LANE * deepest if (deepest := max(arcs.values(), default=0)) else 0)
    body = [_band(at[place], left)] if place in at else []
    body += [_edge(edge, lane, left) for edge, lane in arcs.items()]
    body += [_node(step, row, left, {subject or "": "subject", place: "place"}.get(step.key, "")) for row, step in enumerate(rows)]
    said = "; ".join(f"{plain(name_of(step.key), 60)} ({step.said})" for step in rows)
    height = ROW * len(rows)
    return Markup('<svg class="chain" viewBox="0 0 {} {}" role="img" aria-label="{}">{}</svg>').format(
        WIDTH, height, f"From the repository to the owner: {said}", Markup().join(body)
    )


def _rank(key: str) -> int:
    kind = kind_of(key)
    return ORDER.index(kind) if kind else ORDER.index(Kind.ENDPOINT)


def _joined(key: str, links: tuple[Link, ...], row: dict[str, int]) -> Iterable[tuple[str, str]]:
    for link in links:
        active, passive = RELATIONS[link.relation]
        if link.source == key and row[link.target] < row[key]:
            yield active, link.target
        if link.target == key and row[link.source] < row[key]:
            yield passive, link.source


def _lanes(edges: list[tuple[int, int]]) -> dict[tuple[int, int], int]:
    """Lane 0 for neighbours; each arc takes the innermost lane that is free over all its rows."""
    lanes: dict[tuple[int, int], int] = {}
    for edge in sorted(set(edges), key=lambda one: (one[1] - one[0], one)):
        if edge[1] - edge[0] == 1:
            lanes[edge] = 0
            continue
        taken = {lane for other, lane in lanes.items() if lane and other[0] < edge[1] and edge[0] < other[1]}
        lanes[edge] = next(lane for lane in range(1, len(edges) + 2) if lane not in taken)
    return lanes


def _edge(edge: tuple[int, int], lane: int, left: int) -> Markup:
    top, bottom = (ROW * row + ROW // 2 for row in edge)
    if not lane:
        return Markup('<path class="rail" d="M{0} {1}V{2}"/><path class="tip" d="M{0} {2}l-3.5-6h7z"/>').format(left, top + 10, bottom - 11)
    out = left - 8 - LANE * lane
    return _ARC.format(left - 10, top + 3, out, bottom - 3, left - 11, out + 6, top + 9, bottom - 9)


def _band(row: int, left: int) -> Markup:
    return Markup('<rect class="band" x="{}" y="{}" width="{}" height="42" rx="7"/>').format(left - 14, ROW * row + 3, WIDTH - left + 14)


def _node(step: Step, row: int, left: int, role: str) -> Markup:
    middle = ROW * row + ROW // 2
    drawn_ = _DISC.format(left, middle, step.kind or "place", left - 7, middle - 7)
    return Markup('<g class="node {}">{}{}</g>').format(role, drawn_, _words(step, role, left + 20, middle))


def _words(step: Step, role: str, x: int, middle: int) -> Markup:
    return _LABEL.format(x, middle - 4, _what(step, role), middle + 13, plain(step.key, 400), plain(name_of(step.key), NAME))


def _what(step: Step, role: str) -> Markup:
    here = {"place": " · here", "subject": " · the model"}.get(role, "")
    told = ", ".join(f"{word} {plain(name_of(other).rpartition('/')[2], 22)}" for word, other in step.joined[:2])
    return escape(plain(f"{step.word}{here}{' · ' + told if told else ''}", 62))
