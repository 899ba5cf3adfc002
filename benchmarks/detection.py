"""Detection beside reading the same files, ripgrep with the same expressions, and two peers, on a tree of ordinary code and a labelled one.

Everything runs on one tree in one run. CORPUS names a directory of repositories (the development set); RG, AIROM and SHADOWSCAN
name programs that are not on PATH. The peers are no dependency of the project: a row says so where they are not there.
"""

import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from benchmarks import detection_jobs
from benchmarks.rows import Row

MIB = 1 << 20
MEMORY = 400
PATIENCE = 60
"""Seconds until a peer is given up: slower than ours is all that is asked."""
NO_CODE = shutil.ignore_patterns("site-packages", "__pycache__", "*.so", "*.so.*", "*.a", "*.dylib", "*.dll", "*.exe", "*.pyd")


def run() -> list[Row]:
    """Both trees; the second only where CORPUS says where it is."""
    corpus = os.environ.get("CORPUS", "")
    with tempfile.TemporaryDirectory(prefix="bench-") as scratch:
        rows = [*_rows("ordinary code", _ordinary(Path(scratch)), Path(scratch), 3)]
        if not Path(corpus).is_dir() or not corpus:
            return [*rows, Row("detection, development set", "not here: CORPUS names no directory", "", None)]
        return [*rows, *_rows("development set", Path(corpus).absolute(), Path(scratch), 10)]


def _ordinary(scratch: Path) -> Path:
    """The standard library and what is installed beside it, as sources."""
    home = scratch / "ordinary"
    shutil.copytree(sysconfig.get_path("stdlib"), home / "library", ignore=NO_CODE, ignore_dangling_symlinks=True)
    shutil.copytree(sysconfig.get_path("purelib"), home / "packages", ignore=NO_CODE, ignore_dangling_symlinks=True)
    return home


def _rows(name: str, tree: Path, scratch: Path, most: int) -> Iterator[Row]:
    read = min((_job("read", tree) for _ in range(3)), key=lambda told: float(told["seconds"]))
    yield Row(f"{name}: reading {read['files']:,} files, {read['bytes'] / 1e6:,.0f} MB", f"{read['seconds']:.2f} s", "", None)
    yield from _prefilter(name, tree, scratch)
    detected = {workers: _job("detect", tree, workers) for workers in (1, 2)}
    for workers, told in detected.items():
        times = told["seconds"] / read["seconds"]
        wanted = (f"<= {most} x reading", times <= most) if workers > 1 else ("", None)
        yield Row(f"{name}: whole detection, {_workers(workers)}", f"{told['seconds']:.2f} s, {times:.1f} x reading", *wanted)
    yield Row(f"{name}: start of the detector, once in a run", f"{detected[2]['start']:.2f} s", "", None)
    peak = detected[2]["peak"] / MIB
    yield Row(f"{name}: peak memory, all processes", f"{peak:,.0f} MiB", f"<= {MEMORY} MiB", peak <= MEMORY)
    yield from _again(name, tree)
    yield from _peers(name, tree, scratch, detected[2]["seconds"] + detected[2]["start"])


def _workers(count: int) -> str:
    return "1 worker" if count == 1 else f"{count} workers"


def _prefilter(name: str, tree: Path, scratch: Path) -> Iterator[Row]:
    told = _job("prefilter", tree, 2)
    share = 100 * told["woken"] / told["files"]
    wanted = ("<= 2%", share <= 2) if name == "ordinary code" else ("", None)
    yield Row(f"{name}: files that wake a parser", f"{share:.2f}%", *wanted)
    yield Row(f"{name}: prefilter, 2 processes, with reading", f"{told['seconds']:.2f} s", "", None)
    grep = _program("rg", "RG")
    if grep is None:
        yield Row(f"{name}: ripgrep", "not here", "", None)
        return
    expressions = scratch / "expressions"
    expressions.write_text("".join(f"{text}\n" for text in detection_jobs.expressions()), "utf-8")
    command = [grep, "--no-messages", "-uu", "-j", "2", "--files-with-matches", "--file", str(expressions), str(tree)]
    seconds = _timed(lambda: _quiet(command))
    times = seconds / told["seconds"]
    yield Row(
        f"{name}: ripgrep, 2 threads, the same expressions",
        f"{_took(seconds)}, {times:.1f} x the prefilter",
        ">= 2 x the prefilter",
        times >= 2,
    )


def _again(name: str, tree: Path) -> Iterator[Row]:
    told = _job("again", tree, 2)
    share = told["second"] / told["first"]
    yield Row(f"{name}: from git, with an empty store", f"{told['first']:.2f} s", "", None)
    yield Row(
        f"{name}: again, {told['changed']:,} of {told['blobs']:,} blobs changed",
        f"{told['second']:.2f} s, {share:.2f} of the first; {told['parsed']:,} files looked at",
        "<= 0.20",
        share <= 0.2,
    )
    yield Row(f"{name}: again, unchanged", f"{told['third']:.2f} s, {told['unchanged']} files looked at", "0 files", told["unchanged"] == 0)


def _peers(name: str, tree: Path, scratch: Path, ours: float) -> Iterator[Row]:
    """Other scanners, with everything that asks a network off; ours counts with its start."""
    here = scratch / "peer.json"
    for peer, variable, arguments in (
        (
            "airom",
            "AIROM",
            ("scan", str(tree), "--offline", "--no-progress", "--quiet", "--no-cve", "--include-tests", "-o", f"json={here}"),
        ),
        ("shadowscan", "SHADOWSCAN", ("--quiet", "code", str(tree), "--format", "json", "--output", str(here))),
    ):
        program = _program(peer, variable)
        if program is None:
            yield Row(f"{name}: {peer}", "not here", "", None)
            continue
        seconds = _timed(lambda command=[program, *arguments]: _quiet(command))  # type: ignore[misc]  # bound now
        yield Row(f"{name}: {peer}", f"{_took(seconds)}; ours with its start {ours:.2f} s", "slower than ours", seconds > ours)


def _program(name: str, variable: str) -> str | None:
    beside = str(Path(sys.executable).parent)
    return os.environ.get(variable) or shutil.which(name, path=os.pathsep.join((beside, os.environ.get("PATH", ""))))


def _quiet(command: list[str]) -> None:
    try:
        done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False, timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        return
    if done.returncode not in (0, 1, 3):  # 1: ripgrep found nothing, a scanner something; 3: a scanner left something out
        raise RuntimeError(f"{command[0]} ended with {done.returncode}: {done.stderr[-300:]}")


def _took(seconds: float) -> str:
    return f"{seconds:.2f} s" if seconds < PATIENCE else f"not done after {PATIENCE} s"


def _timed(action: Callable[[], None]) -> float:
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def _job(name: str, tree: Path, workers: int = 1) -> dict[str, Any]:
    """One of detection_jobs, in a process of its own, so that memory and caches are its own too."""
    command = [sys.executable, "-m", "benchmarks.detection_jobs", name, str(tree), str(workers)]
    told: dict[str, Any] = msgspec.json.decode(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout.splitlines()[-1])
    return told
