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

from scanner.model import Reason, Report, Severity, Sight

if TYPE_CHECKING:
    from scanner.pipeline import Outcome

SHOWN = 6
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
        """One line."""
        print(inert(text), file=sys.stderr, flush=True)

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
def progress(*, quiet: bool) -> Iterator[Watch]:
    """Bars on a terminal, lines in a log, nothing where the report itself goes to standard output."""
    console = Console(stderr=True)
    if quiet:
        yield Silent()
    elif not console.is_terminal:
        yield Lines()
    else:
        columns = (TextColumn("{task.description:24}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        with Progress(*columns, console=console, transient=True) as bars:
            yield Bars(bars)


def summary(outcome: "Outcome") -> None:
    """The minute that a person at a terminal has: what was seen, what was found, where the report lies."""
    console = Console()
    report = outcome.report
    console.print()
    console.print(_seen(report))
    for line in _unseen(report):
        console.print(f"  [yellow]not seen[/] {_safe(line)}", soft_wrap=True)
    console.print(_found(report) if report.judged else _inventory(report))
    if not report.judged:
        console.print("An inventory without verdicts: no registry was given (--registry DIR)")
    for file in _shown(outcome.files):
        console.print(f"[bold]{_safe(str(file))}[/]", soft_wrap=True)


def _seen(report: Report) -> str:
    tops = [scope for scope in report.coverage.scopes if "/" not in scope.path and scope.sight is not Sight.NO_SOURCE]
    read, total = sum(scope.read for scope in tops), sum(scope.total or 0 for scope in tops)
    return f"Read [bold]{read}[/] of [bold]{total}[/] places" + (":" if report.coverage.gaps else "; nothing was left out")


def _unseen(report: Report) -> Iterator[str]:
    gaps = [gap for gap in report.coverage.gaps if gap.reason is not Reason.NO_SOURCE]
    for gap in gaps[:SHOWN]:
        yield f"{gap.scope}: {gap.reason}" + (f", {gap.detail}" if gap.detail else "")
    if len(gaps) > SHOWN:
        yield f"and {len(gaps) - SHOWN} more, on the report's first page"
    platforms = sorted(gap.scope for gap in report.coverage.gaps if gap.reason is Reason.NO_SOURCE)
    if platforms:
        yield f"{len(platforms)} platforms without a source: {', '.join(platforms[:6])}{', …' if len(platforms) > 6 else ''}"


def _found(report: Report) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), title_justify="left")
    for heading in ("severity", "finding", "open", "new"):
        table.add_column(heading, justify="right" if heading in {"open", "new"} else "left")
    open_ones = [finding for finding in report.findings if finding.waived_by is None]
    totals = Counter((finding.severity, finding.check) for finding in open_ones)
    new = Counter((finding.severity, finding.check) for finding in open_ones if finding.status == "new")
    for severity, check in sorted(totals, key=lambda pair: (list(Severity).index(pair[0]), pair[1])):
        table.add_row(f"[{STYLE[severity]}]{severity}[/]", _safe(check), str(totals[severity, check]), str(new[severity, check] or ""))
    if not totals:
        table.add_row("", "no findings", "", "")
    if waived := len(report.findings) - len(open_ones):
        table.add_row("[dim]waived[/]", f"[dim]{waived} waived, in the report with their reasons[/]", "", "")
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
