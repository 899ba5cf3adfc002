"""The report for programs: one document of one published schema (reports/schema/report.schema.json), the same bytes for the same run."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec
from pydantic import Field

from reports import _summary
from reports._files import FILE_NAME, deliver
from scanner.contracts import Destination, PluginSettings, Reporter, Tools
from scanner.model import Asset, Evidence, Report

SCHEMA_VERSION = "1.0"
SCHEMA = Path(__file__).parent / "schema" / "report.schema.json"
_IN_A_FILE = re.compile(r"^(?:github|gitlab|git|folder):[^:]+:(?P<path>.+?)(?::(?P<line>\d+))?$", re.DOTALL)


class Settings(PluginSettings):
    """[report.json]"""

    file: str = Field(default="report.json", pattern=FILE_NAME, description="the file's name inside the output directory")
    indent: int = Field(default=1, ge=0, le=8, description="spaces a level; 0: all on one line")


def reporter(settings: Settings, tools: Tools) -> Reporter:  # noqa: ARG001 - the contract hands tools to every plugin
    """A reporter that writes one JSON document."""
    return Json(settings)


class Json:
    """Writes the document."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def write(self, report: Report, to: Destination) -> tuple[Path, ...]:
        """Writes one file, or the document to standard output."""
        name = self._settings.file
        return deliver(to, {name: rendered(report, self._settings.indent)}, alone=name)


def rendered(report: Report, indent: int = 1) -> bytes:
    """The document in UTF-8, with a newline at its end."""
    parts = document(report)
    try:
        encoded = msgspec.json.encode(parts)
    except UnicodeEncodeError:
        encoded = msgspec.json.encode(_readable(parts))
    return (msgspec.json.format(encoded, indent=indent) if indent else encoded) + b"\n"


def document(report: Report) -> dict[str, Any]:
    """The document as the schema describes it, before it is encoded; keys of free mappings are sorted."""
    return {
        "schema_version": SCHEMA_VERSION,
        "judged": report.judged,
        "summary": {"worst_case": _summary.worst_case(report), "coverage": _summary.coverage_sentence(report)},
        "run": _plain(report.run),
        "baseline": _plain(report.baseline) if report.baseline else None,
        "coverage": [_plain(scope) for scope in report.coverage.scopes],
        "gaps": [_plain(gap) for gap in sorted(report.coverage.gaps, key=lambda gap: (gap.scope, gap.reason, gap.source, gap.detail))],
        "findings": [_plain(one) for one in sorted(report.findings, key=lambda one: one.id)],
        "resolved": [_plain(one) for one in sorted(report.resolved, key=lambda one: one.id)],
        "sightings": list(sightings(report)),
        "links": [_plain(link) for link in sorted(report.links, key=lambda link: (link.source, link.relation, link.target))],
        "matches": [_plain(match) for match in sorted(report.matches, key=lambda match: (match.asset, match.record, match.because))],
        "records": [_plain(record) for record in sorted(report.records, key=lambda record: (record.id, record.where))],
        "trend": [_plain(point) for point in report.trend],
        "counted": dict(sorted(report.counted.items())),
    }


def sightings(report: Report) -> Iterator[dict[str, Any]]:
    """The inventory, one row for each place a thing was seen in. What others only refer to was not seen: it stands in the links."""
    seen = (asset for asset in report.assets if asset.attributes.get("referenced_only") is not True)
    for asset in sorted(seen, key=lambda asset: asset.key):
        for evidence in asset.evidence or (None,):
            yield _sighting(asset, evidence)


def _sighting(asset: Asset, evidence: Evidence | None) -> dict[str, Any]:
    value = asset.attributes.get
    path, line = _spot(asset, evidence)
    return {
        "asset": asset.key,
        "kind": asset.kind,
        "name": str(value("name") or asset.key.rpartition(":")[2]),
        "where": evidence.where if evidence else None,
        "path": path,
        "line": line,
        "provider": _text(value("provider")),
        "model_id": _text(value("model_id")),
        "format": _text(value("format")),
        "rule": evidence.rule if evidence else None,
        "confidence": evidence.confidence if evidence else None,
        "identifiers": list(asset.identifiers),
        "aliases": list(asset.aliases),
        "scopes": list(asset.scopes),
        "stale": asset.stale,
        "attributes": msgspec.to_builtins(dict(sorted(asset.attributes.items()))),
    }


def _spot(asset: Asset, evidence: Evidence | None) -> tuple[str | None, int | None]:
    """The file and line of a place in a repository or folder, from the place itself; else as the attributes say."""
    hit = _IN_A_FILE.match(evidence.where) if evidence else None
    if hit:
        return hit["path"], int(hit["line"]) if hit["line"] else None
    line = asset.attributes.get("line")
    return _text(asset.attributes.get("path")), line if isinstance(line, int) else None


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _plain(value: msgspec.Struct) -> dict[str, Any]:
    """A noun as the schema has it: without the mark by which the store tells observations apart."""
    return {name: _value(getattr(value, name)) for name in value.__struct_fields__}


def _value(value: object) -> Any:
    if isinstance(value, msgspec.Struct):
        return _plain(value)
    if isinstance(value, tuple):
        return [_value(item) for item in value]
    if isinstance(value, Mapping):
        return {key: _value(value[key]) for key in sorted(value)}
    return value


def _readable(value: Any) -> Any:
    """The same with lone surrogates spelled out: a path that was not UTF-8."""
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, dict):
        return {_readable(key): _readable(item) for key, item in value.items()}
    return [_readable(item) for item in value] if isinstance(value, list) else value
