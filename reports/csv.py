"""Tables for those who work in a spreadsheet: one file a list, all findings, the inventory, the coverage. No cell is ever a formula."""

import io
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import Field

from reports import _summary
from reports._facts import Facts, place_of
from reports._files import deliver
from reports._text import encoded
from reports._times import clock
from reports._words import SEVERITIES, platform_of
from scanner.contracts import Destination, PluginSettings, Reporter, Tools
from scanner.errors import ConfigError
from scanner.model import Asset, Finding, Gap, Kind, Report, Scope, Value

if TYPE_CHECKING:
    from pandas import DataFrame

FINDINGS = (
    "id",
    "check",
    "severity",
    "title",
    "asset",
    "subject",
    "place",
    "owner",
    "due",
    "status",
    "waived_by",
    "backlog",
    "record",
    "record_state",
    "because",
    "severity_because",
    "remedy",
    "controls",
    "evidence",
    "rules",
    "confidence",
    "chain",
    "near_misses",
    "first_seen",
    "last_seen",
)
INVENTORY = (
    "asset",
    "kind",
    "platform",
    "place",
    "owner",
    "environment",
    "provider",
    "model_id",
    "format",
    "records",
    "stale",
    "identifiers",
    "aliases",
    "attributes",
    "evidence",
    "rules",
    "scopes",
)
COVERAGE = ("place", "source", "sight", "read", "total", "gap", "detail", "remedy")
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%", "＝", "＋", "－", "＠")
"""What starts a formula, or may end the cell before it: OWASP, CSV Injection, and what spreadsheets read as the same signs."""
_BLANK = " \u00a0\u200b\u200c\u200d\u2060\ufeff\u202a\u202b\u202d\u202e\u2066\u2067\u2068"


class Settings(PluginSettings):
    """[report.csv]"""

    bom: bool = Field(default=True, description="start each file with a UTF-8 mark, so that Excel reads it as UTF-8")
    columns: tuple[str, ...] = Field(default=(), description="columns of the lists and of findings.csv, in this order; empty: all of them")
    stdout: str = Field(default="findings.csv", description="the one file that `--output -` writes")


def reporter(settings: Settings, tools: Tools) -> Reporter:  # noqa: ARG001 - the contract hands tools to every plugin
    """A reporter that writes the tables. Raises ConfigError where a column or file is not known."""
    if unknown := sorted(set(settings.columns) - set(FINDINGS)):
        raise ConfigError(f"[report.csv] columns: {', '.join(unknown)}: not a column; there are {', '.join(FINDINGS)}")
    if settings.stdout not in FILES:
        raise ConfigError(f"[report.csv] stdout: {settings.stdout}: not a file of this report; there are {', '.join(FILES)}")
    return Csv(settings)


