"""Writes every report that was asked for. One that fails does not take the others with it, and the run then says so."""

import os
import tempfile
from pathlib import Path

import msgspec

from scanner import plugins
from scanner.contracts import Destination, Reporter, Tools
from scanner.errors import ReportError, Undelivered
from scanner.model import Report
from scanner.request import Request
from scanner.runfile import run_file


class Delivered(msgspec.Struct, frozen=True):
    """The files written, and what is to be said of reports that could not be."""

    files: tuple[Path, ...]
    failed: tuple[str, ...]


def ready(request: Request) -> None:
    """Raises ReportError where the reports could not be written: better told now than after the estate was read."""
    if request.stdout:
        return
    directory = _directory(request.config.output)
    try:
        handle, name = tempfile.mkstemp(dir=directory, prefix=".ready-")
        os.close(handle)
        Path(name).unlink()
    except OSError as error:
        raise _unwritable(directory, error) from error


def reporters(request: Request, tools: Tools) -> tuple[tuple[str, Reporter], ...]:
    """Every report that was asked for, by name. Raises ConfigError where one could not be written: a secret that is not there, a column."""
    return tuple((each.name, plugins.load("reports", each.type).reporter(each.settings, tools)) for each in request.config.report)


def delivered(report: Report, request: Request, made: tuple[tuple[str, Reporter], ...]) -> Delivered:
    """Raises ReportError, once all were tried, where not one could be written, or kept to be sent with the next run."""
    to = Destination(None if request.stdout else _directory(request.config.output))
    files: list[Path] = []
    failed: list[str] = []
    kept = 0
    for name, reporter in made:
        try:
            files += reporter.write(report, to)
        except (ReportError, OSError) as error:
            failed.append(f"{name}: {error}")
            kept += isinstance(error, Undelivered)
    if failed and len(failed) - kept == len(made):
        raise ReportError(f"{'; '.join(failed)}. What was read is kept: run the same command again once this is mended")
    if to.directory is not None:
        try:
            files.append(run_file(report.run, report.coverage, files, to.directory))
        except ReportError as error:
            failed.append(str(error))
    return Delivered(tuple(files), tuple(failed))


def _directory(path: Path) -> Path:
    """The directory of the reports, 0700: they are a map for an attacker."""
    try:
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise _unwritable(path, error) from error
    return path


def _unwritable(path: Path, error: OSError) -> ReportError:
    return ReportError(f"{path}: the reports cannot be written there: {error.strerror}")
