"""Reading requests to one endpoint: GET, and the one POST that reads; no redirects off the host; cut at limits of size and time."""

import time
import zlib
from functools import cached_property
from ssl import create_default_context
from typing import Any
from urllib.parse import urljoin, urlsplit

import msgspec

from scanner.contracts import Tools
from scanner.errors import OverLimit, ReadError, UnexpectedReply, Unreachable

READS_BY_POST = frozenset({"/v2/repository/index"})
"""Triton's and MLServer's listing, documented as reading: the model repository extension of github.com/triton-inference-server/server."""
REDIRECTS = 2


class Reply:
    """One reply, read whole or up to the limit."""

    def __init__(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        self.status, self._headers, self.body = status, headers, body

    @property
    def header_lines(self) -> str:
        """`server: uvicorn`, one a line."""
        return "\n".join(f"{name.lower()}: {value}" for name, value in self._headers)

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode("utf-8", "replace")

    @cached_property
    def value(self) -> Any:
        """The body as JSON; None where it is none."""
        try:
            return msgspec.json.decode(self.body)
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
            return None


class Prober:
    """One endpoint. Every path is asked once; a path that failed answers None and is remembered in `failed`."""

    def __init__(self, url: str, tools: Tools, *, max_bytes: int, seconds: float, token: tuple[str, str] | None = None) -> None:
        self.url, self._tools, self._max_bytes, self._token = url.rstrip("/"), tools, max_bytes, token
        self._until = time.monotonic() + seconds
        self._replies: dict[str, Reply | None] = {}
        self.failed: dict[str, ReadError] = {}

    def ask(self, path: str) -> Reply | None:
        """What a path answers."""
        if path not in self._replies:
            self._replies[path] = self._asked(path)
        return self._replies[path]

    @property
    def answered(self) -> list[Reply]:
        """Every reply so far."""
        return [reply for reply in self._replies.values() if reply is not None]

    def close(self) -> None:
        """Ends the connection."""
        self._client.close()

    @cached_property
    def _client(self) -> Any:
        import httpx

        network = self._tools.network
        verify = create_default_context(cafile=str(network.ca_bundle) if network.ca_bundle else None)
        headers = {"User-Agent": "gnomon", "Accept": "*/*", "Accept-Encoding": "identity"} | (
            {self._token[0]: self._token[1]} if self._token else {}
        )
        timeout = httpx.Timeout(network.timeout, connect=min(network.timeout, 5))
        return httpx.Client(headers=headers, timeout=timeout, verify=verify, trust_env=False, proxy=network.proxy, follow_redirects=False)

    def _asked(self, path: str) -> Reply | None:
        try:
            return self._fetched(path)
        except (UnexpectedReply, OverLimit, Unreachable) as error:
            self.failed[path] = error
            return None

    def _fetched(self, path: str) -> Reply:
        target = self.url + path
        if time.monotonic() > self._until:
            raise OverLimit(f"{self.url}: takes longer than probe_seconds")
        for _ in range(REDIRECTS + 1):
            reply, location = self._once(target, "POST" if path in READS_BY_POST else "GET")
            if location is None or _origin(urljoin(target, location)) != _origin(target):
                return reply
            target = urljoin(target, location)
        return reply

    def _once(self, target: str, method: str) -> tuple[Reply, str | None]:
        import httpx

        self._tools.limiter.spend(requests=1)
        content = b"{}" if method == "POST" else None
        headers = {"Content-Type": "application/json"} if content else {}
        try:
            with self._client.stream(method, target, content=content, headers=headers) as response:
                body = self._read(response)
                pairs = [(name, value) for name, value in response.headers.multi_items()]
                moved = response.status_code in (301, 302, 307, 308)
                return Reply(response.status_code, pairs, body), response.headers.get("location") if moved else None
        except (httpx.RemoteProtocolError, httpx.DecodingError, httpx.ReadError, zlib.error) as error:
            raise UnexpectedReply(f"{self.url}: breaks off in the middle of its reply, or speaks no HTTP") from error
        except (httpx.TransportError, httpx.InvalidURL, UnicodeError) as error:
            raise Unreachable(f"{self.url}: no answer ({type(error).__name__})") from error

    def _read(self, response: Any) -> bytes:
        parts, size = [], 0
        for part in response.iter_raw(65536):
            size += len(part)
            parts.append(part)
            if size > self._max_bytes:
                raise OverLimit(f"{self.url}: a reply is longer than max_bytes", remedy="raise max_bytes if it serves that many models")
            if time.monotonic() > self._until:
                raise OverLimit(f"{self.url}: a reply does not end within probe_seconds")
        self._tools.limiter.spend(bytes=size)
        return self._plain(b"".join(parts), response.headers.get("content-encoding", "identity").lower())

    def _plain(self, body: bytes, encoding: str) -> bytes:
        """Some compress though identity was asked for; what unpacks beyond the limit is refused."""
        if encoding in ("identity", ""):
            return body
        if encoding not in ("gzip", "deflate"):
            raise UnexpectedReply(f"{self.url}: answers in an encoding that was not asked for")
        unpacker = zlib.decompressobj(47 if encoding == "gzip" else 15)
        plain = unpacker.decompress(body, self._max_bytes)
        if unpacker.unconsumed_tail:
            raise OverLimit(f"{self.url}: a packed reply is longer than max_bytes")
        return plain


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port