class Csv:
    """Writes the tables."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def write(self, report: Report, to: Destination) -> tuple[Path, ...]:
        """Writes six files, or one of them to standard output."""
        facts = Facts(report, clock(report.run))
        wanted = FILES if to.directory else {self._settings.stdout: FILES[self._settings.stdout]}
        files = {name: _text(make(facts, self._settings), self._settings) for name, make in wanted.items()}
        return deliver(to, files, alone=self._settings.stdout)


def table(report: Report, name: str, settings: Settings) -> bytes:
    """One of the tables, as its file would hold it."""
    return _text(FILES[name](Facts(report, clock(report.run)), settings), settings)


def _text(table: "DataFrame", settings: Settings) -> bytes:
    text = io.StringIO()
    table.to_csv(text, index=False, lineterminator="\r\n", header=[inert(name) for name in table.columns])
    return (b"\xef\xbb\xbf" if settings.bom else b"") + encoded(text.getvalue())


def inert(cell: object) -> object:
    """A cell that no spreadsheet takes for a formula; numbers stay numbers."""
    if not isinstance(cell, str):
        return cell
    text = cell.replace("\x00", "␀")
    return f"'{text}" if text.lstrip(_BLANK).startswith(FORMULA) else text


def _table(rows: Iterable[Sequence[object]], columns: Sequence[str]) -> "DataFrame":
    from pandas import DataFrame

    return DataFrame([[inert(cell) for cell in row] for row in rows], columns=list(columns), dtype=object)


def _listed(choose: Callable[[Report], Sequence[Finding]]) -> Callable[[Facts, Settings], "DataFrame"]:
    def make(facts: Facts, settings: Settings) -> "DataFrame":
        table = _table((_finding(one, facts) for one in choose(facts.report)), FINDINGS)
        return table[list(settings.columns)] if settings.columns else table

    return make


def _all(report: Report) -> tuple[Finding, ...]:
    return tuple(sorted(report.findings, key=lambda one: (SEVERITIES.index(one.severity), one.check, one.asset, one.id)))


def _finding(one: Finding, facts: Facts) -> tuple[object, ...]:
    record = facts.records.get(one.record or "")
    return (
        one.id,
        one.check,
        one.severity,
        one.title,
        one.asset,
        one.subject,
        place_of(facts, one.asset),
        one.owner,
        one.due,
        one.status,
        one.waived_by,
        "yes" if one.backlog else None,
        one.record,
        record and record.state,
        one.because,
        _joined(one.severity_because),
        one.remedy,
        _joined(one.controls),
        _joined(seen.where for seen in one.evidence),
        _joined(seen.rule for seen in one.evidence),
        _joined(seen.confidence for seen in one.evidence),
        _joined(f"{link.source} {link.relation} {link.target}" for link in one.chain),
        _joined(f"{near.record} {near.name} {near.score:.2f}" for near in one.near_misses),
        one.first_seen,
        one.last_seen,
    )


def _inventory(facts: Facts, _: Settings) -> "DataFrame":
    records: dict[str, list[str]] = {}
    for match in facts.report.matches:
        records.setdefault(match.asset, []).append(match.record)
    assets = sorted(facts.report.assets, key=lambda asset: (list(Kind).index(asset.kind), asset.key))
    return _table((_asset(asset, facts, sorted(records.get(asset.key, []))) for asset in assets), INVENTORY)


def _asset(asset: Asset, facts: Facts, records: list[str]) -> tuple[object, ...]:
    value = asset.attributes.get
    return (
        asset.key,
        asset.kind,
        platform_of(asset),
        place_of(facts, asset.key),
        value("owner"),
        value("environment"),
        value("provider"),
        value("model_id"),
        value("format"),
        _joined(records),
        asset.stale,
        _joined(asset.identifiers),
        _joined(asset.aliases),
        _joined(f"{name}={_said(asset.attributes[name])}" for name in sorted(asset.attributes)),
        _joined(seen.where for seen in asset.evidence),
        _joined(dict.fromkeys(seen.rule for seen in asset.evidence)),
        _joined(asset.scopes),
    )


def _coverage(facts: Facts, _: Settings) -> "DataFrame":
    scopes = [_scope(scope) for scope in facts.report.coverage.scopes]
    gaps = [_gap(gap) for gap in facts.report.coverage.gaps]
    return _table(sorted([*scopes, *gaps], key=lambda row: tuple(map(str, row))), COVERAGE)


def _scope(scope: Scope) -> tuple[object, ...]:
    return scope.path, scope.source, scope.sight, scope.read, scope.total, None, scope.detail, None


def _gap(gap: Gap) -> tuple[object, ...]:
    return gap.scope, gap.source, None, None, None, gap.reason, gap.detail, gap.remedy


def _said(value: Value) -> str:
    return " ".join(value) if isinstance(value, tuple) else str(value).lower() if isinstance(value, bool) else str(value)


def _joined(parts: Iterable[str]) -> str:
    return "; ".join(map(str, parts))


FILES: dict[str, Callable[[Facts, Settings], "DataFrame"]] = {
    "retired-but-running.csv": _listed(lambda report: _summary.lists(report).retired),
    "unregistered-models.csv": _listed(lambda report: _summary.lists(report).unregistered),
    "orphaned-credentials.csv": _listed(lambda report: _summary.lists(report).orphaned),
    "findings.csv": _listed(_all),
    "inventory.csv": _inventory,
    "coverage.csv": _coverage,
}
