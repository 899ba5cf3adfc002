"""What a person at a terminal, or a log, sees of a run. Everything goes to standard error but the last word."""

import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

from scanner.coverage.tally import tally
from scanner.logs import JsonLines
from scanner.model import Finding, Gap, Reason, Report, Severity

if TYPE_CHECKING:
    from scanner.pipeline import Outcome

SHOWN, FIRST = 6, 3
LOUD = (Severity.CRITICAL, Severity.HIGH)
QUIET = 15.0
"""Seconds between two lines of progress of one source in a log."""
STYLE = {Severity.CRITICAL: "bold red", Severity.HIGH: "red", Severity.MEDIUM: "yellow", Severity.LOW: "cyan", Severity.INFO: "dim"}


def inert(text: str) -> str:
    """Text from outside as a terminal may have it: what would move its cursor, colour it or turn it round is spelled out."""
    return "".join(sign if sign == "\n" or sign.isprintable() else sign.encode("unicode_escape").decode() for sign in text)


def _safe(text: str) -> str:
    return escape(inert(text))


class Watch(Protocol):
    """Who is told how a run goes on."""

    def note(self, text: str) -> None:
        """A stage begins, a wait, a defect. Never content."""
        ...

    def units(self, source: str, done: int, known: int) -> None:
        """So many units of a source are read, of those known so far."""
        ...


class Lines:
    """Plain lines for a log."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._last: dict[str, float] = {}

    def note(self, text: str) -> None:
        """One line, in one write: another process's may come between two."""
        sys.stderr.write(f"{inert(text)}\n")
        sys.stderr.flush()

    def units(self, source: str, done: int, known: int) -> None:
        """A line a quarter of a minute; what a source came to in the end is a note."""
        if self._clock() - self._last.setdefault(source, self._clock()) >= QUIET:
            self._last[source] = self._clock()
            self.note(f"{source}: {done} of {known} so far")


class Silent:
    """Nothing: the caller wants the report alone."""

    def note(self, text: str) -> None:
        """Unheard."""

    def units(self, source: str, done: int, known: int) -> None:
        """Unheard."""


class Bars:
    """Progress bars."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._tasks: dict[str, TaskID] = {}

    def note(self, text: str) -> None:
        """A line above the bars."""
        self._progress.console.print(_safe(text), style="dim")

    def units(self, source: str, done: int, known: int) -> None:
        """Moves the bar of a source."""
        if source not in self._tasks:
            self._tasks[source] = self._progress.add_task(_safe(source), total=known)
        self._progress.update(self._tasks[source], completed=done, total=known)


@contextmanager
def progress(*, quiet: bool, log: str = "text") -> Iterator[Watch]:
    """Bars on a terminal, lines in a log, nothing where the report itself goes to standard output."""
    console = Console(stderr=True)
    if log == "json":
        yield JsonLines()
    elif quiet:
        yield Silent()
    elif not console.is_terminal:
        yield Lines()
    else:
        columns = (TextColumn("{task.description:24}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        with Progress(*columns, console=console, transient=True) as bars:
            yield Bars(bars)


def summary(outcome: "Outcome") -> None:
    """The minute that a person at a terminal has: what was seen, what was found, what to do first, where the report lies."""
    console = Console()
    report = outcome.report
    console.print()
    console.print(_seen(report))
    console.print(_unseen(report))
    console.print()
    console.print(_found(report) if report.judged else _inventory(report))
    if not report.judged:
        console.print("\nAn inventory without verdicts: no registry was given (--registry DIR)")
    elif not report.registries_whole:
        console.print("\n[yellow]The registry was not read whole, so nothing new is called unregistered.[/]")
    worst = [each for each in _open(report) if each.severity in LOUD][:FIRST]
    if worst:
        console.print("\n[bold]First[/]")
        console.print(_first(worst))
    for file in _shown(outcome.files):
        console.print(f"\n[bold]{_safe(str(file))}[/]", soft_wrap=True)


def _seen(report: Report) -> str:
    seen = tally(report.coverage)
    head = f"Read [bold]{seen.read:,}[/] of {'' if seen.known else 'at least '}[bold]{seen.total:,}[/] places"
    if _gaps(report):
        return f"{head}. Not seen:"
    return f"{head}; this run was told to look nowhere else" if report.run.partial else f"{head}; nothing was left out"


def _gaps(report: Report) -> list[Gap]:
    """What a run that was told to look at a part did not look at is no news."""
    return [gap for gap in report.coverage.gaps if gap.reason is not Reason.NO_SOURCE or not report.run.partial]


def _unseen(report: Report) -> Table:
    table = _rows()
    gaps = [gap for gap in _gaps(report) if gap.reason is not Reason.NO_SOURCE]
    for gap in gaps[:SHOWN]:
        table.add_row(f"  [yellow]{gap.reason}[/]", _safe(f"{gap.scope}: {gap.detail}" if gap.detail else gap.scope))
    if len(gaps) > SHOWN:
        table.add_row("", f"and {len(gaps) - SHOWN} more, on the report's first page")
    platforms = sorted(gap.scope for gap in _gaps(report) if gap.reason is Reason.NO_SOURCE)
    if platforms:
        named = f"{', '.join(platforms[:SHOWN])}{', …' if len(platforms) > SHOWN else ''}"
        table.add_row("  [yellow]no-source[/]", f"{len(platforms)} platforms: {_safe(named)}")
    return table


def _found(report: Report) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0))
    for heading in ("severity", "finding", "open", "new"):
        table.add_column(heading, justify="right" if heading in {"open", "new"} else "left")
    found = _open(report)
    totals = Counter((finding.severity, finding.check) for finding in found)
    new = Counter((finding.severity, finding.check) for finding in found if finding.status == "new")
    for severity, check in sorted(totals, key=lambda pair: (list(Severity).index(pair[0]), pair[1])):
        table.add_row(f"[{STYLE[severity]}]{severity}[/]", _safe(check), str(totals[severity, check]), str(new[severity, check] or ""))
    if not totals:
        table.add_row("", "no findings", "", "")
    if waived := len(report.findings) - len(found):
        table.add_row("[dim]waived[/]", f"[dim]{waived} waived, in the report with their reasons[/]", "", "")
    return table


def _first(worst: list[Finding]) -> Table:
    table = _rows()
    for each in worst:
        table.add_row(f"  [{STYLE[each.severity]}]{each.severity}[/]", f"{_safe(each.title)}\n[dim]gnomon explain {_safe(each.id)}[/]")
    return table


def _open(report: Report) -> list[Finding]:
    """Findings that nobody waived, in the report's order: worst first, what is lost from sight last."""
    return [finding for finding in report.findings if finding.waived_by is None]


def _rows() -> Table:
    """A word and what is said of it; the latter is folded under itself, whatever the width."""
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0), pad_edge=False)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    return table


def _inventory(report: Report) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0))
    table.add_column("kind")
    table.add_column("seen", justify="right")
    for kind, count in sorted(Counter(asset.kind for asset in report.assets).items()):
        table.add_row(kind, str(count))
    return table


def _shown(files: tuple[Path, ...]) -> list[Path]:
    return sorted(files, key=lambda file: file.suffix != ".html")[:1]
