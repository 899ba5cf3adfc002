"""One crawl of a shelf in a process of its own, for a test to kill. It says each unit that is done.

python -m tests.crawler URL SHELF NOW
"""

import sys
from pathlib import Path

from scanner.crawl import crawl
from scanner.executor import EngineSettings, open_executor
from scanner.model import Coverage, Point
from scanner.store import Conclusion, open_store
from tests.shelf import Shelf, source


def main(url: str, directory: str, now: str) -> None:
    """Crawls, saves and says so."""
    with open_store(url) as store, open_executor(EngineSettings()) as executor:
        run = store.begin("config", False, now)
        print("resumed" if run.resumed else "begun", flush=True)
        shelf = source(Shelf(Path(directory)), concurrency=4)
        result = crawl([shelf], store, executor, run, detector_version="1", now=lambda: now, progress=lambda *_: print("done", flush=True))
        print("crawled", flush=True)
        point = Point(run.id, now, {}, 1, 1)
        store.save(run, Conclusion((), (), (), (), Coverage(result.coverage.scopes, result.coverage.gaps), point, {}))
        print("saved", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
