"""The morning's mail: what changed since the last run, by owner; sent also when nothing changed, and never lost."""

from datetime import datetime
from email import message_from_bytes, policy
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from enum import StrEnum
from pathlib import Path

from pydantic import Field, field_validator, model_validator

from reports import _delta, _mail, csv, html
from reports._files import FILE_NAME, deliver
from reports._network import Final, patiently
from reports._post import Office, post
from reports._spool import UNSENT, Parcel, Spool, parcel_name, send_all
from reports._text import encoded, plain
from scanner.contracts import Destination, PluginSettings, Reporter, SecretName, Tools
from scanner.model import Report

_WIDE = policy.SMTP.clone(max_line_length=998)
"""Headers in one line each: the library's folding would begin a subject on the line after its name."""
_ENVELOPE = "X-Gnomon-Unsent-To"
_PORTS = {"starttls": 587, "tls": 465, "none": 25}


class Security(StrEnum):
    """How the connection is kept private."""

    STARTTLS = "starttls"
    TLS = "tls"
    NONE = "none"


class Attachment(StrEnum):
    """What may go with the mail."""

    HTML = "html"
    CSV = "csv"


class Settings(PluginSettings):
    """[report.email]"""

    name: str = Field(
        default="email",
        pattern=FILE_NAME,
        description="where there are several, each needs a name of its own: what could not be sent lies under it",
    )
    host: str = Field(min_length=1, description="the mail server", examples=["smtp.example.com"])
    port: int = Field(default=0, ge=0, le=65535, description="its port; 0: 587 for starttls, 465 for tls, 25 for none")
    security: Security = Field(default=Security.STARTTLS, description="starttls, tls, or none (refused with a password, but on loopback)")
    username: str = Field(default="", description="whom to sign in as; empty: nobody")
    password: SecretName = Field(default="", description="variable, or file:/path, that holds the password")
    sender: str = Field(description="the From address", examples=["gnomon@example.com"])
    to: tuple[str, ...] = Field(min_length=1, max_length=100, description="who gets it", examples=[("ai-governance@example.com",)])
    queue: str = Field(
        default=_mail.NOBODY, min_length=1, max_length=80, description="the heading under which findings without an owner stand"
    )
    every_hours: float = Field(default=24, gt=0, description="how often a full run is wanted; the mail names the runs that were missed")
    report_url: str = Field(
        default="", pattern=r"^(https?://\S+)?$", description="where readers open report.html; empty: the file is named"
    )
    most: int = Field(default=40, ge=1, le=400, description="findings in the mail, the worst; the others are counted and are in the report")
    attach: tuple[Attachment, ...] = Field(default=(), description="html and csv: the page, and findings.csv, as attachments")
    max_bytes: int = Field(default=10_000_000, ge=100_000, description="a larger attachment is left out, and the mail says so")
    retry_seconds: float = Field(default=30, ge=0, description="seconds until the second try, doubled for each one after")
    spool: Path | None = Field(
        default=None, description="directory for mails that could not be sent; empty: unsent/ and the name, beside the report"
    )
    file: str = Field(default="mail.eml", pattern=FILE_NAME, description="what `--output -` prints; nothing is sent then")

    @field_validator("sender", "to")
    @classmethod
    def _addresses(cls, value: str | tuple[str, ...]) -> str | tuple[str, ...]:
        for address in (value,) if isinstance(value, str) else value:
            _checked(address)
        return value

    @model_validator(mode="after")
    def _private(self) -> "Settings":
        if bool(self.username) != bool(self.password):
            raise ValueError("username and password go together; password names the variable that holds it")
        if self.password and self.security is Security.NONE and self.host not in ("127.0.0.1", "::1", "localhost"):
            raise ValueError("a password goes over an encrypted connection only: security = starttls or tls")
        return self

    @property
    def office(self) -> Office:
        """The mail server."""
        return Office(self.host, self.port or _PORTS[self.security], self.security, self.username, self.password, self.sender)


def _checked(address: str) -> None:
    try:
        parsed = Address(addr_spec=address)
    except (ValueError, IndexError) as error:
        raise ValueError(f"{address!r} is not a mail address such as name@example.com") from error
    if not parsed.domain or not address.isascii() or not address.isprintable():
        raise ValueError(f"{address!r} is not a mail address such as name@example.com")


