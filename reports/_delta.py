"""What changed since the run before, and what it asks of whom: the one thing that the morning's mail and the webhook are made of."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from reports import _summary
from reports._facts import Facts
from reports._text import listed, plain
from reports._times import clock
from reports._words import SEVERITIES, check_words, counted
from scanner.model import Finding, Report, Status

ACT = ("new", "reopened", "overdue")
"""What somebody has to do something about; each finding is in one of them only."""
FINDINGS = ("finding", "findings")


@dataclass(frozen=True)
class Delta:
    """What changed. `sight` came or went because we see otherwise; `backlog` was left out of all the others, on somebody's word."""

    facts: Facts
    new: tuple[Finding, ...]
    reopened: tuple[Finding, ...]
    overdue: tuple[Finding, ...]
    lost: tuple[Finding, ...]
    sight: tuple[Finding, ...]
    resolved: tuple[Finding, ...]
    backlog: tuple[Finding, ...]
    missed: tuple[str, ...]

    @cached_property
    def still(self) -> tuple[Finding, ...]:
        """What runs though its record has ended, and is in no other part: it is said every morning."""
        told = {one.id for one in (*self.act, *self.lost, *self.sight)}
        return tuple(one for one in self.open if one.check in _summary.RETIRED and one.id not in told)

    @cached_property
    def act(self) -> tuple[Finding, ...]:
        """New, reopened and overdue, worst first."""
        wanted = {one.id for name in ACT for one in getattr(self, name)}
        return tuple(one for one in self.open if one.id in wanted)

    @cached_property
    def open(self) -> tuple[Finding, ...]:
        """Everything that is not waived, worst first."""
        return _summary.ranked(self.facts.report)

    @property
    def changed(self) -> bool:
        """Whether there is anything to tell but that nothing changed."""
        return bool(self.act or self.lost or self.sight or self.resolved)

    @property
    def first(self) -> bool:
        """Whether there was no full run before."""
        return len(self.facts.report.trend) < 2

    def why(self, finding: Finding) -> str:
        """`new`, `reopened`, `overdue by 4 days`: what puts a finding on this morning's list."""
        late = (self.facts.clock.days_until(finding.due) or 0) < 0
        due = self.facts.clock.due(finding.due)
        status = str(finding.status) if finding.status in (Status.NEW, Status.REOPENED) else ""
        return ", ".join(filter(None, (status, due if late else ""))) or f"open since {self.facts.clock.day(finding.first_seen)}"

    def counts(self) -> dict[str, int]:
        """How many of each."""
        return {name: len(getattr(self, name)) for name in (*ACT, "lost", "sight", "resolved", "backlog", "open")}


def delta(report: Report, every_hours: float = 24) -> Delta:
    """What changed, held against the interval in which runs are wanted."""
    facts = Facts(report, clock(report.run))
    shown = [one for one in _summary.ranked(report) if not _put_by(one)]
    late = {one.id for one in _summary.overdue(report)}
    gone = [one for one in report.resolved if not _put_by(one)]
    fresh = (Status.NEW, Status.REOPENED)
    return Delta(
        facts,
        new=_of(shown, Status.NEW),
        reopened=_of(shown, Status.REOPENED),
        overdue=tuple(one for one in shown if one.id in late and one.status not in (*fresh, Status.LOST, Status.SIGHT_CHANGED)),
        lost=_of(shown, Status.LOST),
        sight=(*_of(shown, Status.SIGHT_CHANGED), *_of(gone, Status.SIGHT_CHANGED)),
        resolved=_of(gone, Status.RESOLVED),
        backlog=tuple(one for one in _summary.ranked(report) if _put_by(one)),
        missed=missed(report, every_hours),
    )


def _put_by(finding: Finding) -> bool:
    """Of the backlog, and not one that stays loud: what is back is news, and what runs though it was retired always is."""
    return finding.backlog and finding.check not in _summary.RETIRED and finding.status is not Status.REOPENED


def _of(findings: Iterable[Finding], status: Status) -> tuple[Finding, ...]:
    return tuple(one for one in findings if one.status is status)


def missed(report: Report, every_hours: float) -> tuple[str, ...]:
    """When full runs should have ended since the one before, and none did. A run may take longer or shorter than another."""
    if len(report.trend) < 2 or report.run.partial:
        return ()
    last, now = (datetime.fromisoformat(point.finished) for point in report.trend[-2:])
    every = timedelta(hours=every_hours)
    return tuple((last + every * number).strftime("%Y-%m-%dT%H:%M:%SZ") for number in range(1, round((now - last) / every)))


