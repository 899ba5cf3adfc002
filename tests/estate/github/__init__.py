"""GitHub on loopback: the estate's organisations over real bare repositories.

GraphQL is executed on GitHub's own schema, every REST reply is held against GitHub's own OpenAPI description, git transport is
git's own http-backend. Paths are those of GitHub Enterprise: `/api/v3`, `/api/graphql`, `/<owner>/<name>.git`.
"""

import re
import socketserver
import ssl
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any

from tests.estate.github import graph
from tests.estate.github.server import Handler
from tests.estate.github.specs import App, DeployKey, Environment, Organisation, Release, ReleaseAsset, Repository, Secret
from tests.estate.github.state import Fault, Request, State, Viewer

__all__ = [
    "App",
    "DeployKey",
    "Environment",
    "GitHub",
    "Organisation",
    "Release",
    "ReleaseAsset",
    "Repository",
    "Request",
    "Secret",
    "github",
]
TOKEN = "estate-token"


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away in mid-reply is part of the tests; anything else is told by the missing reply."""


class GitHub:
    """The running emulator. `app_key` is the private key of its App, PEM, where it has one."""

    def __init__(self, state: State, url: str, token: str, app_key: str) -> None:
        self.url = url
        self.api_url = f"{url}/api/v3"
        self.token = token
        self.app_key = app_key
        self.state = state

    @property
    def requests(self) -> list[Request]:
        """Every request so far, in the order of the replies."""
        return self.state.requests

    @property
    def counted(self) -> int:
        """How many requests GitHub would have counted against the limit."""
        return sum(request.counted for request in self.requests)

    def fail(self, method: str, path: str, *, status: int = 500, headers: Mapping[str, str] | None = None, body: bytes = b"",
             times: int | None = None, hang: bool = False, half: bool = False, contains: str = "") -> None:  # fmt: skip
        """From now on, requests whose path matches and whose body holds `contains` fail so, `times` times or for good."""
        self.state.faults.append(Fault(method, re.compile(path), status, headers or {}, body, times, hang, half, contains))

    def heal(self) -> None:
        """Ends all ordered failures."""
        self.state.faults.clear()

    def replace(self, organisation: Organisation) -> None:
        """The organisation as it is from now on."""
        self.state.replace(organisation)


@contextmanager
def github(
    organisations: Sequence[Organisation],
    directory: Path,
    *,
    token: str = TOKEN,
    login: str = "auditor",
    scopes: str | None = "repo, read:org",
    denied: Sequence[str] = (),
    app: App | None = None,
    member: bool = True,
    authority: Path | None = None,
) -> Iterator[GitHub]:
    """The emulator, until the block ends; it then fails if it ever answered what GitHub would not.

    `denied` are names of permissions that the token lacks; `member`: its owner belongs to the organisations.
    With an `app`, the token is the one that its installation gets. With an `authority`, it speaks TLS, and writes there whom to trust.
    """
    state = State(organisations, directory)
    private, public = _keys() if app else ("", b"")
    viewer = Viewer(login, tuple(denied), app.selected if app else None, graph.forbidden, app=app is not None, member=member)
    settings = {"state": state, "viewer": viewer, "token": token, "scopes": scopes, "app": app, "app_key": public}
    server = _Server(("127.0.0.1", 0), type("Bound", (Handler,), settings))
    if authority is not None:
        server.socket = _secured(authority).wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield GitHub(state, f"http{'s' if authority else ''}://127.0.0.1:{server.server_address[1]}", token, private)
    finally:
        state.closing.set()
        server.shutdown()
        socketserver.TCPServer.server_close(server)
        thread.join()
    assert not state.invalid, f"the emulator answered what GitHub would not: {state.invalid[:3]}"


def _keys() -> tuple[str, bytes]:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    key = rsa.generate_private_key(65537, 2048)
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return private.decode(), public


def _secured(authority: Path) -> ssl.SSLContext:
    """TLS with a certificate of its own for 127.0.0.1, which `authority` then holds."""
    import datetime
    from ipaddress import IPv4Address

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "estate")])
    now = datetime.datetime.now(datetime.UTC)
    made = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now, now + datetime.timedelta(days=1))
    made = made.add_extension(x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False)
    made = made.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    authority.write_bytes(made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    private = authority.with_suffix(".key")
    private.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority, private)
    return context