def reporter(settings: Settings, tools: Tools) -> Reporter:
    """A reporter that sends one mail. Raises ConfigError where the password is not there."""
    if settings.password:
        tools.secret(settings.password)
    return Email(settings, tools)


class Email:
    """Sends the mail."""

    def __init__(self, settings: Settings, tools: Tools) -> None:
        self._settings, self._tools = settings, tools

    def write(self, report: Report, to: Destination) -> tuple[Path, ...]:
        """Sends what waits and today's mail; to standard output it prints the mail. Raises Undelivered where it is kept instead."""
        mail = letter(report, self._settings)
        if to.directory is None:
            return deliver(to, {self._settings.file: mail}, alone=self._settings.file)
        spool = Spool(self._settings.spool or to.directory / UNSENT / self._settings.name, ".eml")
        whom = f"{len(self._settings.to)} by {self._settings.host}"
        send_all(spool, Parcel(parcel_name(report.run.id), mail), lambda parcel: self._send(parcel, spool), whom)
        return ()

    def _send(self, parcel: Parcel, spool: Spool) -> None:
        mail = message_from_bytes(parcel.content, policy=policy.SMTP)
        to = [one.strip() for one in str(mail[_ENVELOPE] or "").split(",") if one.strip()] or list(self._settings.to)
        del mail[_ENVELOPE]
        if parcel.late:
            _mark_late(mail)
        office, tools, settings = self._settings.office, self._tools, self._settings
        refused = patiently(lambda: post(office, to, mail.as_bytes(policy=_WIDE), tools), tools, settings.retry_seconds, office.host)
        if refused:
            mail[_ENVELOPE] = ", ".join(refused)
            spool.keep(Parcel(parcel.name, mail.as_bytes(policy=_WIDE)))
            raise Final(f"{office.host} refuses {', '.join(refused)}, and took it for the others")


def _mark_late(mail: EmailMessage) -> None:
    subject = str(mail["Subject"])
    if not subject.startswith("[Late"):
        del mail["Subject"]
        mail["Subject"] = f"[Late: of {str(mail['Date'])[:16]}] {subject}"


def letter(report: Report, settings: Settings) -> bytes:
    """The whole mail: a part in plain text, the same in HTML, and what is to be attached."""
    told = _delta.delta(report, settings.every_hours)
    said = _mail.morning(told, _mail.Wanted(settings.queue, settings.most, settings.report_url, "report.html"))
    files, left_out = _attachments(report, settings)
    said = said._replace(warnings=(*said.warnings, *left_out))
    mail = EmailMessage(policy=policy.SMTP)
    mail["Subject"] = plain(said.subject, 160)
    mail["From"] = Address("Gnomon", addr_spec=settings.sender)
    mail["To"] = tuple(Address(addr_spec=one) for one in settings.to)
    mail["Date"] = format_datetime(_moment(report))
    mail["Message-ID"] = f"<{parcel_name(report.run.id)}@{settings.sender.rpartition('@')[2]}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail["X-Auto-Response-Suppress"] = "All"
    mail.set_content(_clean(_mail.as_text(said)), cte="quoted-printable")
    mail.add_alternative(_clean(_mail.as_html(said)), subtype="html", cte="quoted-printable")
    for name, kind, content in files:
        mail.add_attachment(content, maintype="text", subtype=kind, filename=name)
    return mail.as_bytes(policy=_WIDE)


def _attachments(report: Report, settings: Settings) -> tuple[list[tuple[str, str, bytes]], list[str]]:
    """What goes with the mail, and what is to be said of that which is too large to."""
    files = [_attached(one, report) for one in dict.fromkeys(settings.attach)]
    fits = [one for one in files if len(one[2]) <= settings.max_bytes]
    large = [f"{name} is not attached: it is larger than {settings.max_bytes:,} bytes." for name, *_ in files if (name, *_) not in fits]
    return fits, large


def _attached(one: Attachment, report: Report) -> tuple[str, str, bytes]:
    if one is Attachment.HTML:
        return "report.html", "html", html.page(report, html.Settings())
    return "findings.csv", "csv", csv.table(report, "findings.csv", csv.Settings())


def _moment(report: Report) -> datetime:
    return datetime.fromisoformat(report.run.finished)


def _clean(text: str) -> str:
    return encoded(text).decode()
