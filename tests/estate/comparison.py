"""A report's findings against the planted truth: each row is a check, an asset, a record."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from tests.estate.world import Row

FINGERPRINT = re.compile(r"(?<=:leak/)\S+$")


class Comparison(NamedTuple):
    """How many verdicts are as planted, and those that are not."""

    agreed: int
    false: list[Row]
    missing: list[Row]

    @property
    def right(self) -> bool:
        """All right, none false, none missing."""
        return bool(self.agreed) and not self.false and not self.missing


def compared(report: Mapping[str, Any], expected: Iterable[Row]) -> Comparison:
    """Every finding that the run itself made against every expectation. A blind spot is a gap's own finding: gaps are listed anyway."""
    return _compared((finding for finding in report["findings"] if finding["status"] != "lost-from-sight"), expected)


def lost(report: Mapping[str, Any], expected: Iterable[Row]) -> Comparison:
    """Every finding that the run could neither see nor call resolved, against those planted so."""
    return _compared((finding for finding in report["findings"] if finding["status"] == "lost-from-sight"), expected)


def _compared(findings: Iterable[Mapping[str, Any]], expected: Iterable[Row]) -> Comparison:
    found = Counter(row(finding) for finding in findings if finding["check"] != "blind-spot")
    wanted = Counter(expected)
    return Comparison((found & wanted).total(), sorted((found - wanted).elements()), sorted((wanted - found).elements()))


def row(finding: Mapping[str, Any]) -> Row:
    """A finding about a record alone has no asset; a fingerprint is made with a key of this estate's own."""
    asset = "" if finding["asset"].startswith("record:") else FINGERPRINT.sub("{fingerprint}", finding["asset"])
    return finding["check"], asset, finding.get("record") or ""
