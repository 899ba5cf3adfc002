"""Numbers for monitoring, in the text format that node_exporter reads from a directory. Names of what was found never stand in it."""

from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import Field

from reports import _delta
from reports._files import FILE_NAME, deliver
from reports._words import SEVERITIES
from scanner.contracts import Destination, PluginSettings, Reporter, Tools
from scanner.coverage.tally import tally
from scanner.model import Report

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry

READABLE = 0o644
Rows = Counter[tuple[str, ...]]
"""Numbers by their labels."""


class Settings(PluginSettings):
    """[report.prometheus]"""

    directory: Path | None = Field(
        default=None,
        description="node_exporter's textfile directory, where the file is readable by all (it holds numbers); empty: the output",
    )
    file: str = Field(default="gnomon.prom", pattern=FILE_NAME, description="the file's name")


def reporter(settings: Settings, tools: Tools) -> Reporter:  # noqa: ARG001 - the contract hands tools to every plugin
    """A reporter that writes one file of metrics."""
    return Prometheus(settings)


class Prometheus:
    """Writes the metrics."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def write(self, report: Report, to: Destination) -> tuple[Path, ...]:
        """Replaces the file at once, so that no reader sees half of it. A partial run leaves the numbers of the last full one."""
        if report.run.partial and to.directory is not None:
            return ()
        elsewhere = self._settings.directory if to.directory is not None else None
        files = {self._settings.file: rendered(report)}
        written = deliver(Destination(elsewhere) if elsewhere else to, files, alone=self._settings.file)
        if elsewhere:
            for path in written:
                path.chmod(READABLE)
        return written


def rendered(report: Report) -> bytes:
    """The metrics of a run (prometheus.io, "Exposition formats")."""
    from prometheus_client import CollectorRegistry, generate_latest

    registry = CollectorRegistry()
    _times(report, registry)
    _places(report, registry)
    _findings(report, registry)
    return generate_latest(registry)


def _times(report: Report, registry: "CollectorRegistry") -> None:
    started, finished = (datetime.fromisoformat(when).timestamp() for when in (report.run.started, report.run.finished))
    _number("last_success_timestamp_seconds", "When the last full run had read and judged everything it could.", finished, registry)
    _number("run_duration_seconds", "How long that run took.", finished - started, registry)
    _number("judged", "1 where a registry was read, so that findings are verdicts.", float(report.judged), registry)


def _places(report: Report, registry: "CollectorRegistry") -> None:
    seen = tally(report.coverage)
    _number("places_read", "Places that were read whole.", seen.read, registry)
    _number("places_total", "Places that there are, as far as they could be listed.", seen.total, registry)
    reasons: Rows = Counter((str(gap.reason),) for gap in report.coverage.gaps)
    _numbers("gaps", "What could not be seen, by reason.", ("reason",), reasons, registry)
    for name, field in (("requests", "Requests"), ("bytes", "Bytes"), ("seconds", "Seconds")):
        values: Rows = Counter({(one.name,): getattr(one, name) for one in report.run.sources})
        _numbers(f"source_{name}", f"{field} that a source took.", ("source",), values, registry)


def _findings(report: Report, registry: "CollectorRegistry") -> None:
    told = _delta.delta(report)
    rows: Rows = Counter((one.check, str(one.severity), "waived" if one.waived_by else "open") for one in report.findings)
    _numbers("findings", "Findings of the last full run.", ("check", "severity", "state"), rows, registry)
    worst: Rows = Counter({(str(severity),): sum(one.severity is severity for one in told.open) for severity in SEVERITIES})
    _numbers("open_findings", "Open findings by severity, those with none too.", ("severity",), worst, registry)
    changes: Rows = Counter({(name,): number for name, number in told.counts().items() if name != "open"})
    _numbers("delta", "What changed since the run before, by part.", ("part",), changes, registry)


def _number(name: str, says: str, value: float, registry: "CollectorRegistry") -> None:
    from prometheus_client import Gauge

    Gauge(f"gnomon_{name}", says, registry=registry).set(value)


def _numbers(name: str, says: str, labels: tuple[str, ...], rows: Rows, registry: "CollectorRegistry") -> None:
    from prometheus_client import Gauge

    gauge = Gauge(f"gnomon_{name}", says, labels, registry=registry)
    for values, number in sorted(rows.items()):
        gauge.labels(*(value.encode("utf-8", "backslashreplace").decode() for value in values)).set(number)
