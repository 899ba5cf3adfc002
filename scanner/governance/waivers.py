"""Waivers: a person's dated word that a finding may stand, and false positives bound to their evidence. docs/waivers.md

One TOML file serves the hook, the gate and the nightly run. A waived finding is still shown, and fails no run.
"""

import hashlib
import re
import tomllib
from collections.abc import Iterable
from datetime import date, datetime
from enum import StrEnum
from fnmatch import fnmatchcase
from pathlib import Path

import msgspec

from scanner.errors import ConfigError
from scanner.model import Finding

AT_MOST = 10_000_000
COMMIT = re.compile(r"@[0-9a-f]{7,64}(?=:)")


class WaiverKind(StrEnum):
    """Why a finding may stand."""

    EXCEPTION = "exception"
    FALSE_POSITIVE = "false-positive"


class Waiver(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One [[waiver]]. It names a finding, or a check and an asset pattern (`*` stands for anything)."""

    approver: str
    reason: str
    finding: str | None = None
    check: str | None = None
    asset: str | None = None
    expires: date | None = None
    kind: WaiverKind = WaiverKind.EXCEPTION
    evidence: str | None = None

    @property
    def name(self) -> str:
        """How messages call it."""
        return self.finding or f"{self.check} on {self.asset}"


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    waiver: tuple[Waiver, ...] = ()


def read_waivers(path: Path) -> tuple[Waiver, ...]:
    """The waivers of a file. Raises ConfigError naming the waiver and what it lacks: a waiver that cannot be read waives nothing."""
    try:
        if path.stat().st_size > AT_MOST:
            raise ConfigError(f"{path}: larger than {AT_MOST} bytes")
        raw = tomllib.loads(path.read_text("utf-8"))
        waivers = msgspec.convert(raw, _File).waiver
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError, msgspec.ValidationError) as error:
        raise ConfigError(f"{path}: {error}") from error
    for number, waiver in enumerate(waivers, 1):
        fault = _fault(waiver)
        if fault:
            raise ConfigError(f"{path}: waiver {number} ({waiver.name}) {fault}")
    return waivers


def _fault(waiver: Waiver) -> str | None:
    if not waiver.approver.strip() or not waiver.reason.strip():
        return "needs an approver and a reason"
    if bool(waiver.finding) == bool(waiver.check or waiver.asset):
        return "names either a finding, or a check and an asset pattern"
    if not waiver.finding and not (waiver.check and waiver.asset):
        return "needs both a check and an asset pattern"
    if waiver.kind is WaiverKind.EXCEPTION:
        return "needs an expiry date: expires = 2027-01-31" if waiver.expires is None else None
    bound = waiver.evidence and waiver.finding
    return None if bound else "is a false positive: it names a finding and its evidence hash, as `gnomon explain` prints them"


def covers(waiver: Waiver, finding: Finding) -> bool:
    """Whether a waiver is about a finding, whatever the day. A false positive is so only while the evidence is the same."""
    if waiver.finding:
        named = finding.id == waiver.finding
    else:
        named = finding.check == waiver.check and fnmatchcase(finding.asset, waiver.asset or "")
    return named and (waiver.kind is WaiverKind.EXCEPTION or waiver.evidence == evidence_hash(finding))


def expired(waiver: Waiver, now: str) -> bool:
    """Whether its last day is over."""
    return waiver.expires is not None and waiver.expires < datetime.fromisoformat(now).date()


def waived(findings: Iterable[Finding], waivers: tuple[Waiver, ...], now: str) -> list[Finding]:
    """The findings, those under a waiver that still runs marked with its approver, last day and reason."""
    current = [waiver for waiver in waivers if not expired(waiver, now)]
    by_id = {waiver.finding: waiver for waiver in current if waiver.finding}
    patterns = [waiver for waiver in current if not waiver.finding]
    return [_marked(finding, by_id, patterns) for finding in findings] if current else list(findings)


def _marked(finding: Finding, by_id: dict[str, Waiver], patterns: list[Waiver]) -> Finding:
    candidates = [by_id[finding.id]] if finding.id in by_id else []
    waiver = next((waiver for waiver in (*candidates, *patterns) if covers(waiver, finding)), None)
    return msgspec.structs.replace(finding, waived_by=_said(waiver)) if waiver else finding


def _said(waiver: Waiver) -> str:
    """`m-governance, until 2027-01-31: pilot`, as an auditor asks."""
    until = f", until {waiver.expires.isoformat()}" if waiver.expires else ""
    kind = ", as a false positive" if waiver.kind is WaiverKind.FALSE_POSITIVE else ""
    return f"{waiver.approver}{kind}{until}: {waiver.reason}"


def evidence_hash(finding: Finding) -> str:
    """What a false positive is bound to: where it was seen and by which rule, whatever the line and the commit."""
    places = sorted({(_place(evidence.where), evidence.rule) for evidence in finding.evidence})
    return hashlib.sha256(repr((finding.check, finding.asset, finding.subject, places)).encode()).hexdigest()[:16]


def _place(where: str) -> str:
    return re.sub(r":\d+$", "", COMMIT.sub("", where))
