"""`make bench`: every number that the README gives, beside a peer or a limit. `python -m benchmarks NAME...` runs some of them.

Each benchmark runs in a process of its own, so that memory is its own too. Nothing is asserted here: a row says whether it is as wanted.
"""

import importlib
import json
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.rows import Row

NAMES = sorted(path.stem for path in Path(__file__).parent.glob("*.py") if "\ndef run(" in path.read_text("utf-8"))
MARK = {True: "yes", False: "NO", None: ""}


def main(chosen: list[str]) -> int:
    unknown = [name for name in chosen if name not in NAMES]
    if unknown:
        print(f"no benchmark is named {unknown[0]!r}; there are {', '.join(NAMES)}", file=sys.stderr)
        return 2
    print("| what | measured | wanted | as wanted |\n|---|---|---|---|", flush=True)
    failed = [name for name in chosen or NAMES if not _shown(name)]
    return 1 if failed else 0


def _shown(name: str) -> bool:
    started = time.monotonic()
    done = subprocess.run([sys.executable, "-m", "benchmarks", "--rows", name], stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        print(f"| {name} | ended with {done.returncode} | | NO |", flush=True)
        return False
    for row in (Row(*each) for each in json.loads(done.stdout.splitlines()[-1])):
        print(f"| {row.what} | {row.measured} | {row.wanted} | {MARK[row.ok]} |", flush=True)
    print(f"{name}: {time.monotonic() - started:.0f} s", file=sys.stderr)
    return True


def rows(name: str) -> str:
    """The rows of one benchmark, as JSON on the last line of its process."""
    return json.dumps(list(importlib.import_module(f"benchmarks.{name}").run()))


if __name__ == "__main__":
    arguments = sys.argv[1:]
    if arguments[:1] == ["--rows"]:
        print(rows(arguments[1]))
    else:
        sys.exit(main(arguments))
