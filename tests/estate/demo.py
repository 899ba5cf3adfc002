"""`make demo`: starts the whole estate on loopback, scans it as a user would, and holds every verdict against the planted truth.

Two runs: one sees everything; in the second the cluster prod-us does not answer. Ends with the path of the first run's report.
"""

import json
import sys
import time
from pathlib import Path
from typing import Any

from tests.estate.comparison import Comparison, compared, lost
from tests.estate.estate import Estate, standing

TOP = Path(__file__).resolve().parents[2]
RUNS = {
    "expect": "A first run, which sees the whole estate",
    "blocked": "A second run, in which the cluster prod-us does not answer",
}


def main() -> int:
    directory = TOP / "demo"
    started = time.monotonic()
    with standing(directory) as estate:
        print(f"The estate stands on loopback after {time.monotonic() - started:.0f} s: {estate.described()}")
        results = [run(estate, name, said) for name, said in RUNS.items()]
    worst = json.loads((directory / "report-blocked" / "report.json").read_text("utf-8"))["findings"][0]["id"]
    print(f"\nThe proof of a finding: cd {directory.name} && ../.venv/bin/gnomon explain {worst}")
    print(f"The report of the first run: {directory / 'report' / 'report.html'}")
    return 0 if all(results) else 1


def run(estate: Estate, name: str, said: str) -> bool:
    """One scan by the command itself, and its verdicts against the truth."""
    print(f"\n── {said}")
    if name == "blocked":
        estate.block("prod-us")
    started = time.monotonic()
    report = estate.scan("report" if name == "expect" else f"report-{name}")
    comparison = compared(report, estate.expected(name))
    print(f"gnomon scan: {time.monotonic() - started:.1f} s, {len(report['sightings'])} sightings")
    tell(comparison)
    return comparison.right and (name == "expect" or blind(report, estate))


def tell(comparison: Comparison) -> None:
    """The verdicts in numbers, and each one that is not as planted."""
    print(f"verdicts: {comparison.agreed} right, {len(comparison.false)} false, {len(comparison.missing)} missing")
    for title, rows in (("false", comparison.false), ("missing", comparison.missing)):
        for row in rows:
            print(f"  {title}: {' | '.join(row)}", file=sys.stderr)


def blind(report: dict[str, Any], estate: Estate) -> bool:
    """A blind run resolves nothing, and names exactly what it lost from sight."""
    gone = lost(report, estate.expected("lost"))
    print(f"resolved by the blind run: {len(report['resolved'])}; lost from sight: {gone.agreed}, as planted")
    tell(gone)
    for finding in report["findings"]:
        if finding["status"] == "lost-from-sight":
            print(f"  lost from sight: {finding['title']}")
    return not report["resolved"] and gone.right


if __name__ == "__main__":
    sys.exit(main())
