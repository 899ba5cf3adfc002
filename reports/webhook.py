"""What changed as signed JSON, for those who read elsewhere: a chat, a ticket system, a dashboard.

Signed as Standard Webhooks says (standardwebhooks.com, specification of 2023): HMAC-SHA256 over `id.timestamp.body`.
"""

import base64
import hashlib
import hmac
import json
import time
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from pydantic import Field, field_validator

from reports import _delta, _summary
from reports._delta import Delta
from reports._facts import place_of
from reports._files import FILE_NAME, deliver
from reports._network import Final, Passing, patiently, trusted
from reports._page import anchor
from reports._spool import UNSENT, Parcel, Spool, parcel_name, send_all
from reports._text import encoded, plain
from scanner.contracts import Destination, PluginSettings, Reporter, SecretName, Tools
from scanner.errors import ConfigError
from scanner.model import Finding, Report

if TYPE_CHECKING:
    import httpx

VERSION = 1
_PREFIX = "whsec_"
_LOOPBACK = ("127.0.0.1", "::1", "localhost")
_PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})


class Settings(PluginSettings):
    """[report.webhook]"""

    name: str = Field(
        default="webhook",
        pattern=FILE_NAME,
        description="where there are several, each needs a name of its own: what could not be sent lies under it",
    )
    url: str = Field(description="where it is posted to; https, or http on loopback", examples=["https://hooks.example.com/gnomon"])
    key: SecretName = Field(
        description="variable, or file:/path, that holds the signing key (whsec_... or any text)", examples=["GNOMON_WEBHOOK_KEY"]
    )
    queue: str = Field(default="no owner named", min_length=1, max_length=80, description="the owner named for findings that have none")
    every_hours: float = Field(default=24, gt=0, description="how often a full run is wanted; missed runs are named")
    report_url: str = Field(default="", pattern=r"^(https?://\S+)?$", description="where readers open report.html; empty: no addresses")
    most: int = Field(default=200, ge=1, le=10_000, description="findings in each list, the worst; `counts` has how many there are")
    retry_seconds: float = Field(default=10, ge=0, description="seconds until the second try, doubled for each one after")
    spool: Path | None = Field(
        default=None, description="directory for what could not be sent; empty: unsent/ and the name, beside the report"
    )
    file: str = Field(default="webhook.json", pattern=FILE_NAME, description="what `--output -` prints; nothing is sent then")

    @field_validator("url")
    @classmethod
    def _private(cls, value: str) -> str:
        parts = urlsplit(value)
        if not parts.hostname or not (parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)):
            raise ValueError("an address that starts with https:// (http:// on loopback only)")
        return value


def reporter(settings: Settings, tools: Tools) -> Reporter:
    """A reporter that posts one document. Raises ConfigError where the key is not there, or is none."""
    return Webhook(settings, tools, _key(tools.secret(settings.key)))


class Webhook:
    """Posts the document."""

    def __init__(self, settings: Settings, tools: Tools, key: bytes) -> None:
        self._settings, self._tools, self._key = settings, tools, key

    def write(self, report: Report, to: Destination) -> tuple[Path, ...]:
        """Posts what waits and today's; to standard output it prints the document. Raises Undelivered where it is kept instead."""
        body = rendered(report, self._settings)
        if to.directory is None:
            return deliver(to, {self._settings.file: body}, alone=self._settings.file)
        spool = Spool(self._settings.spool or to.directory / UNSENT / self._settings.name, ".webhook.json")
        with _client(self._settings.url, self._tools) as client:
            host = str(urlsplit(self._settings.url).hostname)
            send_all(spool, Parcel(parcel_name(report.run.id), body), lambda parcel: self._send(parcel, client, host), host)
        return ()

    def _send(self, parcel: Parcel, client: "httpx.Client", host: str) -> None:
        body = _marked_late(parcel.content) if parcel.late else parcel.content
        patiently(lambda: self._once(parcel.name, body, client, host), self._tools, self._settings.retry_seconds, host)

    def _once(self, name: str, body: bytes, client: "httpx.Client", host: str) -> None:
        """One try, signed with the time of the try, so that a receiver can refuse what is old."""
        import httpx

        sent = str(int(time.time()))
        headers = {
            "content-type": "application/json",
            "webhook-id": name,
            "webhook-timestamp": sent,
            "webhook-signature": f"v1,{signature(self._key, name, sent, body)}",
        }
        try:
            with client.stream("POST", self._settings.url, content=body, headers=headers) as answer:
                status, wait = answer.status_code, answer.headers.get("retry-after")
        except httpx.TimeoutException as error:
            raise Passing(f"{host} does not answer in time") from error
        except httpx.TransportError as error:
            raise Passing(f"{host} cannot be reached ({type(error).__name__})") from error
        if status in _PASSING:
            raise Passing(f"{host} answers {status}", _seconds(wait))
        if not 200 <= status < 300:
            raise Final(f"{host} answers {status}" + ("; redirects are not followed" if 300 <= status < 400 else ""))


