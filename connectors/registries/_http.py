"""What the registries that are asked over HTTP share: how to log in, patience with limits, and replies that are whole JSON or an error."""

import threading
import time
import weakref
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from ssl import SSLContext, create_default_context
from typing import Any, NamedTuple, Self

import msgspec
from pydantic import Field, field_validator, model_validator

from connectors.registries._addresses import Parameters, below, joined, origin, place, whole
from scanner.contracts import PluginSettings, SecretName, Tools
from scanner.errors import AccessDenied, ConfigError, OverLimit, ReadError, Throttled, UnexpectedReply, Unreachable

PASSING = frozenset({500, 502, 503, 504})
MOVES = 3
LEAST_WAIT = 1.0
"""A limit that asks for no wait at all, again and again, would keep us for ever."""
SLOWEST = 10
"""A reply may take this many times network.timeout in all: a byte now and then would otherwise keep it open for ever."""


class HttpSettings(PluginSettings):
    """How a registry is reached. Secrets are named, never written here."""

    url: str = Field(description="base address, http:// or https://, without a password in it", examples=["https://registry.acme.example"])
    token: SecretName = Field(default="", description="variable, or file:/path, that holds a token; empty: no token is sent")
    header: str = Field(
        default="Authorization",
        pattern=r"^[A-Za-z0-9-]+$",
        description="header that carries the token; in Authorization it stands after the word Bearer",
    )
    username: str = Field(default="", description="user name, for a registry that asks for one; together with password")
    password: SecretName = Field(default="", description="variable, or file:/path, that holds the user's password")
    max_bytes: int = Field(default=50_000_000, ge=1, description="a longer reply is not read, and named in a gap")

    @field_validator("url")
    @classmethod
    def _an_address(cls, value: str) -> str:
        return whole(value)

    @model_validator(mode="after")
    def _one_login(self) -> Self:
        if bool(self.username) != bool(self.password):
            raise ValueError("username and password go together")
        if self.token and self.username:
            raise ValueError("give either token or username and password, not both")
        return self


class Reply(NamedTuple):
    """A whole reply: its JSON, the address that gave it, and the address of the next page where a Link header names one."""

    body: Any
    url: str
    following: str | None


class Client:
    """Reads one registry as one user. Nothing is sent before it is asked; the credential never leaves the registry's own host."""

    def __init__(self, settings: HttpSettings, tools: Tools, headers: Mapping[str, str] | None = None) -> None:
        import httpx

        self._settings, self._tools = settings, tools
        network = tools.network
        verify = _trusted(network.ca_bundle) if settings.url.startswith("https") else False  # nothing to verify there
        self._http = httpx.Client(
            headers={"User-Agent": "gnomon", "Accept": "application/json", **(headers or {}), **_login(settings, tools)},
            auth=(settings.username, tools.secret(settings.password)) if settings.username else None,
            timeout=network.timeout, verify=verify, trust_env=False, proxy=network.proxy, follow_redirects=False,
        )  # fmt: skip
        weakref.finalize(self, self._http.close)  # a registry has no end of its own
        self._waited = 0.0
        self._free = threading.Event()

    def get(self, address: str, parameters: Parameters | None = None) -> Reply:
        """The JSON at a path of the registry, or at an address on its host. Raises a ReadError for anything else."""
        absolute = address.startswith(("http://", "https://"))
        return self._patiently(joined(self._settings.url, address if absolute else below(self._settings.url, address), parameters))

    def _patiently(self, url: str) -> Reply:
        tries, waits, moves = self._tools.network.retries, 0, 0
        while True:
            try:
                reply = self._once(url)
            except _Passing as error:
                if not tries:
                    raise error.said from error
                self._free.wait(min(8.0, 0.5 * 2 ** (self._tools.network.retries - tries)))
                tries -= 1
            except _Limited as error:
                self._wait(error.seconds if error.seconds is not None else min(60.0, 2.0**waits))
                waits += 1
            else:
                if isinstance(reply, Reply):
                    return reply
                url, moves = self._moved(url, reply, moves), moves + 1

    def _once(self, url: str) -> Reply | str:
        """A reply, or the address that it moved to."""
        self._own(url)
        status, headers, body = self._exchange(url)
        self._tools.limiter.spend(requests=1, bytes=len(body))
        if 300 <= status < 400 and headers.get("location"):
            return str(headers["location"])
        if status == 429 or (status == 503 and "retry-after" in headers):
            raise _Limited(_asked_to_wait(headers.get("retry-after", "")))
        if status in PASSING:
            raise _Passing(Unreachable(f"{place(url)}: the registry answers {status}", remedy="its own log may say why"))
        if status != 200:
            raise _refusal(url, status)
        following = headers["link"].get("next", {}).get("url")
        return Reply(_parsed(url, body), url, joined(url, following) if following else None)

    def _exchange(self, url: str) -> tuple[int, Mapping[str, Any], bytes]:
        import httpx

        end, body = time.monotonic() + SLOWEST * self._tools.network.timeout, bytearray()
        try:
            with self._http.stream("GET", url) as response:
                for chunk in response.iter_bytes():
                    body += chunk
                    if len(body) > self._settings.max_bytes:
                        raise OverLimit(f"{place(url)}: a reply of more than max_bytes ({self._settings.max_bytes})")
                    if time.monotonic() > end:
                        raise Unreachable(f"{place(url)}: a reply that does not end")
                return response.status_code, {**dict(response.headers), "link": response.links}, bytes(body)
        except httpx.TimeoutException as error:
            said = Unreachable(f"{place(url)}: no answer within {self._tools.network.timeout:.0f} s", remedy="check url and network.proxy")
            raise _Passing(said) from error
        except (httpx.RemoteProtocolError, httpx.DecodingError) as error:
            raise _Passing(UnexpectedReply(f"{place(url)}: the reply breaks off, or is no HTTP")) from error
        except (httpx.TransportError, httpx.InvalidURL) as error:
            said = Unreachable(
                f"{place(url)}: no connection ({type(error).__name__})", remedy="check url, network.proxy, network.ca_bundle"
            )
            raise _Passing(said) from error

    def _own(self, url: str) -> None:
        if origin(url) != origin(self._settings.url):
            raise UnexpectedReply(
                "the registry points to another host; our credential is not sent there", remedy="check url, and the login"
            )

    def _moved(self, url: str, location: str, moves: int) -> str:
        if moves >= MOVES:
            raise UnexpectedReply(f"{place(url)}: the registry redirects in a circle")
        return joined(url, location)

    def _wait(self, seconds: float) -> None:
        most = self._tools.network.max_wait
        seconds = max(seconds, LEAST_WAIT)
        if self._waited + seconds > most:
            raise Throttled(f"the registry's rate limit asks to wait {seconds:.0f} s more; [network] max_wait is {most:.0f} s in all")
        self._waited += seconds
        self._tools.note(f"the registry's rate limit: waiting {seconds:.0f} s")
        self._free.wait(seconds)


