"""The sign of life that monitoring reads: a file that is written last, and only where a full run did everything. docs/night.md

That a night's run did not happen is seen by the file's age, whatever kept it from running.
"""

from typing import TYPE_CHECKING

import msgspec

from scanner.errors import ReportError
from scanner.request import Request
from scanner.runfile import whole

if TYPE_CHECKING:
    from scanner.pipeline import Outcome

NAME = "heartbeat.json"
READABLE = 0o644


class Heartbeat(msgspec.Struct, frozen=True):
    """What the file holds: times and numbers, no names."""

    run: str
    started: str
    finished: str
    exit: int
    findings: int
    gaps: int
    version: str


def beat(request: Request, outcome: "Outcome", code: int) -> None:
    """Writes the file, where the run was whole and of the config, and all its reports arrived. Raises ReportError."""
    if request.partial or request.stdout or not request.kept or outcome.failed:
        return
    report = outcome.report
    said = Heartbeat(
        report.run.id, report.run.started, report.run.finished, code,
        sum(each.waived_by is None for each in report.findings), len(report.coverage.gaps), report.run.versions.get("gnomon", ""),
    )  # fmt: skip
    path = request.config.heartbeat or request.config.output / NAME
    try:
        whole(path, msgspec.json.encode(said) + b"\n")
        if request.config.heartbeat:
            path.chmod(READABLE)
    except OSError as error:
        raise ReportError(f"{path}: the sign of life cannot be written: {error.strerror}") from error
