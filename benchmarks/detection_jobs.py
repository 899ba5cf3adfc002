"""What benchmarks/detection.py measures, each in a process of its own: `python -m benchmarks.detection_jobs JOB TREE WORKERS`."""

import os
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from connectors import folder
from scanner.contracts import Findings, Network, Tools
from scanner.crawl import Ceiling, Source, crawl
from scanner.detect import DetectSettings, detector, engine, prefilter
from scanner.detect.reading import dispatch
from scanner.executor import EngineSettings, open_executor
from scanner.store import Store, open_store

NOW = "2026-11-21T07:00:00Z"
KEY = b"benchmark"
EVERY = 100


def expressions() -> Iterator[str]:
    """The prefilter's own, as ripgrep takes them."""
    return (pattern.regex for pattern in prefilter.patterns())


def files(tree: Path) -> Iterator[tuple[str, str, int]]:
    """Every regular file: its path in the tree, where it lies, its size."""
    start = len(str(tree)) + 1
    for directory, names, here in os.walk(tree):
        names[:] = [name for name in names if name != ".git"]
        for name in here:
            path = f"{directory}/{name}"
            status = os.lstat(path)
            if stat.S_ISREG(status.st_mode):
                yield path[start:], path, status.st_size


def read(tree: Path, _: int) -> dict[str, Any]:
    """Opens and reads every file, nothing else."""
    start = time.perf_counter()
    sizes = [len(_content(path)) for _, path, _ in files(tree)]
    return {"seconds": time.perf_counter() - start, "files": len(sizes), "bytes": sum(sizes)}


def _content(path: str) -> bytes:
    with open(path, "rb", buffering=0) as file:  # noqa: PTH123 - as above
        return file.read()


def _wanted(tree: Path) -> Iterator[tuple[str, bytes]]:
    for path, place, size in files(tree):
        if engine.wanted(path, size):
            yield path, _content(place)


def screened(tree: Path, workers: int) -> dict[str, Any]:
    """The prefilter alone, its share of the files in each process; each has the automaton before the clock runs."""
    with ProcessPoolExecutor(workers) as pool:
        for _ in pool.map(_prepared, range(workers)):
            pass
        start = time.perf_counter()
        parts = list(pool.map(partial(_screened, tree, workers), range(workers)))
    return {"seconds": time.perf_counter() - start, "files": sum(1 for _ in files(tree)), "woken": sum(parts)}


def _prepared(_: int) -> None:
    prefilter.automaton()
    time.sleep(0.2)  # so that no process takes two of these


def _screened(tree: Path, workers: int, number: int) -> int:
    woken = 0
    for count, (path, place, size) in enumerate(files(tree)):
        if count % workers == number and dispatch.kind_of(path) and engine.wanted(path, size):
            woken += bool(prefilter.scan(_content(place), path))
    return woken


def detected(tree: Path, workers: int) -> dict[str, Any]:
    """The whole detection, with the seconds until it can begin, and the sum of what each process held at most."""
    begin = time.perf_counter()
    with detector(DetectSettings(workers=workers), KEY) as detecting:
        for _ in detecting.detect((f"{number}.py", b"import openai\nn = %d\n" % number) for number in range(8 * workers)):
            pass
        start = time.perf_counter()
        found = sum(len(findings.facts) for _, findings in detecting.detect(_wanted(tree)))
        seconds = time.perf_counter() - start
        return {"seconds": seconds, "start": start - begin, "found": found, "peak": _peak()}


def _peak() -> int:
    """Bytes: the highest resident size of this process and of each of its children, added up."""
    own = Path("/proc/self/status")
    children = Path("/proc/self/task").glob("*/children")
    ids = [word for file in children for word in file.read_text().split()]
    return sum(_high(status) for status in [own, *(Path(f"/proc/{each}/status") for each in ids)])


def _high(status: Path) -> int:
    return next((int(line.split()[1]) << 10 for line in status.read_text().splitlines() if line.startswith("VmHWM")), 0)


