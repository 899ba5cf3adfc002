"""`make demo`: starts the whole estate on loopback, scans it as a user would, and holds every verdict against the planted truth.

Two runs: one sees everything; in the second the cluster prod-us does not answer. Ends with the path of the first run's report.
"""

import sys
import time
from pathlib import Path

from tests.estate.comparison import Comparison, compared
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
    print(f"\nThe report of the first run: {directory / 'report' / 'report.html'}")
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
    return comparison.right and (name == "expect" or lost(report))


def tell(comparison: Comparison) -> None:
    """The verdicts in numbers, and each one that is not as planted."""
    print(f"verdicts: {comparison.agreed} right, {len(comparison.false)} false, {len(comparison.missing)} missing")
    for title, rows in (("false", comparison.false), ("missing", comparison.missing)):
        for row in rows:
            print(f"  {title}: {' | '.join(row)}", file=sys.stderr)


def lost(report: dict) -> bool:  # type: ignore[type-arg]  # a parsed report
    """A blind run resolves nothing, and names what it lost from sight."""
    resolved = [finding["id"] for finding in report["findings"] if finding["status"] == "resolved"]
    gone = sorted(finding["title"] for finding in report["findings"] if finding["status"] == "lost-from-sight")
    print(f"resolved by the blind run: {len(resolved)}; lost from sight: {len(gone)}")
    for title in gone:
        print(f"  lost from sight: {title}")
    return not resolved and bool(gone)


if __name__ == "__main__":
    sys.exit(main())
