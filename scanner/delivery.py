"""Writes every report that was asked for. One that fails does not take the others with it, and the run then says so."""

from pathlib import Path

from scanner import plugins
from scanner.contracts import Destination, Tools
from scanner.errors import ReportError
from scanner.model import Report
from scanner.request import Request
from scanner.runfile import run_file


def delivered(report: Report, request: Request, tools: Tools) -> tuple[Path, ...]:
    """The files written. Raises ReportError, once all were tried, where one could not be."""
    to = Destination(None if request.stdout else _directory(request.config.output))
    files: list[Path] = []
    failed: list[str] = []
    for plugin in request.config.report:
        try:
            files += plugins.load("reports", plugin.type).reporter(plugin.settings, tools).write(report, to)
        except (ReportError, OSError) as error:
            failed.append(f"{plugin.name}: {error}")
    if failed:
        raise ReportError("; ".join(failed))
    if to.directory is not None:
        files.append(run_file(report.run, report.coverage, files, to.directory))
    return tuple(files)


def _directory(path: Path) -> Path:
    """The directory of the reports, 0700: they are a map for an attacker."""
    try:
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise ReportError(f"{path}: the reports cannot be written there: {error.strerror}") from error
    return path
