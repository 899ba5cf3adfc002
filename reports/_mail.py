"""The morning's mail in words: one view of what changed, made into a part for every mail program and a part for those who read text."""

import textwrap
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from markupsafe import Markup

from reports import _coverage, _delta
from reports._delta import FINDINGS, Delta
from reports._facts import place_of
from reports._page import anchor
from reports._text import plain
from reports._words import counted
from scanner.coverage.tally import tally
from scanner.model import Finding

COLUMNS = 76
NOBODY = "no owner named"
"""The queue's name where the config gives none."""
TEMPLATES = Path(__file__).parent / "templates"
_QUIET = 4
"""A part that asks for nothing shows a fourth of what the list shows."""


class Line(NamedTuple):
    """One finding, as the mail says it. `url` is where the report opens it; empty where nobody said where the report lies."""

    id: str
    severity: str
    title: str
    place: str
    owner: str
    why: str
    remedy: str
    url: str


class Part(NamedTuple):
    """Some findings under one heading; `hidden` more are in the report."""

    title: str
    says: str
    lines: tuple[Line, ...]
    hidden: int


class Morning(NamedTuple):
    """All that a mail says."""

    organisation: str
    when: str
    subject: str
    opening: str
    tallies: tuple[tuple[str, int], ...]
    warnings: tuple[str, ...]
    owners: tuple[Part, ...]
    hidden: str
    parts: tuple[Part, ...]
    closing: tuple[str, ...]
    report_url: str
    footer: str


class Wanted(NamedTuple):
    """What the config says of a mail's content."""

    queue: str
    most: int
    report_url: str
    report_name: str


def morning(told: Delta, wanted: Wanted) -> Morning:
    """What is to be said."""
    run, clock = told.facts.report.run, told.facts.clock
    listed = sorted((*told.act, *told.still), key=told.open.index)
    shown = listed[: wanted.most]
    organisation = plain(run.organisation, 60)
    return Morning(
        organisation=organisation,
        when=clock.moment(run.finished),
        subject=" - ".join(filter(None, (_delta.headline(told), f"Gnomon {organisation}".strip()))),
        opening=_delta.opening(told),
        tallies=tuple(_delta.tallies(told)),
        warnings=tuple(_warnings(told)),
        owners=tuple(_owners(told, shown, wanted)),
        hidden=_hidden(len(listed) - len(shown), wanted),
        parts=tuple(_parts(told, wanted)),
        closing=tuple(_closing(told, wanted)),
        report_url=wanted.report_url,
        footer=f"Run {plain(run.id, 60)}. Times in {clock.name}. Gnomon {plain(run.versions.get('gnomon', ''), 20)} only lists and reads.",
    )


def _warnings(told: Delta) -> Iterator[str]:
    report = told.facts.report
    if not report.judged:
        yield "No governance registry was read: this is an inventory without verdicts."
    if report.run.partial:
        yield "A partial run: it looked at a part of the estate, and resolves nothing outside it."
    yield from (
        f"The registry was not read whole ({one.why}): {one.names[0]}." for one in _coverage.unseen(report.coverage) if one.of_the_registry
    )
    if told.missed:
        yield _delta.nights_missed(told)
    if told.first:
        yield "This is the first run, so everything is new. gnomon baseline makes it the backlog."
    blind = [one for one in _coverage.unseen(report.coverage) if one.count]
    if blind or not tally(report.coverage).read:
        yield _coverage.coverage_sentence(report.coverage)


def _owners(told: Delta, shown: Sequence[Finding], wanted: Wanted) -> Iterator[Part]:
    for owner, findings in _delta.by_owner(shown, wanted.queue).items():
        named = owner != wanted.queue or _delta.owner_of(findings[0]) or owner == NOBODY
        nobody = "" if named else "nobody is named as owner"
        yield Part(owner, nobody, tuple(_line(one, told, wanted) for one in findings), 0)


