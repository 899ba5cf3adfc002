"""How long `gnomon --help` takes: a developer in a hurry types it."""

import statistics
import subprocess
import sys
import time

from benchmarks.rows import Row

WANTED = 0.25


def run() -> list[Row]:
    """The median of nine starts, beside Python's own start."""
    bare, ours = _median(["-c", "pass"]), _median(["-m", "scanner", "--help"])
    return [Row("gnomon --help", f"{ours:.3f} s (Python itself {bare:.3f} s)", f"<= {WANTED} s", ours <= WANTED)]


def _median(arguments: list[str]) -> float:
    return statistics.median(_seconds(arguments) for _ in range(9))


def _seconds(arguments: list[str]) -> float:
    started = time.perf_counter()
    subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - started
