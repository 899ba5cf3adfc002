"""The page: one file that opens anywhere, asks no network for anything, and holds its own proof."""

import base64
import gzip
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from markupsafe import Markup, escape
from pydantic import Field

from reports import _inventory, _page, _summary, _text, _words
from reports._coverage import absence, unseen
from reports._facts import Facts
from reports._files import FILE_NAME, deliver
from reports._times import clock
from reports._trend import trend
from scanner.contracts import Destination, PluginSettings, Reporter, Tools
from scanner.coverage.tally import tally
from scanner.model import Report

if TYPE_CHECKING:
    from jinja2 import Environment

TEMPLATES = Path(__file__).parent / "templates"
SCRIPTS = ("packs.js", "lists.js", "page.js")
STYLES = ("page.css", "lists.css", "narrow.css", "print.css")
PACK = 400


class Settings(PluginSettings):
    """[report.html]"""

    file: str = Field(default="report.html", pattern=FILE_NAME, description="the file's name inside the output directory")
    timezone: str = Field(default="", description="IANA name of the zone that times are shown in; empty: the run's")
    inline_rows: int = Field(default=40, ge=1, le=5000, description="rows of each list readable without JavaScript; the others are packed")
    inventory_rows: int = Field(default=2000, ge=0, description="things of the inventory to list; inventory.csv has all")


def reporter(settings: Settings, tools: Tools) -> Reporter:  # noqa: ARG001 - the contract hands tools to every plugin
    """A reporter that writes one self-contained HTML file."""
    return Html(settings)


class Html:
    """Writes the page."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def write(self, report: Report, to: Destination) -> tuple[Path, ...]:
        """Writes one file, or the page to standard output."""
        name = self._settings.file
        return deliver(to, {name: page(report, self._settings)}, alone=name)


def page(report: Report, settings: Settings) -> bytes:
    """The whole page in UTF-8."""
    facts = Facts(report, clock(report.run, settings.timezone))
    lists = _page.listings(facts) if report.judged else ()
    everything = (*lists, _inventory.inventory(facts, settings.inventory_rows))
    environment = _environment(facts)
    script = "\n".join((TEMPLATES / name).read_text("utf-8") for name in SCRIPTS)
    style = "\n".join((TEMPLATES / name).read_text("utf-8") for name in STYLES)
    text = environment.get_template("report.html.j2").render(
        report=report,
        lists=lists,
        inventory=everything[-1],
        worst=_summary.worst_case(report, settings.timezone),
        first=_first(facts) if report.judged else [],
        overdue=_summary.overdue(report, settings.timezone),
        unseen=unseen(report.coverage),
        tally=tally(report.coverage),
        absence=absence(report.coverage),
        choices=_page.choices(everything),
        resolved=_page.resolved(facts),
        sight=_page.sight(facts) if report.judged else (),
        trend=trend(report.trend) if report.judged else (),
        census=_inventory.census(report.assets),
        inline=settings.inline_rows,
        packed=_packed(everything, settings.inline_rows, environment),
        script=script,
        style=style,
        boot=_BOOT,
        policy=_policy((_BOOT, script), style),
    )
    return _text.encoded(text)


_HELD = Markup('<span class="nb">{}</span>')
_BOOT = "document.documentElement.classList.add('js')"


def _first(facts: Facts) -> list[_page.FindingRow]:
    """What to do first: the worst finding of each of the three most pressing pairs of check and record."""
    seen: dict[tuple[str, str], _page.FindingRow] = {}
    for finding in _summary.ranked(facts.report):
        seen.setdefault((finding.check, finding.record or finding.id), _page.finding_row(finding, facts))
        if len(seen) == 3:
            break
    return list(seen.values())


def _packed(lists: Sequence[_page.Listing], inline: int, environment: "Environment") -> tuple[str, list[str]]:
    """The index of all rows, and the HTML of those that are not in the page, in packs of compressed JSON."""
    lines = [line for one in lists for line in _lines(one.rows[inline:], environment)]
    packs = [lines[start : start + PACK] for start in range(0, len(lines), PACK)]
    where = {anchor: number for number, pack in enumerate(packs) for anchor, _ in pack}
    index = [
        {"i": row.anchor, "l": one.id, "s": row.sort, "f": row.facets, "t": row.text, "p": where.get(row.anchor, -1)}
        for one in lists
        for row in one.rows
    ]
    return _squeezed(index), [_squeezed(pack) for pack in packs]


def _lines(rows: Iterable[_page.Row], environment: "Environment") -> Iterator[tuple[str, str]]:
    if rows := list(rows):
        line = environment.get_template("row.html.j2").make_module({}).line  # type: ignore[attr-defined] # a macro of the template
        for row in rows:
            yield row.anchor, str(line(row))


def _squeezed(value: object) -> str:
    """JSON, compressed with no time in it, as base64."""
    return base64.b64encode(gzip.compress(json.dumps(value, separators=(",", ":")).encode(), 6, mtime=0)).decode("ascii")


def _policy(scripts: Iterable[str], style: str) -> str:
    hashes = " ".join(f"'sha256-{_digest(script)}'" for script in scripts)
    allowed = f"script-src {hashes}; style-src 'sha256-{_digest(style)}'; img-src data:"
    return f"default-src 'none'; {allowed}; base-uri 'none'; form-action 'none'"


def _digest(text: str) -> str:
    return base64.b64encode(sha256(text.encode()).digest()).decode("ascii")


def _environment(facts: Facts) -> "Environment":
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    made = Environment(autoescape=True, undefined=StrictUndefined, loader=FileSystemLoader(TEMPLATES), trim_blocks=True, lstrip_blocks=True)
    made.filters |= {"named": named, "unbroken": unbroken, "said": _text.plain, "words": _words.check_words, "short": _words.name_of}
    made.filters |= {"moment": facts.clock.moment, "day": facts.clock.day, "anchor": _page.anchor}
    made.globals |= {"relations": _words.RELATIONS, "kinds": _words.KINDS, "zone": facts.clock.name}
    return made


def unbroken(text: str) -> Markup:
    """Prose in which a short name with hyphens, and a day with its month, stay on one line."""
    parts = re.split(r"(\S*\w-\w\S{0,22})", re.sub(r"(\d) (?=[A-Z][a-z])", "\\1\u00a0", text))
    return Markup().join(_HELD.format(part) if at % 2 and len(part) <= 24 else escape(part) for at, part in enumerate(parts))


def named(text: object, limit: int = 160) -> Markup:
    """Text from outside, held apart from the direction of what stands around it."""
    return Markup("<bdi>{}</bdi>").format(_text.plain(str(text), limit))
