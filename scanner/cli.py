"""Wiring only: words on the command line to calls, results to a terminal and an exit code.

Exit codes of `scan`: 2 could not run, then 1 findings at or above --fail-on, then 3 gaps with --fail-on-gaps, else 0.
"""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scanner.errors import GnomonError, ReportError, UsageError
from scanner.model import Severity

if TYPE_CHECKING:
    from scanner.config import Config
    from scanner.model import Report

app = typer.Typer(
    name="gnomon",
    help="Finds the AI that runs in an organisation, holds it against the governance registry, and reports what differs.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
database = typer.Typer(help="Keep the store small.", no_args_is_help=True)
app.add_typer(database, name="db")
DEFAULT = Path("gnomon.toml")
COULD_NOT_RUN, FOUND, GAPS = 2, 1, 3


class Log(StrEnum):
    """How a run is told of while it lasts."""

    TEXT = "text"
    JSON = "json"


class Rows(StrEnum):
    """How rows are printed."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"


ConfigOption = Annotated[Path | None, typer.Option("--config", "-c", help="The configuration; gnomon.toml here where not given.")]


alone = typer.Typer(name="scan", add_completion=False, pretty_exceptions_enable=False)
EXIT_CODES = "Exit code: 0 it ran; 1 findings at or above --fail-on; 2 it could not run, and says why; 3 gaps, with --fail-on-gaps."


@alone.command(epilog=EXIT_CODES)
@app.command(epilog=EXIT_CODES)
def scan(
    org: Annotated[str | None, typer.Option(help="Audit one GitHub organisation or user. Without -c nothing of it is kept.")] = None,
    path: Annotated[
        Path | None, typer.Option(help="Scan a folder: working trees and bare repositories. Without -c nothing of it is kept.")
    ] = None,
    config: ConfigOption = None,
    registry: Annotated[Path | None, typer.Option(help="Directory or file of registry records, in place of the config's.")] = None,
    source: Annotated[list[str] | None, typer.Option(help="Only this source of the config; may be given again.")] = None,
    format: Annotated[str, typer.Option(help="Comma-separated: html, csv, json.")] = "",
    output: Annotated[str, typer.Option("--output", "-o", help="Directory for the reports, or - for standard output.")] = "",
    fail_on: Annotated[Severity | None, typer.Option(help="Exit 1 where a finding is this severe or worse.")] = None,
    fail_on_gaps: Annotated[bool, typer.Option("--fail-on-gaps", help="Exit 3 where something could not be seen.")] = False,
    log: Annotated[Log, typer.Option(help="How standard error tells of the run: text, or one JSON object a line.")] = Log.TEXT,
) -> None:
    """Crawl the estate, hold it against the registry, report what differs."""
    with _told(log):
        from scanner import heartbeat, logs, pipeline, request, terminal

        asked = request.asked(org, path, registry, tuple(source or ()), format, output)
        adhoc = org is not None or path is not None
        wanted = request.narrowed(_optional(config) if adhoc else _config(config), asked, look=adhoc and config is None)
        if fail_on and not wanted.config.registry:
            raise UsageError("--fail-on has nothing to answer: without a registry nothing is judged. Add --registry DIR, or a [[registry]]")
        with terminal.progress(quiet=asked.stdout, log=log) as watch:
            outcome = pipeline.scan(wanted, watch)
        code = COULD_NOT_RUN if outcome.failed else exit_code(outcome.report, fail_on, fail_on_gaps)
        heartbeat.beat(wanted, outcome, code)
        if log is Log.JSON:
            logs.finished(outcome, code)
        elif not asked.stdout:
            terminal.summary(outcome)
        if outcome.failed and log is Log.TEXT:
            raise ReportError(f"{'; '.join(outcome.failed)}. The run itself is kept")
    raise typer.Exit(code)


@app.command()
def init(
    output: Annotated[Path, typer.Option("--output", "-o", help="Where the configuration is written; an existing file is kept.")] = DEFAULT,
) -> None:
    """Write a first configuration from what this machine has. Asks nothing of a network."""
    with _told():
        from scanner import start

        typer.echo(start.write(output))


@app.command()
def doctor(config: ConfigOption = None) -> None:
    """Try each source and registry cheaply; say what is missing and which permission to add."""
    with _told():
        from scanner import doctor as examination

        well = examination.examine(_config(config), typer.echo)
    raise typer.Exit(0 if well else COULD_NOT_RUN)


@app.command()
def explain(
    finding: Annotated[str, typer.Argument(help="The id that a report gives, or its beginning.")],
    report: Annotated[Path | None, typer.Option(help="A JSON report, in place of the last run's; a look leaves one.")] = None,
    config: ConfigOption = None,
) -> None:
    """Print one finding's proof: its chain, evidence, coverage and near misses."""
    with _told():
        from scanner import explanation

        typer.echo(explanation.explain(_optional(config), finding, report))


@app.command()
def link(
    finding: Annotated[str, typer.Argument(help="The finding's id; with --remove also an identifier that was linked.")],
    record: Annotated[str, typer.Argument(help="The registry record that its model is.")],
    by: Annotated[str, typer.Option(help="Who approves this.")] = "",
    why: Annotated[str, typer.Option(help="The reason; it stands beside every match made by it.")] = "",
    remove: Annotated[bool, typer.Option("--remove", help="Take it back.")] = False,
    config: ConfigOption = None,
) -> None:
    """Approve that a finding's model is a record's: its identifier matches that record from now on."""
    with _told():
        from scanner import explanation

        wanted = _config(config)
        typer.echo(explanation.unlink(wanted, finding, record) if remove else explanation.link(wanted, finding, record, by, why))


@app.command()
def baseline(
    by: Annotated[str, typer.Option(help="Who decides this; nothing is changed without.")] = "",
    why: Annotated[str, typer.Option(help="The reason; it stands beside the backlog.")] = "",
    again: Annotated[bool, typer.Option("--again", help="Date it anew, where there is a baseline already.")] = False,
    withdraw: Annotated[bool, typer.Option("--withdraw", help="Take the baseline back.")] = False,
    config: ConfigOption = None,
) -> None:
    """Date the backlog: what was open at the last full run leaves what changed, never the report. Alone: show it."""
    with _told():
        from scanner import baseline as backlog

        wanted = _config(config)
        if withdraw:
            typer.echo(backlog.withdrawn(wanted))
        elif by or why or again:
            typer.echo(backlog.dated(wanted, by, why, again=again))
        else:
            typer.echo(backlog.shown(wanted))


@app.command()
def forget(source: Annotated[str, typer.Option(help="Name of the source, as reports give it.")], config: ConfigOption = None) -> None:
    """Give up what a source saw: say so where it, or what another account listed there, is really gone."""
    with _told():
        from scanner import explanation

        typer.echo(explanation.forget(_config(config), source))


@app.command()
def sql(
    question: Annotated[str, typer.Argument(help="One SELECT over assets, links, records, findings, coverage, gaps, runs (docs/ask.md).")],
    format: Annotated[Rows, typer.Option(help="How the rows are printed.")] = Rows.TABLE,
    config: ConfigOption = None,
) -> None:
    """Ask the inventory: one SELECT over documented views, read-only."""
    with _told():
        from scanner import inquiry

        typer.echo(inquiry.sql(_config(config), question, format))


@app.command()
def show(
    asset: Annotated[str, typer.Argument(help="Its key, as reports give it, or a part that no other has.")], config: ConfigOption = None
) -> None:
    """Print an asset: what is known of it, what it needs, what needs it, the findings on it."""
    with _told():
        from scanner import inquiry

        typer.echo(inquiry.show(_config(config), asset))


@database.command()
def prune(config: ConfigOption = None) -> None:
    """Forget what [store] keep_runs and keep_days do not keep, and give the room back."""
    with _told():
        from scanner import inquiry

        typer.echo(inquiry.prune(_config(config)))


@app.command()
def version() -> None:
    """Print the version."""
    from scanner import __version__

    typer.echo(__version__)


def exit_code(report: "Report", fail_on: Severity | None, fail_on_gaps: bool) -> int:
    """What the finished scan says to the shell. Waived findings fail nothing."""
    order = list(Severity)
    severe = fail_on and any(order.index(each.severity) <= order.index(fail_on) for each in report.findings if each.waived_by is None)
    if severe:
        return FOUND
    return GAPS if fail_on_gaps and report.coverage.gaps else 0


def main() -> None:
    """The `gnomon` command. SIGTERM ends it as Ctrl-C does: what is temporary is removed."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    app()


def scan_main() -> None:
    """The `scan` command: the same as `gnomon scan`."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    alone(prog_name="scan")


def _optional(path: Path | None) -> "Config | None":
    return _config(path) if path or DEFAULT.exists() else None


def _config(path: Path | None) -> "Config":
    from scanner import config

    return config.load(path or DEFAULT)


@contextmanager
def _told(log: Log = Log.TEXT) -> Iterator[None]:
    """Our own errors are a sentence on standard error and exit code 2; anything else is a defect and keeps its traceback."""
    try:
        yield
    except GnomonError as error:
        _say(str(error), log)
        raise typer.Exit(COULD_NOT_RUN) from error
    except KeyboardInterrupt as stopped:
        _say("stopped; the same command goes on where it was", log)
        raise typer.Exit(COULD_NOT_RUN) from stopped


def _say(text: str, log: Log) -> None:
    if log is Log.JSON:
        from scanner import logs

        logs.line("failed", "error", message=text, exit=COULD_NOT_RUN)
        return
    from scanner.terminal import inert

    typer.echo(f"gnomon: {inert(text)}", err=True)
