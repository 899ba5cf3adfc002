"""One cluster's API over one kubeconfig context: GETs that are limited, retried, and answered in our errors.

The kubernetes library knows how to log in; replies are read and decoded here, because making typed models of thousands of pods
takes twenty times as long as reading them.
"""

import random
import time
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from typing import Any, NamedTuple
from urllib.parse import urlencode

import msgspec

from connectors.kubernetes.login import configuration
from connectors.kubernetes.settings import ClusterSettings, Settings
from scanner.contracts import Tools
from scanner.errors import AccessDenied, NotServed, OverLimit, ReadError, Throttled, UnexpectedReply, Unreachable

JSON = "application/json"
METADATA = "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io,application/json"
TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io"
RESTARTS = 3
CHUNK = 1 << 16
LONGEST_PAUSE = 5.0
Object = Mapping[str, Any]


class Expired(UnexpectedReply):
    """410: a continue token is too old, and the listing must start again."""


class ServerFault(Unreachable):
    """5xx: the server is there, and this one path of it fails."""


class Reply(NamedTuple):
    """A reply that was read whole."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Client:
    """One cluster. May be used by every thread."""

    def __init__(self, settings: Settings, cluster: ClusterSettings, tools: Tools) -> None:
        self.settings, self.cluster, self.tools = settings, cluster, tools

    @cached_property
    def _api(self) -> Any:
        from kubernetes.client import ApiClient

        return ApiClient(configuration(self.settings, self.cluster, self.tools))

    def get(self, path: str, accept: str = JSON, **query: str | int) -> Any:
        """What a path answers, decoded. Raises a ReadError."""
        return self._decoded(path, self._patient("GET", path, accept, None, query).body)

    def review(self, path: str, kind: str, spec: Object) -> Any:
        """Asks the server about ourselves: a self-review stores nothing."""
        group, version = path.split("/")[2:4]
        body = msgspec.json.encode({"apiVersion": f"{group}/{version}", "kind": kind, "spec": spec})
        return self._decoded(path, self._patient("POST", path, JSON, body, {}).body)

    def items(self, path: str, accept: str = JSON, keep: Callable[[Object], Any] = lambda item: item, **query: str | int) -> list[Any]:
        """Every object of a listing, page by page; from the start again where the server let a page token expire."""
        for _ in range(RESTARTS):
            try:
                return list(self._pages(path, accept, keep, query))
            except Expired:
                self.tools.note(f"{self.name}: the listing of {path} expired and starts again")
        raise UnexpectedReply(f"{self.name}: the listing of {path} expired {RESTARTS} times before it was whole")

    @property
    def name(self) -> str:
        """How keys and reports call the cluster."""
        return self.cluster.name or self.cluster.context or "in-cluster"

    def _pages(self, path: str, accept: str, keep: Callable[[Object], Any], query: Mapping[str, str | int]) -> Iterator[Any]:
        used: set[str] = set()
        token, count = "", 0
        while True:
            page = self.get(path, accept, **{"limit": self.settings.page_size, **query, **({"continue": token} if token else {})})
            for item in _listed(page, path, self.name):
                count += 1
                if count > self.settings.max_objects:
                    raise OverLimit(f"{self.name}: {path} holds more than {self.settings.max_objects} objects", remedy="raise max_objects")
                yield keep(item)
            token = (page.get("metadata") or {}).get("continue") or ""
            if not token:
                return
            if token in used:
                raise UnexpectedReply(f"{self.name}: the listing of {path} gives the same page token twice")
            used.add(token)

    def _decoded(self, path: str, body: bytes) -> Any:
        try:
            value = msgspec.json.decode(body)
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
            raise UnexpectedReply(f"{self.name}: {path} answers something that is not JSON, or half of it") from error
        if not isinstance(value, dict):
            raise UnexpectedReply(f"{self.name}: {path} answers JSON that is no object")
        return value

    def _patient(self, method: str, path: str, accept: str, body: bytes | None, query: Mapping[str, str | int]) -> Reply:
        """Tries again what may pass: 5xx, resets and timeouts a few times, 429 as long as max_wait allows."""
        waited, tries = 0.0, 0
        while True:
            try:
                reply = self._once(method, path, accept, body, query)
            except (Unreachable, _Broken) as error:
                tries += 1
                if tries > self.tools.network.retries:
                    raise _final(error) from error
                time.sleep(_pause(tries))
                continue
            if reply.status == 429 or (reply.status == 503 and "retry-after" in reply.headers):
                waited += self._wait(reply, path, waited)
            elif reply.status >= 500 and tries < self.tools.network.retries:
                tries += 1
                time.sleep(_pause(tries))
            else:
                return self._checked(reply, path)

    def _wait(self, reply: Reply, path: str, waited: float) -> float:
        asked = reply.headers.get("retry-after", "1")
        seconds = min(float(asked) if asked.isdigit() else 1.0, 300.0) or 1.0
        if waited + seconds > self.tools.network.max_wait:
            busy = Throttled if reply.status == 429 else ServerFault
            raise busy(f"{self.name}: {path} answers {reply.status} for longer than max_wait allows", remedy="raise [network] max_wait")
        self.tools.note(f"{self.name} is throttled; waiting {seconds:.0f} s")
        time.sleep(seconds)
        return seconds

    def _once(self, method: str, path: str, accept: str, body: bytes | None, query: Mapping[str, str | int]) -> Reply:
        import urllib3

        api, network = self._api, self.tools.network
        self.tools.limiter.spend(requests=1)
        headers = {"Accept": accept, "User-Agent": "gnomon", **_authorization(api)}
        if body is not None:
            headers["Content-Type"] = JSON
        url = f"{api.configuration.host.rstrip('/')}{path}{'?' + urlencode(query) if query else ''}"
        timeout = urllib3.Timeout(connect=min(network.timeout, 10), read=network.timeout)
        sent = {"body": body, "headers": headers, "timeout": timeout, "preload_content": False, "redirect": False, "retries": False}
        try:
            response = api.rest_client.pool_manager.request(method, url, **sent)
            try:
                content = self._read(response, path)
            except BaseException:
                response.close()
                raise
            response.release_conn()
        except (urllib3.exceptions.ProtocolError, urllib3.exceptions.DecodeError) as error:
            raise _Broken(f"{self.name}: {path} breaks off in the middle of its reply") from error
        except urllib3.exceptions.HTTPError as error:
            raise Unreachable(f"{self.name}: {_unreachable(error)}", remedy=_reach_remedy(error)) from error
        return Reply(response.status, {name.lower(): value for name, value in response.headers.items()}, content)

    def _read(self, response: Any, path: str) -> bytes:
        parts, size, deadline = [], 0, time.monotonic() + 10 * self.tools.network.timeout
        for part in response.stream(CHUNK, decode_content=True):
            size += len(part)
            parts.append(part)
            if size > self.settings.max_reply_bytes:
                raise OverLimit(f"{self.name}: the reply of {path} is larger than max_reply_bytes", remedy="lower page_size")
            if time.monotonic() > deadline:
                raise Unreachable(f"{self.name}: the reply of {path} does not end")
        self.tools.limiter.spend(bytes=size)
        return b"".join(parts)

    def _checked(self, reply: Reply, path: str) -> Reply:
        if reply.status in (200, 201):
            return reply
        said = f"{self.name}: {_message(reply, path)}"
        if reply.status == 401:
            raise AccessDenied(said, remedy="the token or certificate of the context is not accepted, or expired; log in again")
        if reply.status == 403:
            raise AccessDenied(said, remedy="let its ClusterRole list it; deploy/kubernetes-reader.yaml has the whole role")
        if reply.status == 410:
            raise Expired(said)
        if reply.status == 404:
            raise NotServed(said)
        raise ServerFault(said) if reply.status >= 500 else UnexpectedReply(said)


class _Broken(ReadError):
    """A reply that broke off; it may be whole the next time."""


def _final(error: ReadError) -> ReadError:
    return UnexpectedReply(str(error)) if isinstance(error, _Broken) else error


def _authorization(api: Any) -> dict[str, str]:
    return {setting["key"]: setting["value"] for setting in api.configuration.auth_settings().values() if setting.get("value")}


def _listed(page: Object, path: str, name: str) -> list[Any]:
    found = page.get("rows") if page.get("kind") == "Table" else page.get("items", ...)
    if found is None:  # Go writes an empty list this way
        return []
    if not isinstance(found, list) or not all(isinstance(item, dict) for item in found):
        raise UnexpectedReply(f"{name}: {path} answers something that is no list of objects")
    return found


def _pause(tries: int) -> float:
    return min(0.2 * 2.0**tries, LONGEST_PAUSE) * random.uniform(0.5, 1)  # noqa: S311 - spreads retries, keeps no secret


def _message(reply: Reply, path: str) -> str:
    """The server's own words, where they are a Status; never other content."""
    try:
        status = msgspec.json.decode(reply.body)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        status = None
    said = status.get("message") if isinstance(status, dict) and status.get("kind") == "Status" else None
    return f"{path} answers {reply.status}{': ' + str(said)[:300] if said else ''}"


def _unreachable(error: Exception) -> str:
    import urllib3

    if isinstance(error, urllib3.exceptions.SSLError):
        return f"the server's certificate is not accepted ({str(error)[:200]})"
    if isinstance(error, urllib3.exceptions.ReadTimeoutError):
        return "no answer in time"
    return f"cannot be reached ({type(error).__name__})"


def _reach_remedy(error: Exception) -> str:
    import urllib3

    if isinstance(error, urllib3.exceptions.SSLError):
        return "renew the server's certificate, or name its authority in the kubeconfig or in [network] ca_bundle"
    return "check that the API server is up and reachable from here"
