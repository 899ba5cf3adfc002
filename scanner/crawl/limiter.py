"""Counts what one credential spends, and stops at the ceilings of the config."""

from threading import Lock

from scanner.errors import OverLimit


class Ceiling:
    """A scanner.contracts.Limiter. None: no ceiling. Shared by every unit that uses the credential."""

    def __init__(self, max_requests: int | None = None, max_bytes: int | None = None) -> None:
        self._max_requests = max_requests
        self._max_bytes = max_bytes
        self._counting = Lock()
        self.requests = 0
        self.bytes = 0

    def spend(self, requests: int = 0, bytes: int = 0) -> None:
        """Counts; raises OverLimit once a ceiling is passed, and from then on at every request."""
        with self._counting:
            self.requests += requests
            self.bytes += bytes
            over_requests = self._max_requests is not None and self.requests > self._max_requests
            over_bytes = self._max_bytes is not None and self.bytes > self._max_bytes
        if over_requests:
            raise OverLimit(f"the ceiling of {self._max_requests} requests is reached", remedy="raise max_requests of this source")
        if over_bytes:
            raise OverLimit(f"the ceiling of {self._max_bytes} bytes is reached", remedy="raise max_bytes of this source")
