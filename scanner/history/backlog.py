"""What was there before anybody looked: dated once, it leaves what changed and stays in every report. docs/night.md"""

from collections.abc import Iterable
from datetime import date

import msgspec

from scanner.model import Baseline, Finding

CONFIGURED = "[policy] baseline"


def in_force(kept: Baseline | None, configured: date | None) -> Baseline | None:
    """The config's day, whole, where it names one; else what `gnomon baseline` kept."""
    if configured is None:
        return kept
    end = f"{configured.isoformat()}T23:59:59Z"
    return Baseline(until=end, by=CONFIGURED, when=end)


def marked(findings: Iterable[Finding], baseline: Baseline | None) -> tuple[Finding, ...]:
    """The findings, those first seen up to the baseline marked as backlog."""
    return tuple(msgspec.structs.replace(each, backlog=_of(each, baseline)) for each in findings)


def _of(finding: Finding, baseline: Baseline | None) -> bool:
    return baseline is not None and finding.first_seen is not None and finding.first_seen <= baseline.until