class _Passing(Exception):
    """What may be over at the next try; `said` is raised where it is not."""

    def __init__(self, said: ReadError) -> None:
        super().__init__(str(said))
        self.said = said


class _Limited(Exception):
    """A rate limit, with the seconds it asks to wait where it says so."""

    def __init__(self, seconds: float | None) -> None:
        super().__init__("a rate limit")
        self.seconds = seconds


def _login(settings: HttpSettings, tools: Tools) -> Mapping[str, str]:
    if not settings.token:
        return {}
    token = tools.secret(settings.token)
    if not (token.isascii() and token.isprintable()):
        raise ConfigError(f"what {settings.token} holds cannot be sent in a header: it has signs that no token has")
    return {settings.header: f"Bearer {token}" if settings.header.lower() == "authorization" else token}


def _refusal(url: str, status: int) -> ReadError:
    """What a status says; the reply's own text is left out: it may quote content."""
    at = place(url)
    if status == 401:
        return AccessDenied(
            f"{at}: 401, the registry does not know us", remedy="check token, or username and password: it may have expired"
        )
    if status == 403:
        return AccessDenied(f"{at}: 403, we may not read this", remedy="let the registry's user read every model")
    if status == 407:
        return AccessDenied(f"{at}: 407, the proxy asks for a login", remedy="check network.proxy")
    if status in (404, 410):
        return UnexpectedReply(f"{at}: {status}, there is nothing at this address", remedy="check url")
    return UnexpectedReply(f"{at}: the registry answers {status}")


def _parsed(url: str, body: bytes) -> Any:
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise UnexpectedReply(
            f"{place(url)}: the reply is not JSON", remedy="check url: a login page, or a proxy's, may stand there"
        ) from error


def _asked_to_wait(text: str) -> float | None:
    if text.strip().isdigit():
        return float(text)
    try:
        return max(0.0, (parsedate_to_datetime(text) - datetime.now(UTC)).total_seconds())
    except (TypeError, ValueError):
        return None


def _trusted(bundle: object) -> SSLContext:
    try:
        return create_default_context(cafile=str(bundle) if bundle else None)
    except OSError as error:
        raise ConfigError(f"[network] ca_bundle {bundle} is no file of certificates in PEM form") from error
