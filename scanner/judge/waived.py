"""Waivers that no longer do what they were for."""

from collections.abc import Iterator

from scanner.governance.waivers import Waiver, covers, evidence_hash, expired
from scanner.judge.case import Case, Verdict
from scanner.model import Finding


def waiver_verdicts(case: Case, findings: list[Finding]) -> Iterator[Verdict]:
    """Those that ran out over an open finding, those bound to other evidence, and, only under full sight, those that cover nothing."""
    full = not case.blind and case.registries_read and not case.looked.whole(("*",))[1]
    for waiver in case.waivers:
        covered = next((finding for finding in findings if covers(waiver, finding)), None)
        other = next((finding for finding in findings if waiver.evidence and finding.id == waiver.finding), None)
        if covered is not None and expired(waiver, case.now):
            yield _verdict("waiver-expired", waiver, f"{covered.title} (waived by {waiver.approver})")
        elif covered is None and other is not None:
            bound = f"its evidence hash {waiver.evidence} is not that of the finding, which is open; now it is {evidence_hash(other)}"
            yield _verdict("waiver-unused", waiver, f"{waiver.name}, by {waiver.approver}: {bound}")
        elif covered is None and full:
            yield _verdict("waiver-unused", waiver, f"{waiver.name}, by {waiver.approver}")


def _verdict(check: str, waiver: Waiver, detail: str) -> Verdict:
    when = waiver.expires.isoformat() if waiver.expires else None
    return Verdict(check, f"waiver:{waiver.name}", because=waiver.reason, date=when, detail=detail)