def signature(key: bytes, name: str, sent: str, body: bytes) -> str:
    """Base64 of the HMAC-SHA256 over `name.sent.body`."""
    return base64.b64encode(hmac.new(key, f"{name}.{sent}.".encode() + body, hashlib.sha256).digest()).decode("ascii")


def rendered(report: Report, settings: Settings) -> bytes:
    """The document in UTF-8."""
    return encoded(json.dumps(document(_delta.delta(report, settings.every_hours), settings), ensure_ascii=False, indent=1)) + b"\n"


def document(told: Delta, settings: Settings) -> dict[str, Any]:
    """What changed, with the sentences that a person reads first; fields are only added within a version."""
    report = told.facts.report
    lists = {name: getattr(told, name)[: settings.most] for name in ("new", "reopened", "overdue", "still", "lost", "sight", "resolved")}
    run = report.run
    return {
        "type": "gnomon.run",
        "version": VERSION,
        "late": False,
        "run": {"id": run.id, "started": run.started, "finished": run.finished, "partial": run.partial, "hashes": dict(run.hashes)},
        "organisation": run.organisation,
        "judged": report.judged,
        "changed": told.changed,
        "summary": {
            "headline": _delta.headline(told),
            "opening": _delta.opening(told),
            "coverage": _summary.coverage_sentence(report),
            "missed": _delta.nights_missed(told),
            "backlog": _delta.backlog_words(told),
        },
        "counts": told.counts(),
        "missed_runs": list(told.missed),
        "delta": {name: [_finding(one, told, settings) for one in findings] for name, findings in lists.items()},
        "report_url": settings.report_url or None,
    }


def _finding(one: Finding, told: Delta, settings: Settings) -> dict[str, Any]:
    """Names as they are: JSON keeps them apart from what is around them. Who shows them escapes them."""
    return {
        "id": one.id,
        "check": one.check,
        "severity": str(one.severity),
        "status": str(one.status),
        "title": plain(one.title, 400),
        "asset": one.asset,
        "record": one.record,
        "place": place_of(told.facts, one.asset),
        "owner": one.owner or settings.queue,
        "owned": one.owner is not None,
        "due": one.due,
        "first_seen": one.first_seen,
        "remedy": plain(one.remedy, 1000),
        "url": f"{settings.report_url}#{anchor(one.id)}" if settings.report_url else None,
    }


def _marked_late(body: bytes) -> bytes:
    return encoded(json.dumps({**json.loads(body), "late": True}, ensure_ascii=False, indent=1)) + b"\n"


def _key(text: str) -> bytes:
    if not text.startswith(_PREFIX):
        return text.encode()
    try:
        return base64.b64decode(text.removeprefix(_PREFIX), validate=True)
    except ValueError as error:
        raise ConfigError("[report.webhook] key: what follows whsec_ is not Base64") from error


def _seconds(wait: str | None) -> float | None:
    """Retry-After, in seconds or as a date (RFC 9110, 10.2.3)."""
    if wait is None:
        return None
    try:
        return float(wait) if wait.isdigit() else max(0.0, parsedate_to_datetime(wait).timestamp() - time.time())
    except ValueError:
        return None


def _client(url: str, tools: Tools) -> "httpx.Client":
    import httpx

    network = tools.network
    verify = trusted(network) if url.startswith("https") else False  # nothing to verify there
    return httpx.Client(proxy=network.proxy, verify=verify, timeout=network.timeout, trust_env=False, follow_redirects=False)
