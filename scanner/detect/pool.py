"""Detectors: bytes to facts, here (LocalDetector) or in supervised worker processes (PoolDetector).

The prefilter runs where the bytes are, for it never builds anything of them; only a file that hits is sent to a worker and parsed.
A worker has limits of memory and processor; one that dies or is late costs its file, which comes back with a reason, and is replaced.
"""

import contextlib
import hashlib
import os
import queue
import threading
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

from scanner.contracts import Detector, Findings
from scanner.detect import engine, version
from scanner.detect.settings import DetectSettings
from scanner.detect.task import Task
from scanner.detect.worker import Died, Late, Worker

RECENT = 1000
"""So many answers are kept for whoever asks for the same file meanwhile: a fork, a copy, a branch read at the same time."""
RESTED = 2000
"""A worker that has read so many files is replaced, so that what its parsers leak is given back."""


@contextlib.contextmanager
def detector(settings: DetectSettings, fingerprint_key: bytes | None) -> Iterator[Detector]:
    """The pool, its workers stopped at the end. Without a key, fingerprints of secrets are made with one for this pool only."""
    pool = PoolDetector(settings, fingerprint_key or os.urandom(32))
    try:
        yield pool
    finally:
        pool.close()


class LocalDetector:
    """A detector without processes, for tests and for a worker itself: a hostile file can end the caller."""

    def __init__(self, settings: DetectSettings | None = None, fingerprint_key: bytes | None = None) -> None:
        self.settings = settings or DetectSettings()
        self.key = fingerprint_key or os.urandom(32)
        self.version = version.of_detector(self.settings)

    def wanted(self, path: str, size: int | None) -> bool:
        """Whether a file of this name can matter at all."""
        return engine.wanted(path, size)

    def detect(self, files: Iterable[tuple[str, bytes]]) -> Iterator[tuple[str, Findings]]:
        """Facts of each file, in order."""
        for path, data in files:
            task = engine.triage(path, data, self.settings)
            yield path, task if isinstance(task, Findings) else engine.examine(task, self.key)


class PoolDetector:
    """The detector of a run. Safe to use from several threads at once."""

    def __init__(self, settings: DetectSettings, fingerprint_key: bytes) -> None:
        self.settings = settings
        self.version = version.of_detector(settings)
        self._key = fingerprint_key
        self._size = settings.workers or min(4, os.cpu_count() or 1)
        self._idle: queue.SimpleQueue[Worker | None] = queue.SimpleQueue()
        for _ in range(self._size):
            self._idle.put(None)
        self._threads = ThreadPoolExecutor(self._size, thread_name_prefix="detect")
        self._lock = threading.Lock()
        self._workers: set[Worker] = set()
        self._recent: dict[bytes, Future[Findings]] = {}

    def wanted(self, path: str, size: int | None) -> bool:
        """Whether a file of this name can matter at all."""
        return engine.wanted(path, size)

    def detect(self, files: Iterable[tuple[str, bytes]]) -> Iterator[tuple[str, Findings]]:
        """Facts of each file, in any order; only a few files beyond those in the workers are held."""
        waiting: deque[tuple[str, Future[Findings]]] = deque()
        for path, data in files:
            task = engine.triage(path, data, self.settings)
            if isinstance(task, Findings):
                yield path, task
                continue
            waiting.append((path, self._asked(task)))
            while waiting and (len(waiting) > 4 * self._size or waiting[0][1].done()):
                done, future = waiting.popleft()
                yield done, future.result()
        for path, future in waiting:
            yield path, future.result()

    def close(self) -> None:
        """Stops every worker."""
        self._threads.shutdown(wait=True, cancel_futures=True)
        with self._lock:
            workers, self._workers = self._workers, set()
        for worker in workers:
            worker.stop()

    def _asked(self, task: Task) -> Future[Findings]:
        """The answer to come; the same file at the same path is examined once, whoever asks."""
        key = hashlib.blake2b(task.data, person=b"gnomon", salt=hashlib.blake2b(task.path.encode(), digest_size=16).digest()).digest()
        with self._lock:
            future = self._recent.pop(key, None)
            if future is None or (future.done() and future.result().unread):  # what went wrong may pass
                future = self._threads.submit(self._examine, task)
            self._recent[key] = future
            if len(self._recent) > RECENT:
                del self._recent[next(iter(self._recent))]
        return future

    def _examine(self, task: Task) -> Findings:
        worker = self._idle.get()
        kept: Worker | None = None
        try:
            worker = self._fresh(worker)
            found = worker.examine(task)
            kept = worker
        except Late:
            found = Findings(unread=f"unparsed: took longer than {self.settings.file_seconds:g} s")
        except Died as error:
            found = Findings(unread=f"unparsed: the parser ended ({error})")
        finally:
            if kept is None:
                self._dropped(worker)
            self._idle.put(kept)
        return found

    def _fresh(self, worker: Worker | None) -> Worker:
        if worker is not None and worker.files < RESTED:
            return worker
        self._dropped(worker)
        started = Worker(self.settings, self._key)
        with self._lock:
            self._workers.add(started)
        return started

    def _dropped(self, worker: Worker | None) -> None:
        if worker is not None:
            with self._lock:
                self._workers.discard(worker)
            worker.stop()
