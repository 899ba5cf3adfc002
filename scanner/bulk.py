"""Building millions of values that all live: the cyclic garbage collector would walk them again and again and find nothing.

Measured over a million observations: 1.5 times as fast without it (benchmarks/reconciliation.py).
"""

import gc
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")


def uncollected(function: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
    """The function, run without the cyclic collector; it is switched on again whatever happens."""

    @wraps(function)
    def run(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Result:
        if not gc.isenabled():
            return function(*args, **kwargs)
        gc.disable()
        try:
            return function(*args, **kwargs)
        finally:
            gc.enable()

    return run
