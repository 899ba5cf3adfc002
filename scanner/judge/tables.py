"""The tables that decide: verdicts.toml, severity.toml, controls.toml, checked when first asked."""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Literal, TypeVar

import msgspec

from scanner.model import Severity

Decoded = TypeVar("Decoded")
Cell = Literal["running", "stored", "coded", "unseen", "blind"]


class CheckRow(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One check: its words, others where only code names the model, and its severity before the reasons."""

    title: str
    remedy: str
    severity: Severity
    because_of: tuple[str, ...]
    coded: str = ""
    coded_remedy: str = ""


class _Verdicts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    matrix: Mapping[str, Mapping[Cell, str]]
    checks: Mapping[str, CheckRow]


class SeverityReason(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"values": "is"}):
    """A fact that moves severity, and the words that say so."""

    fact: str
    values: tuple[str, ...]
    by: int
    says: str


class _Severities(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    ladder: tuple[Severity, ...]
    reason: tuple[SeverityReason, ...]


class ControlRow(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The controls that one group of findings supports."""

    finding: str
    checks: tuple[str, ...]
    nist_csf: tuple[str, ...]
    nist_ai_rmf: tuple[str, ...]
    owasp: tuple[str, ...]
    eu_ai_act: tuple[str, ...]
    iso: tuple[str, ...]


class _Controls(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    names: Mapping[str, str]
    row: tuple[ControlRow, ...]


def _decoded(name: str, kind: type[Decoded]) -> Decoded:
    return msgspec.toml.decode(files("scanner").joinpath(f"data/{name}.toml").read_bytes(), type=kind)


@cache
def verdicts() -> _Verdicts:
    """The matrix and the checks."""
    return _decoded("verdicts", _Verdicts)


def cell(state: str, observed: Cell) -> str:
    """What the matrix says; `none` is the state of what has no record."""
    return verdicts().matrix[state][observed]


@cache
def severities() -> _Severities:
    """The ladder and what moves a finding on it."""
    return _decoded("severity", _Severities)


@cache
def controls() -> Mapping[str, tuple[str, ...]]:
    """Control ids by check, each with the name of its framework."""
    table = _decoded("controls", _Controls)
    return {check: tuple(_named(table.names, row)) for row in table.row for check in row.checks}


def _named(names: Mapping[str, str], row: ControlRow) -> list[str]:
    ids = ((framework, each) for framework in names for each in getattr(row, framework))
    return [each if framework == "iso" and each.startswith("ISO") else f"{names[framework]} {each}" for framework, each in ids]
