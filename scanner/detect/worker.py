"""A parsing process and the line to it.

It starts isolated (`-P`: nothing is imported from where it stands, which may be a scanned tree), in the root directory, without the
environment's secrets; what it reads and answers are frames of msgpack over pipes. It never writes to disk and opens no connection.
"""

import gc
import os
import select
import struct
import subprocess
import sys
import time
import traceback
from pathlib import Path
from typing import IO, Any

import msgspec

import scanner
from scanner.contracts import Findings
from scanner.detect.settings import DetectSettings
from scanner.detect.task import Task

LENGTH = struct.Struct(">I")
HOME = str(Path(scanner.__file__).parent.parent)
START = "import sys; sys.path.insert(0, sys.argv[1]); from scanner.detect.worker import serve; serve()"
KEPT = ("PATH", "LANG", "LC_ALL", "TZ", "SYSTEMROOT", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")
STARTING = 60.0


class Died(Exception):
    """The process ended before it answered; the message says how."""


class Late(Exception):
    """The process did not answer in time."""


class Order(msgspec.Struct, frozen=True):
    """What a worker is told first."""

    settings: dict[str, Any]
    key: bytes


class Worker:
    """One parsing process, seen from outside. Used by one thread at a time."""

    def __init__(self, settings: DetectSettings, key: bytes) -> None:
        self.files = 0
        self._seconds = settings.file_seconds
        environment = {name: os.environ[name] for name in KEPT if name in os.environ}
        command = [sys.executable, "-P", "-c", START, HOME]
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd="/",
            env=environment,
            start_new_session=True,
        )
        self._send(msgspec.msgpack.encode(Order(settings.model_dump(mode="json"), key)))
        self._receive(time.monotonic() + STARTING)

    def examine(self, task: Task) -> Findings:
        """The findings of one file. Raises Died or Late; then the worker is of no more use."""
        self.files += 1
        self._send(msgspec.msgpack.encode(task))
        return msgspec.msgpack.decode(self._receive(time.monotonic() + self._seconds), type=Findings)

    def stop(self) -> None:
        """Ends the process at once and gives its pipes back."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                _close(pipe)

    def _send(self, frame: bytes) -> None:
        pipe = self._process.stdin
        try:
            if pipe is not None:
                pipe.write(LENGTH.pack(len(frame)) + frame)
                pipe.flush()
        except (OSError, ValueError) as error:
            raise Died(self._how()) from error

    def _receive(self, deadline: float) -> bytes:
        size = LENGTH.unpack(self._read(LENGTH.size, deadline))[0]
        return self._read(size, deadline)

    def _read(self, size: int, deadline: float) -> bytes:
        pipe = self._process.stdout
        descriptor = pipe.fileno() if pipe is not None else -1
        chunks: list[bytes] = []
        while size:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([descriptor], [], [], left)[0]:
                raise Late
            chunk = os.read(descriptor, min(size, 1 << 20))
            if not chunk:
                raise Died(self._how())
            chunks.append(chunk)
            size -= len(chunk)
        return b"".join(chunks)

    def _how(self) -> str:
        try:
            code = self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            return "no answer"
        return f"signal {-code}" if code < 0 else f"exit {code}"


def _close(pipe: IO[bytes]) -> None:
    try:
        pipe.close()
    except BrokenPipeError:
        return


def serve() -> None:
    """The process's side: reads orders from standard input until it closes."""
    answers = os.dup(1)
    os.dup2(2, 1)  # what a library prints must not reach the line
    order = msgspec.msgpack.decode(_frame(), type=Order)
    settings = DetectSettings.model_validate(order.settings)
    _limit(settings)
    from scanner.detect import engine

    engine.warm()
    gc.freeze()
    gc.set_threshold(200_000, 50, 1000)  # a file's trees are garbage together: looking among them meanwhile costs a quarter of the time
    _answer(answers, b"")
    while frame := _frame():
        task = msgspec.msgpack.decode(frame, type=Task)
        _spare_time(settings)
        _answer(answers, msgspec.msgpack.encode(_examined(task, order.key)))


def _examined(task: Task, key: bytes) -> Findings:
    """What `engine.examine` says; a defect of ours costs this file, and says where it is."""
    from scanner.detect import engine

    try:
        return engine.examine(task, key)
    except Exception as error:  # noqa: BLE001  # the process's outermost frame: it answers, whatever was wrong
        last = traceback.extract_tb(error.__traceback__)[-1]
        return Findings(unread=f"defect: {type(error).__name__} at {Path(last.filename).name}:{last.lineno}")


def _frame() -> bytes:
    head = sys.stdin.buffer.read(LENGTH.size)
    return sys.stdin.buffer.read(LENGTH.unpack(head)[0]) if len(head) == LENGTH.size else b""


def _answer(descriptor: int, frame: bytes) -> None:
    data = memoryview(LENGTH.pack(len(frame)) + frame)
    while data:
        data = data[os.write(descriptor, data) :]


def _limit(settings: DetectSettings) -> None:
    import resource

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform.startswith("linux"):
        resource.setrlimit(resource.RLIMIT_AS, (settings.worker_memory, settings.worker_memory))


def _spare_time(settings: DetectSettings) -> None:
    """Processor seconds for the next file, beyond those spent."""
    import resource

    spent = resource.getrusage(resource.RUSAGE_SELF)
    soft = int(spent.ru_utime + spent.ru_stime + settings.file_seconds) + 2
    resource.setrlimit(resource.RLIMIT_CPU, (soft, resource.getrlimit(resource.RLIMIT_CPU)[1]))
