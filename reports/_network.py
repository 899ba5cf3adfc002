"""What a sender trusts, and how it waits: the certificates of the config, and growing pauses between tries."""

import ssl
import threading
from collections.abc import Callable, Iterator
from typing import TypeVar

from scanner.contracts import Network, Tools
from scanner.errors import ConfigError

Sent = TypeVar("Sent")


class Passing(Exception):
    """A failure that may pass: worth another try. `wait`: seconds that the other side asked for."""

    def __init__(self, message: str, wait: float | None = None) -> None:
        super().__init__(message)
        self.wait = wait


class Final(Exception):
    """A failure that another try tonight would meet again."""


def trusted(network: Network) -> ssl.SSLContext:
    """The authorities of the config, or the system's. Certificates and names are always checked."""
    context = ssl.create_default_context() if network.ca_bundle is None else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if network.ca_bundle is not None:
        try:
            context.load_verify_locations(str(network.ca_bundle))
        except (OSError, ssl.SSLError) as error:
            raise ConfigError(f"[network] ca_bundle {network.ca_bundle} is no file of certificates in PEM form") from error
    return context


def patiently(attempt: Callable[[], Sent], tools: Tools, first_wait: float, whom: str) -> Sent:
    """`attempt`, tried again after what may pass: [network] retries times, and max_wait seconds in all. Raises the last failure."""
    left = tools.network.max_wait
    for pause in _pauses(tools.network.retries, first_wait):
        try:
            return attempt()
        except Passing as error:
            wait = max(pause, error.wait or 0)
            if wait > left:
                raise
            left -= wait
            tools.note(f"{whom}: {error}; trying again in {wait:.0f} s")
            threading.Event().wait(wait)
    return attempt()


def _pauses(retries: int, first: float) -> Iterator[float]:
    yield from (first * 2**number for number in range(retries))
