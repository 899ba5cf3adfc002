"""`--log json`: a run as one JSON object a line on standard error, for those who collect logs. Fields are only added."""

import sys
import time
from typing import TYPE_CHECKING

import msgspec

from scanner.tools import now

if TYPE_CHECKING:
    from scanner.pipeline import Outcome

QUIET = 15.0
"""Seconds between two lines of progress of one source."""


def line(event: str, level: str = "info", **fields: object) -> None:
    """One line. No text can break it: JSON spells out what would end it."""
    told = {"time": now(), "level": level, "event": event, **fields}
    sys.stderr.write(f"{msgspec.json.encode(msgspec.to_builtins(_readable(told))).decode()}\n")
    sys.stderr.flush()


class JsonLines:
    """Who watches a run for a collector of logs."""

    def __init__(self) -> None:
        self._said: dict[str, float] = {}

    def note(self, text: str) -> None:
        """A stage begins, a wait, a defect."""
        line("note", message=text)

    def units(self, source: str, done: int, known: int) -> None:
        """A line when a source is done, and now and then before."""
        at = time.monotonic()
        if done >= known or at - self._said.get(source, -QUIET) >= QUIET:
            self._said[source] = at
            line("units", source=source, done=done, known=known)


def finished(outcome: "Outcome", code: int) -> None:
    """The last line of a run: what it came to, what it could not deliver, and its exit code."""
    report = outcome.report
    waived = sum(each.waived_by is not None for each in report.findings)
    for each in outcome.failed:
        line("report-failed", "error", message=each)
    line(
        "finished",
        run=report.run.id,
        started=report.run.started,
        finished=report.run.finished,
        partial=report.run.partial,
        judged=report.judged,
        findings=len(report.findings) - waived,
        waived=waived,
        new=sum(each.status == "new" for each in report.findings),
        resolved=sum(each.status == "resolved" for each in report.resolved),
        gaps=len(report.coverage.gaps),
        files=[str(file) for file in outcome.files],
        exit=code,
    )


def _readable(told: dict[str, object]) -> dict[str, object]:
    """Lone surrogates, as a path that is not UTF-8 leaves them, spelled out."""
    return {name: value.encode("utf-8", "backslashreplace").decode() if isinstance(value, str) else value for name, value in told.items()}
