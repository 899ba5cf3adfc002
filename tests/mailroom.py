"""A real mail server on loopback (aiosmtpd), its certificate, and the ways in which mail servers fail."""

import datetime
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from msgspec.structs import replace

from reports import email
from scanner.contracts import Destination, Network, Tools
from scanner.model import Report
from tests.desk import desk
from tests.report_sample import SAMPLE

TO = ("governance@example.com", "second@example.com")
PASSWORD = "right-password"  # of a server that lives as long as a test


@dataclass
class Mailroom:
    """What the server took, and how it is to answer: `answers` are given to DATA, one each, then 250."""

    host: str = "127.0.0.1"
    port: int = 0
    certificate: Path = Path()
    taken: list[tuple[str, list[str], EmailMessage]] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)
    drop_in_data: int = 0
    hang_up_after: bool = False
    tries: int = 0

    async def handle_RCPT(self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]) -> str:
        if address in self.refused:
            return self.refused[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        self.tries += 1
        if self.drop_in_data:
            self.drop_in_data -= 1
            server.transport.close()
            return "250 nobody hears this"
        if self.answers and not (answer := self.answers.pop(0)).startswith("2"):
            return answer
        content = envelope.content if isinstance(envelope.content, bytes) else b""
        mail = message_from_bytes(content, policy=policy.SMTP)
        self.taken.append((str(envelope.mail_from), list(envelope.rcpt_tos), mail))
        return "250 OK"

    async def handle_QUIT(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if self.hang_up_after:
            server.transport.close()
        return "221 Bye"

    @property
    def subjects(self) -> list[str]:
        return [str(mail["Subject"]) for _, _, mail in self.taken]


def _sign_in(server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
    right = isinstance(data, LoginPassword) and (data.login, data.password) == (b"gnomon", PASSWORD.encode())
    return AuthResult(success=right, handled=False)


class _Anywhere(Controller):
    """On a port that the system chose."""

    def _trigger_server(self) -> None:
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


@contextmanager
def mailroom(directory: Path, security: str = "none", names: tuple[str, ...] = ("127.0.0.1",), auth: bool = False) -> Iterator[Mailroom]:
    """A server that lives as long as the block."""
    room = Mailroom()
    options: dict[str, Any] = {"hostname": "127.0.0.1", "port": 0, "auth_required": auth, "authenticator": _sign_in if auth else None}
    context = None
    if security != "none":
        room.certificate, key = certificate(directory, names)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(room.certificate, key)
    if security == "starttls":
        options |= {"tls_context": context, "require_starttls": True}
    controller = _Anywhere(room, ssl_context=context if security == "tls" else None, auth_require_tls=security == "starttls", **options)
    controller.start()
    try:
        room.port = controller.port
        yield room
    finally:
        controller.stop()


def certificate(directory: Path, names: tuple[str, ...]) -> tuple[Path, Path]:
    """A certificate of its own making for these addresses, and its key."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "mailroom")])
    now = datetime.datetime.now(datetime.UTC)
    made = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now, now + datetime.timedelta(days=1))
    alternatives = x509.SubjectAlternativeName([x509.IPAddress(IPv4Address(each)) for each in names])
    made = made.add_extension(alternatives, critical=False).add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    paths = directory / "mailroom.pem", directory / "mailroom.key"
    paths[0].write_bytes(made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    paths[1].write_bytes(private)
    return paths


def settings(room: Mailroom | None = None, **changed: Any) -> email.Settings:
    fields = {"host": "127.0.0.1", "port": room.port if room else 0, "security": "none", "sender": "gnomon@example.com", "to": TO}
    return email.Settings(**{**fields, "retry_seconds": 0, **changed})


def tools(tmp_path: Path, retries: int = 1, ca_bundle: Path | None = None, password: str = PASSWORD) -> Tools:
    network = Network(timeout=5, retries=retries, max_wait=5, ca_bundle=ca_bundle)
    return desk(tmp_path / "scratch", network=network, secret={"MAIL_PASSWORD": password}.__getitem__)


def send(tmp_path: Path, wanted: email.Settings, report: Report = SAMPLE, **options: Any) -> None:
    files = email.reporter(wanted, tools(tmp_path, **options)).write(report, Destination(tmp_path / "out"))
    assert files == ()


def unsent(tmp_path: Path) -> list[Path]:
    return sorted((tmp_path / "out" / "unsent" / "email").glob("*"))


def night(number: int, report: Report = SAMPLE) -> Report:
    run = replace(report.run, id=f"2026-11-{number}", finished=f"2026-11-{number}T04:00:00Z")
    return replace(report, run=run)
