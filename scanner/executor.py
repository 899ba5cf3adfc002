"""Where units run: threads here. The contract is concurrent.futures.Executor, so that another machine's executor fits.

Units wait for networks, so threads are enough; bytes are parsed in the detector's own pool of processes.
docs/decisions/crawl-and-store.md says why a stuck unit is given up by the coordinator and not by the executor.
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
    """One daemon thread a task: a task that never returns can be given up, and does not keep the program from ending.

    ThreadPoolExecutor joins its threads when the interpreter exits, so one stuck read would hold the run for ever.
    The coordinator bounds how many tasks are in flight; a unit is long enough that starting a thread costs nothing beside it.
    """

    def submit(self, fn: Callable[Parameters, Result], /, *args: Parameters.args, **kwargs: Parameters.kwargs) -> Future[Result]:
        """Starts `fn` at once."""
        future: Future[Result] = Future()
        threading.Thread(target=_run, args=(future, fn, args, kwargs), daemon=True, name="unit").start()
        return future


def _run(future: Future[Any], fn: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    if not future.set_running_or_notify_cancel():
        return
    try:
        result = fn(*args, **kwargs)
    except BaseException as error:  # noqa: BLE001 - the future carries it to who waits for it
        future.set_exception(error)
    else:
        future.set_result(result)


def open_executor(settings: EngineSettings) -> Executor:
    """The executor that [engine] asks for."""
    del settings  # one type so far
    return Threads()
