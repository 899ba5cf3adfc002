"""Requests to GitHub: conditional, paged, within its limits. One client serves all units of a source.

httpx rather than PyGithub: docs/decisions/github-over-httpx.md. Limits: docs.github.com, "Rate limits for the REST API".
"""

import json
import ssl
import threading
import time
import weakref
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import httpx
import msgspec

from connectors.github import replies
from scanner.contracts import Network, Tools
from scanner.errors import ConfigError, OverLimit, Throttled, UnexpectedReply, Unreachable

REPLY_AT_MOST = 32 << 20
RETRIED = frozenset({500, 502, 503, 504})
SLOWEST = 10
"""A reply may take this many times network.timeout in all: a byte now and then would otherwise keep it open for ever."""


class Reply(msgspec.Struct, frozen=True):
    """An answer that GitHub documents: 200, 201 or 304. `following` is the path of the next page."""

    status: int
    body: Any
    headers: Mapping[str, str]
    following: str | None = None


class Client:
    """The API as one account sees it. `authorise` gives the header; it is asked again for every request, as tokens of Apps expire."""

    def __init__(self, api_url: str, tools: Tools) -> None:
        self.api_url, self.tools = api_url, tools
        parts = urlsplit(api_url)
        enterprise = parts.path.rstrip("/").endswith("/api/v3")
        self.graphql_url = f"{parts.scheme}://{parts.netloc}/api/graphql" if enterprise else f"{api_url}/graphql"
        self.web_url = f"{parts.scheme}://{parts.netloc}".replace("://api.github.com", "://github.com")
        self.waited = 0.0
        self._lock = threading.Lock()
        self._free = threading.Event()
        network = tools.network
        verify = _trusted(network) if parts.scheme == "https" else False  # nothing to verify there
        agent = {"User-Agent": "gnomon"}
        self._http = httpx.Client(proxy=network.proxy, verify=verify, timeout=network.timeout, trust_env=False, headers=agent)
        weakref.finalize(self, self._http.close)  # a connector has no end of its own

    def get(self, path: str, authorisation: str, *, etag: str | None = None, method: str = "GET") -> Reply:
        """One request to the REST API. Raises a ReadError for anything but 200, 201 and 304."""
        headers = {"Authorization": authorisation, "Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"}
        if etag is not None:
            headers["If-None-Match"] = etag
        url = path if path.startswith(("http://", "https://")) else self.api_url + path
        self._own(url)
        return self._patiently(method, url, headers, None)

    def graphql(self, query: str, variables: Mapping[str, Any], authorisation: str) -> tuple[Mapping[str, Any], list[Mapping[str, Any]]]:
        """The data and the errors of a query: GitHub may give both. Raises a ReadError where there is no data."""
        content = json.dumps({"query": query, "variables": dict(variables)}).encode()
        reply = self._patiently("POST", self.graphql_url, {"Authorization": authorisation, "Content-Type": "application/json"}, content)
        body = reply.body if isinstance(reply.body, dict) else {}
        errors: list[Mapping[str, Any]] = [error for error in body.get("errors") or () if isinstance(error, dict)]
        if isinstance(body.get("data"), dict):
            return body["data"], errors
        raise replies.graphql_error(errors)

    def _own(self, url: str) -> None:
        if urlsplit(url)[:2] != urlsplit(self.api_url)[:2]:
            raise UnexpectedReply("the server points to another host; the token is not sent there")

    def _patiently(self, method: str, url: str, headers: Mapping[str, str], content: bytes | None) -> Reply:
        """Tries again what may pass, waits for limits, and follows a renamed repository on the same host."""
        tries, moves = self.tools.network.retries, 3
        while True:
            try:
                reply = self._once(method, url, headers, content)
            except Unreachable:
                if not tries:
                    raise
                self._pause(min(8.0, 0.5 * 2 ** (self.tools.network.retries - tries)))
                tries -= 1
                continue
            if isinstance(reply, Reply):
                return reply
            if isinstance(reply, str):
                url, moves = self._moved(reply, moves), moves - 1
            else:
                self._wait(reply)

    def _moved(self, url: str, moves: int) -> str:
        self._own(url)
        if not moves:
            raise UnexpectedReply("the server redirects in a circle")
        return url

    def _once(self, method: str, url: str, headers: Mapping[str, str], content: bytes | None) -> Reply | str | float:
        """A reply, the address it moved to, or the seconds that a limit asks us to wait."""
        status, found, body = self._exchange(method, url, headers, content)
        if status != 304:
            self.tools.limiter.spend(requests=1, bytes=len(body))
        if status in RETRIED:
            raise Unreachable(f"GitHub answers {status}", remedy="githubstatus.com, or the Enterprise server's own log, may say why")
        if status in (301, 302, 307, 308) and "location" in found:
            return found["location"]
        wait = replies.limited(status, found, body, time.time())
        if wait is not None:
            return wait
        if status not in (200, 201, 304):
            raise replies.error(status, found, body, urlsplit(url).path)
        following = replies.next_page(found)
        return Reply(status, replies.parsed(body) if status != 304 else None, found, following)

    def _exchange(self, method: str, url: str, headers: Mapping[str, str], content: bytes | None) -> tuple[int, Mapping[str, str], bytes]:
        end = time.monotonic() + SLOWEST * self.tools.network.timeout
        body = bytearray()
        try:
            with self._http.stream(method, url, headers=dict(headers), content=content) as response:
                for chunk in response.iter_bytes():
                    body += chunk
                    if len(body) > REPLY_AT_MOST:
                        raise OverLimit(f"a reply of more than {REPLY_AT_MOST >> 20} MiB")
                    if time.monotonic() > end:
                        raise Unreachable("a reply that does not end")
                return response.status_code, response.headers, bytes(body)
        except httpx.TimeoutException as error:
            raise Unreachable(f"no answer within {self.tools.network.timeout:.0f} s", remedy="check network.proxy") from error
        except (httpx.TransportError, httpx.DecodingError) as error:
            raise Unreachable(
                f"no whole answer ({type(error).__name__})", remedy="check api_url, network.proxy and network.ca_bundle"
            ) from error

    def _wait(self, seconds: float) -> None:
        """Waits for a limit, all requests of this source together at most network.max_wait seconds."""
        most = self.tools.network.max_wait
        with self._lock:
            if self.waited + seconds > most:
                raise Throttled(f"GitHub's rate limit asks to wait {seconds:.0f} s more; [network] max_wait is {most:.0f} s in all")
            self.waited += seconds
        self.tools.note(f"GitHub's rate limit: waiting {seconds:.0f} s")
        self._pause(seconds)

    def _pause(self, seconds: float) -> None:
        self._free.wait(seconds)


def _trusted(network: Network) -> ssl.SSLContext:
    """The authorities of the config, or the system's."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if network.ca_bundle is None:
        context.load_default_certs()
        return context
    try:
        context.load_verify_locations(str(network.ca_bundle))
    except (OSError, ssl.SSLError) as error:
        raise ConfigError(f"[network] ca_bundle {network.ca_bundle} is no file of certificates in PEM form") from error
    return context