def _parts(told: Delta, wanted: Wanted) -> Iterator[Part]:
    rows = {
        "Lost from sight": (told.lost, "Not shown, but their places were not read as well as before: they count as open."),
        "Sight changed": (told.sight, "Came or went because the catalogue, the rules, the config or a permission changed, not the estate."),
        "Resolved": (told.resolved, "No longer there, and we looked as well as when they were found."),
    }
    most = max(wanted.most // _QUIET, 1)
    for title, (findings, says) in rows.items():
        if findings:
            lines = tuple(_line(one, told, wanted) for one in findings[:most])
            yield Part(title, says, lines, len(findings) - len(lines))


def _line(one: Finding, told: Delta, wanted: Wanted) -> Line:
    gone = one.id in {each.id for each in told.facts.report.resolved}
    url = f"{wanted.report_url}#{anchor(one.id)}" if wanted.report_url and not gone else ""
    why = f"first seen {told.facts.clock.day(one.first_seen)}" if gone else told.why(one)
    remedy = "" if gone else plain(one.remedy, 240)
    owner, place = _delta.owner_of(one) or wanted.queue, place_of(told.facts, one.asset)
    return Line(plain(one.id, 60), str(one.severity), plain(one.title, 160), place, owner, why, remedy, url)


def _hidden(number: int, wanted: Wanted) -> str:
    return f"And {counted(number, ('more finding', 'more findings'))} to act on, in {_where(wanted)}." if number else ""


def _closing(told: Delta, wanted: Wanted) -> Iterator[str]:
    report = told.facts.report
    waived = sum(one.waived_by is not None for one in report.findings)
    if report.judged:
        yield f"Open in all: {counted(len(told.open), FINDINGS)}" + (f", and {waived:,} waived." if waived else ".")
    if words := _delta.backlog_words(told):
        yield words
    if not any(one.count for one in _coverage.unseen(report.coverage)):
        yield _coverage.coverage_sentence(report.coverage)
    yield f"Each finding with its proof: gnomon explain ID, or {_where(wanted)}"


def _where(wanted: Wanted) -> str:
    return wanted.report_url or f"the report ({wanted.report_name})"


def as_html(said: Morning) -> str:
    """The part with colours, its styles inlined: mail programs drop style sheets."""
    import css_inline
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    made = Environment(autoescape=True, undefined=StrictUndefined, loader=FileSystemLoader(TEMPLATES), trim_blocks=True, lstrip_blocks=True)
    made.filters["held"] = lambda text: Markup("<bdi>{}</bdi>").format(text)
    style = (TEMPLATES / "mail.css").read_text("utf-8")
    page = made.get_template("mail.html.j2").render(said=said, style=style)
    return str(css_inline.CSSInliner(load_remote_stylesheets=False).inline(page))


def as_text(said: Morning) -> str:
    """The part for those who read text: nothing but an address is wider than 76 columns."""
    return "\n".join(_text(said)).rstrip() + "\n"


def _text(said: Morning) -> Iterator[str]:
    head = f"GNOMON  {said.organisation}".rstrip()
    yield head + said.when.rjust(COLUMNS - len(head)) if len(head) + len(said.when) < COLUMNS - 2 else f"{head}\n{said.when}"
    yield "=" * COLUMNS
    yield from ("", *_wrapped(said.opening))
    if said.tallies:
        yield from ("", *_wrapped("   ".join(f"{number:,} {word}" for word, number in said.tallies)))
    if said.warnings:
        yield ""
        for warning in said.warnings:
            yield from _wrapped(warning, "! ", "  ")
    if said.owners:
        yield from _heading("To act on, by owner")
        for part in said.owners:
            yield from _owner(part)
        yield from _wrapped(said.hidden)
    for part in said.parts:
        yield from _heading(part.title)
        yield from _wrapped(part.says)
        yield from (row for line in part.lines for row in ("", *_quiet(line)))
        if part.hidden:
            yield from ("", f"  and {part.hidden:,} more, in the report")
        yield ""
    yield from (() if said.owners or said.parts else ("",))
    yield "-" * COLUMNS
    for sentence in said.closing:
        yield from _wrapped(sentence, "", "  ")
    yield from ("", *_wrapped(said.footer))


def _heading(title: str) -> Iterator[str]:
    yield from ("", title.upper(), "-" * COLUMNS)


def _owner(part: Part) -> Iterator[str]:
    yield from _wrapped(f"{part.title}  ({part.says})" if part.says else part.title)
    for line in part.lines:
        yield ""
        yield from _wrapped(f"{line.severity.upper():<9} {line.title}", "  ", " " * 12)
        yield from _wrapped(f"{line.why} - {line.place}" if line.place else line.why, " " * 12, " " * 12)
        if line.remedy:
            yield from _wrapped(line.remedy, " " * 10 + "> ", " " * 12)
        yield f"{'':12}{line.url or line.id}"
    yield ""


def _quiet(line: Line) -> Iterator[str]:
    yield from _wrapped(f"{line.severity.upper():<9} {line.title}", "  ", " " * 12)
    yield from _wrapped(" - ".join(filter(None, (line.owner, line.place, line.id))), " " * 12, " " * 12)


def _wrapped(text: str, first: str = "", later: str = "") -> list[str]:
    return textwrap.wrap(text, COLUMNS, initial_indent=first, subsequent_indent=later, break_on_hyphens=False, drop_whitespace=True)