class Counting:
    """The detector of a run, with the number of files it was handed."""

    def __init__(self, inner: Any) -> None:
        self.inner, self.version, self.looked = inner, inner.version, 0

    def wanted(self, path: str, size: int | None) -> bool:
        return bool(self.inner.wanted(path, size))

    def detect(self, given: Iterable[tuple[str, bytes]]) -> Iterator[tuple[str, Findings]]:
        return iter(self.inner.detect(self._counted(given)))

    def _counted(self, given: Iterable[tuple[str, bytes]]) -> Iterator[tuple[str, bytes]]:
        for one in given:
            self.looked += 1
            yield one


def again(tree: Path, workers: int) -> dict[str, Any]:
    """A bare repository, crawled into a new store; again after one of a hundred files changed; and once more as it is."""
    with tempfile.TemporaryDirectory() as scratch, detector(DetectSettings(workers=workers), KEY) as inner:
        home, counting = Path(scratch), Counting(inner)
        for _ in inner.detect([("a.py", b"import openai\n")]):
            pass
        blobs, changed = _committed(tree, home / "git" / "tree.git")
        with open_store(f"sqlite:///{home}/gnomon.db") as store:
            times, looked = [], [0]
            for commit in ("first", "second", "second"):
                _git(home / "git" / "tree.git", "update-ref", "refs/heads/main", f"refs/heads/{commit}")
                times.append(_crawled(home, store, counting))
                looked.append(counting.looked)
    first, second, third = times
    parsed, unchanged = looked[2] - looked[1], looked[3] - looked[2]
    told = {"first": first, "second": second, "third": third, "blobs": blobs, "changed": changed, "parsed": parsed, "unchanged": unchanged}
    return {**told, "peak": _peak()}


def _committed(tree: Path, bare: Path) -> tuple[int, int]:
    """Two commits by fast-import: every file, then one of a hundred with a line more."""
    bare.parent.mkdir()
    subprocess.run(["git", "init", "--quiet", "--bare", "--initial-branch=main", str(bare)], check=True)
    command = ["git", "-c", "core.compression=0", "--git-dir", str(bare), "fast-import", "--quiet"]
    blobs = changed = 0
    with subprocess.Popen(command, stdin=subprocess.PIPE) as process:
        assert process.stdin is not None
        for branch, only in (("first", 1), ("second", EVERY)):
            start = "from refs/heads/first\n" if branch == "second" else ""
            process.stdin.write(f"commit refs/heads/{branch}\ncommitter b <b@example.org> 1763710000 +0000\ndata 0\n{start}".encode())
            for count, (path, place, _) in enumerate(files(tree)):
                if count % only == 0:
                    data = _content(place) + (b"\n" if only > 1 else b"")
                    process.stdin.write(b"M 100644 inline %s\ndata %d\n" % (_quoted(path), len(data)) + data + b"\n")
                    blobs, changed = (blobs + 1, changed) if only == 1 else (blobs, changed + 1)
        process.stdin.close()
    return blobs, changed


def _quoted(path: str) -> bytes:
    return b'"' + os.fsencode(path).replace(b"\\", b"\\\\").replace(b'"', b'\\"') + b'"'


def _git(bare: Path, *arguments: str) -> None:
    subprocess.run(["git", "--git-dir", str(bare), *arguments], check=True)


def _crawled(home: Path, store: Store, counting: Counting) -> float:
    settings = folder.Settings(path=home / "git")
    scratch = home / "scratch"
    scratch.mkdir(exist_ok=True)
    tools = Tools(Network(), counting, store.facts, Ceiling(), str, lambda: NOW, scratch)
    source = Source("folder", "folder", settings, "s", lambda: folder.connect(settings, tools), Ceiling())
    start = time.perf_counter()
    with open_executor(EngineSettings()) as executor:
        run = store.begin("config", False, NOW)
        crawl([source], store, executor, run, detector_version=counting.version, now=lambda: NOW)
    return time.perf_counter() - start


JOBS = {"read": read, "prefilter": screened, "detect": detected, "again": again}

if __name__ == "__main__":
    job, place, count = sys.argv[1:]
    print(msgspec.json.encode(JOBS[job](Path(place), int(count))).decode())
