"""Where units run: threads here. The contract is concurrent.futures.Executor, so that another machine's executor fits.

Units wait for networks, so threads are enough; bytes are parsed in the detector's own pool of processes.
docs/decisions/0011-crawl-and-store.md says why a stuck unit is given up by the coordinator and not by the executor.
"""

import threading
from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import Any, Literal, ParamSpec, TypeVar

from pydantic import Field

from scanner.contracts import PluginSettings

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")


class EngineSettings(PluginSettings):
    """[engine]: where units run."""

    type: Literal["threads"] = Field(default="threads", description="threads: on this machine")
    workers: int = Field(default=32, ge=1, le=1024, description="units read at the same time, over all sources")
    max_observations: int = Field(default=2_000_000, ge=1, description="observations of one unit; what is beyond is named in a gap")


class Threads(Executor):
    """One daemon thread a task, so many at once: a task that never returns can be given up, and keeps no program from ending.

    ThreadPoolExecutor joins its threads when the interpreter exits, so one stuck read would hold the run for ever.
    The coordinator bounds how many tasks wait; a unit is long enough that starting a thread costs nothing beside it.
    """

    def __init__(self, workers: int) -> None:
        self._places = threading.Semaphore(workers)

    def submit(self, fn: Callable[Parameters, Result], /, *args: Parameters.args, **kwargs: Parameters.kwargs) -> Future[Result]:
        """Starts `fn` as soon as there is a place. The future is `running` from then on."""
        task: _Task[Result] = _Task(self._places)
        threading.Thread(target=_run, args=(task, fn, args, kwargs), daemon=True, name="unit").start()
        return task


class _Task(Future[Result]):
    """A future that knows its place: cancelled while it runs, it cannot end its thread, but it gives the place to the next."""

    def __init__(self, places: threading.Semaphore) -> None:
        super().__init__()
        self._places = places
        self._turn = threading.Lock()
        self._placed = False

    def begin(self) -> bool:
        """Waits for a place; False where it was cancelled meanwhile."""
        self._places.acquire()
        with self._turn:
            self._placed = True
        if self.set_running_or_notify_cancel():
            return True
        self.leave()
        return False

    def leave(self) -> None:
        """Gives the place back, once."""
        with self._turn:
            placed, self._placed = self._placed, False
        if placed:
            self._places.release()

    def cancel(self) -> bool:
        """As any future; one that runs gives its place back as well."""
        if self.running():
            self.leave()
        return super().cancel()


def _run(task: _Task[Any], fn: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    if not task.begin():
        return
    try:
        result = fn(*args, **kwargs)
    except BaseException as error:  # noqa: BLE001 - the future carries it to who waits for it
        task.leave()
        task.set_exception(error)
    else:
        task.leave()
        task.set_result(result)


def open_executor(settings: EngineSettings) -> Executor:
    """The executor that [engine] asks for, to be used as a context manager."""
    return Threads(settings.workers)
