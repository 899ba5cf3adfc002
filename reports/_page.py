"""What the page shows, made ready for its templates: rows with their words, their sort keys and the text that search looks through."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import chain
from types import MappingProxyType
from typing import NamedTuple

from markupsafe import Markup

from reports import _summary
from reports._coverage import absence
from reports._facts import Facts, connected, place_of
from reports._picture import Step, drawn, steps
from reports._text import plain
from reports._words import SEVERITIES, check_words
from scanner.model import Finding, Link, Record, Status

NO_OWNER = "no owner named"
TEXT = 8000


class Facets(NamedTuple):
    """What the filters choose by."""

    severity: str = ""
    owner: str = ""
    check: str = ""
    status: str = ""
    environment: str = ""


@dataclass(frozen=True)
class Row:
    """One line of a list: `sort` holds one key a column, `text` is what search looks through, in lower case."""

    anchor: str
    facets: Facets
    sort: tuple[int | str, ...]
    text: str = field(repr=False)


@dataclass(frozen=True)
class FindingRow(Row):
    """A finding, with the words of its line and of its proof."""

    finding: Finding
    place: str
    due: str
    overdue: bool
    record: Record | None
    chain: tuple[Link, ...]

    @property
    def picture(self) -> Markup:
        """Its chain, drawn."""
        return drawn(self.chain, self.finding.asset, self.finding.subject)

    @property
    def steps(self) -> tuple[Step, ...]:
        """Its chain, from the repository down to the owner."""
        return steps(self.chain)


@dataclass(frozen=True)
class Listing:
    """One list of the page. `grouped`: its first order is by owner."""

    id: str
    title: str
    says: str
    columns: tuple[str, ...]
    rows: Sequence[Row]
    empty: str
    grouped: bool = False
    waived: int = 0
    news: int = 0
    first_sort: int = 0


_SAYS = {
    "retired": ("Retired but running", "Retired, suspended or rejected in the registry, and still running."),
    "unregistered": ("Unregistered models", "Running, stored or called from code, and in no registry record."),
    "orphaned": ("Orphaned credentials", "Keys that still open something, and that nothing needs any more."),
    "rest": ("Everything else", "Drift, records, exposure, blind spots; by owner, the most pressing first."),
}
_COLUMNS = ("Severity", "Finding", "Owner", "Due", "Status")


def listings(facts: Facts) -> tuple[Listing, ...]:
    """The three lists and the rest."""
    report = facts.report
    three = _summary.lists(report)
    empty = absence(report.coverage)
    doubt = "" if report.registries_whole else " The registry was not read whole, so nothing new is called unregistered."

    def one(name: str, title: str, says: str, findings: Sequence[Finding], nothing: str, grouped: bool = False) -> Listing:
        ranks = _owner_ranks(findings)
        rows = [finding_row(finding, facts, ranks) for finding in findings]
        if grouped:
            rows.sort(key=lambda row: row.sort[2])
        news = sum(_is_news(finding) for finding in findings)
        waived = sum(finding.waived_by is not None for finding in findings)
        return Listing(name, title, says, _COLUMNS, rows, nothing, grouped, waived, news, 2 if grouped else 0)

    return (
        one("retired", *_SAYS["retired"], three.retired, empty),
        one("unregistered", _SAYS["unregistered"][0], _SAYS["unregistered"][1] + doubt, three.unregistered, empty + doubt),
        one("orphaned", *_SAYS["orphaned"], three.orphaned, empty),
        one("rest", *_SAYS["rest"], _summary.rest(report), empty, True),
    )


def _is_news(finding: Finding) -> bool:
    return not finding.waived_by and (finding.status is Status.REOPENED or (finding.status is Status.NEW and not finding.backlog))


def resolved(facts: Facts) -> tuple[FindingRow, ...]:
    """What is gone since the last run; what only our sight lost is not."""
    return tuple(finding_row(finding, facts) for finding in facts.report.resolved if finding.status is not Status.SIGHT_CHANGED)


def sight(facts: Facts) -> tuple[tuple[FindingRow, bool], ...]:
    """What came or went because we see otherwise, worst first, each with whether it is shown now."""
    came = [(one, True) for one in _summary.ranked(facts.report) if one.status is Status.SIGHT_CHANGED]
    went = [(one, False) for one in facts.report.resolved if one.status is Status.SIGHT_CHANGED]
    return tuple((finding_row(one, facts), here) for one, here in (*came, *went))


def choices(lists: Iterable[Listing]) -> dict[str, list[tuple[str, int]]]:
    """What each filter offers, and how many rows have it."""
    numbers: dict[str, Counter[str]] = defaultdict(Counter)
    for row in chain.from_iterable(one.rows for one in lists):
        for name, value in zip(Facets._fields, row.facets, strict=True):
            if value:
                numbers[name][value] += 1
    order = {str(severity): at for at, severity in enumerate(SEVERITIES)}
    return {name: sorted(numbers[name].items(), key=lambda item: (order.get(item[0], 9), item[0])) for name in Facets._fields}


def finding_row(finding: Finding, facts: Facts, ranks: Mapping[str, int] = MappingProxyType({})) -> FindingRow:
    """A finding's line and proof; `ranks` says which owner comes first."""
    owner = _whose(finding)
    status = "waived" if finding.waived_by else str(finding.status)
    days = facts.clock.days_until(finding.due)
    severity = SEVERITIES.index(finding.severity) + (len(SEVERITIES) if finding.waived_by else 0)
    place, links = place_of(facts, finding.asset), connected(facts, finding)
    facets = Facets(str(finding.severity), owner, finding.check, status, _environment(finding, facts))
    return FindingRow(
        anchor(finding.id),
        facets,
        (severity, plain(finding.title, 200).casefold(), ranks.get(owner, 0), finding.due or "9", status),
        _finding_text(finding, place, links),
        finding,
        place,
        facts.clock.due(finding.due),
        days is not None and days < 0 and not finding.waived_by,
        facts.records.get(finding.record or ""),
        links,
    )