def by_owner(findings: Iterable[Finding], queue: str) -> Mapping[str, tuple[Finding, ...]]:
    """Findings by owner, whose are the most pressing first; what has no owner goes to the named queue, and leads among equals."""
    groups: dict[str, list[Finding]] = defaultdict(list)
    for one in findings:
        groups[owner_of(one) or queue].append(one)
    order = sorted(groups, key=lambda name: (SEVERITIES.index(groups[name][0].severity), name != queue, -len(groups[name]), name))
    return {name: tuple(groups[name]) for name in order}


def owner_of(finding: Finding) -> str:
    """Who answers for it; empty where nobody is named."""
    return plain(finding.owner.removeprefix("person:"), 80) if finding.owner else ""


def headline(told: Delta) -> str:
    """The worst in few words, for the subject of a mail: it says what, and how much more there is."""
    if not told.facts.report.judged:
        return "inventory only, no registry was read"
    worst = next(iter((*told.act, *told.still)), None)
    if worst is None:
        return ", ".join(filter(None, (_missed_words(told), _others(told) or f"nothing changed, {_open(told)}")))
    what = f"{check_words(worst.check)}: {_short_name(worst, told.facts)}"
    return "; ".join(filter(None, (what, _others(told) or "nothing new", _missed_words(told))))


def opening(told: Delta) -> str:
    """The first sentence of a mail: the worst of what changed, or that nothing did."""
    if not told.facts.report.judged:
        return _summary.worst_case(told.facts.report)
    if told.act or told.still:
        return _summary.worst_of(told.facts.report, told.act or told.still)
    return (
        f"Nothing to act on since the last run: {_open(told)}." if told.changed else f"Nothing changed since the last run: {_open(told)}."
    )


def tallies(told: Delta) -> list[tuple[str, int]]:
    """The parts that hold something, in the order to read them."""
    words = {"new": "new", "reopened": "reopened", "overdue": "overdue", "lost": "lost from sight", "sight": "sight changed"}
    return [(word, len(getattr(told, name))) for name, word in {**words, "resolved": "resolved"}.items() if getattr(told, name)]


def nights_missed(told: Delta) -> str:
    """`No run ended on 18, 19 and 20 November, when one was due.`; empty where none was missed."""
    if not told.missed:
        return ""
    days = list(dict.fromkeys(told.facts.clock.day(when) for when in told.missed))
    return f"{counted(len(told.missed), ('run', 'runs'))} missed: none ended on {_dates(days)}, when one was due."


def _dates(days: list[str]) -> str:
    """`18, 19 and 20 November`: the month once, where it is the same."""
    months = {day.partition(" ")[2] for day in days}
    return f"{listed([day.partition(' ')[0] for day in days], 7)} {months.pop()}" if len(months) == 1 else listed(days, 7)


def backlog_words(told: Delta) -> str:
    """What the baseline keeps out of this, on whose word; empty where there is none."""
    if (set_ := told.facts.report.baseline) is None:
        return ""
    day = told.facts.clock.day
    who = f"dated {day(set_.until)} by {plain(set_.by, 60)}"
    gone = sum(one.backlog and one.status is Status.RESOLVED for one in told.facts.report.resolved)
    since = f", {gone:,} of it resolved since the last run" if gone else ""
    return f"Backlog ({who}): {counted(len(told.backlog), FINDINGS)} still open{since}. In the report, not in this list."


def _open(told: Delta) -> str:
    worst = [one for one in told.open if one.severity == SEVERITIES[0]]
    return f"{len(told.open):,} open" + (f" ({len(worst):,} critical)" if worst else "")


def _others(told: Delta) -> str:
    """What is to act on; where that is nothing, what else changed."""
    pressing = [(word, number) for word, number in tallies(told) if word in ACT]
    return ", ".join(f"{number:,} {word}" for word, number in pressing or tallies(told))


def _missed_words(told: Delta) -> str:
    return f"{counted(len(told.missed), ('run', 'runs'))} missed" if told.missed else ""


def _short_name(finding: Finding, facts: Facts) -> str:
    record = facts.records.get(finding.record or "")
    return plain(" ".join(filter(None, (record.name, record.version))), 40) if record else plain(_summary.thing(finding, facts), 40)