def anchor(name: str, *, hashed: bool = False) -> str:
    """A name as the id of an element: itself where it is harmless, else its hash."""
    if re.fullmatch(r"[A-Za-z0-9_.-]{1,80}", name) and not hashed:
        return f"f-{name}"
    return f"x-{sha256(name.encode('utf-8', 'backslashreplace')).hexdigest()[:16]}"


def _whose(finding: Finding) -> str:
    return plain(finding.owner.removeprefix("person:"), 80) if finding.owner else NO_OWNER


def _environment(finding: Finding, facts: Facts) -> str:
    asset = facts.assets.get(finding.asset)
    value = asset.attributes.get("environment") or asset.attributes.get("cluster") or asset.attributes.get("account") if asset else None
    return plain(str(value), 60) if value else "not named"


def _finding_text(finding: Finding, place: str, joined: tuple[Link, ...]) -> str:
    links = chain.from_iterable((link.source, link.target) for link in joined)
    proof = chain(finding.evidence, *(link.evidence for link in joined))
    seen = chain.from_iterable((one.where, one.rule) for one in proof)
    near = chain.from_iterable((one.record, one.name) for one in finding.near_misses)
    told = (finding.id, finding.check, finding.title, finding.asset, finding.subject, finding.record, finding.owner, finding.because)
    parts = (
        *told,
        place,
        finding.remedy,
        finding.waived_by,
        finding.severity,
        finding.status,
        *finding.severity_because,
        *finding.controls,
    )
    return " ".join(filter(None, (*parts, check_words(finding.check), *links, *seen, *near)))[:TEXT].casefold()


def _owner_ranks(findings: Iterable[Finding]) -> dict[str, int]:
    """Whose findings are the most pressing comes first."""
    worst: dict[str, list[int]] = defaultdict(list)
    for one in findings:
        worst[_whose(one)].append(SEVERITIES.index(one.severity) + 9 * (one.waived_by is not None))
    order = sorted(worst, key=lambda owner: (sorted(worst[owner]), owner))
    return {owner: at for at, owner in enumerate(order)}
