"""AWS on loopback: moto's own application, with what it lacks in front (aws_extra.py), faults on demand, and a log of requests.

It runs in this process, so that a test can set what no API call can: when a key was made, when a secret was last read.
"""

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

from tests.estate.aws_extra import Extra, Shelf

ACCOUNT = "123456789012"
StartResponse = Callable[..., object]


@dataclass(frozen=True)
class Call:
    """One request, as its headers and body tell it."""

    service: str
    region: str
    operation: str
    access_key: str
    account: str = ACCOUNT


@dataclass
class Fault:
    """What to answer instead of the truth, for the next `times` requests (None: always)."""

    operation: str
    status: int
    body: bytes
    headers: tuple[tuple[str, str], ...] = ()
    region: str | None = None
    times: int | None = None
    skip: int = 0
    cut: int = 0
    hang: bool = False

    def fits(self, call: Call) -> bool:
        return self.operation in ("*", call.operation) and self.region in (None, call.region)

    def spent(self) -> bool:
        """Whether this request is still answered truly; counts it."""
        if self.skip:
            self.skip -= 1
            return True
        if self.times is None:
            return False
        self.times -= 1
        return self.times < 0


@dataclass
class Aws:
    """The running server."""

    url: str
    account: str = ACCOUNT
    calls: list[Call] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    touched: set[tuple[str, str]] = field(default_factory=set)
    broken: list[str] = field(default_factory=list)
    extra: Extra = field(default_factory=Extra)
    closing: threading.Event = field(default_factory=threading.Event)
    _clients: dict[tuple[str, str, str], Any] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def empty(self) -> None:
        """Everything planted, failing and logged is gone, in the accounts that this server was asked for; another's are left alone."""
        from moto.backends import get_backend

        for service, account in sorted(pair for pair in self.touched if pair[0]):
            for backend in list(get_backend(service)[account].values()):
                backend.reset()
        self.touched.clear()
        self.extra = Extra()
        self._clients = {key: client for key, client in self._clients.items() if key[2] == self.account}
        self.calls.clear()
        self.faults.clear()

    def client(self, service: str, region: str = "eu-west-1", account: str = "") -> Any:
        """A plain boto3 client that may write, for planting what a test needs."""
        key = (service, region, account or self.account)
        if key not in self._clients:
            self._clients[key] = self._client(*key)
        return self._clients[key]

    def _client(self, service: str, region: str, account: str) -> Any:
        import boto3
        from botocore.config import Config

        keys = ("planter", "planter") if account == self.account else self._in(account)
        return boto3.client(
            service,
            region_name=region,
            endpoint_url=self.url,
            aws_access_key_id=keys[0],
            aws_secret_access_key=keys[1],
            config=Config(proxies={}, s3={"addressing_style": "path"}, retries={"total_max_attempts": 1}),
        )

    def _in(self, account: str) -> tuple[str, str]:
        role = self.client("sts").assume_role(RoleArn=f"arn:aws:iam::{account}:role/planter", RoleSessionName="planter")
        return role["Credentials"]["AccessKeyId"], role["Credentials"]["SecretAccessKey"]

    def backend(self, service: str, region: str = "eu-west-1", account: str = "") -> Any:
        """moto's own state, for what no API call can set."""
        from moto.backends import get_backend

        return get_backend(service)[account or self.account]["aws" if service == "iam" else region]

    def shelf(self, region: str = "eu-west-1", account: str = "") -> Shelf:
        """What this server keeps itself, because no emulator does."""
        return self.extra.shelf(account or self.account, region)

    def fail(self, operation: str, code: str, status: int = 400, *, message: str = "as asked", **where: Any) -> None:
        """AWS's own error, in the protocol of whichever service is asked."""
        self.faults.append(Fault(operation, status, f"{code}\n{message}".encode(), headers=(("x-fault", "error"),), **where))

    def answer(self, operation: str, body: bytes, status: int = 200, content_type: str = "text/html", **where: Any) -> None:
        """Any bytes at all."""
        self.faults.append(Fault(operation, status, body, headers=(("Content-Type", content_type),), **where))

    def hang(self, operation: str, **where: Any) -> None:
        """No answer, until the server stops."""
        self.faults.append(Fault(operation, 200, b"", hang=True, **where))

    def operations(self) -> list[str]:
        """What was asked for, in order."""
        return [call.operation for call in self.calls]

    def fault(self, call: Call) -> Fault | None:
        with self._lock:
            self.calls.append(call)
            self.touched.add((call.service, call.account))
            return next((fault for fault in self.faults if fault.fits(call) and not fault.spent()), None)


@contextmanager
def aws(account: str = ACCOUNT) -> Iterator[Aws]:
    """An empty AWS. Credentials that it did not give out itself belong to `account`.

    Leaving fails where the server itself gave a reply that AWS's own model does not allow.
    """
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
    from werkzeug.serving import make_server

    server = Aws("", account)
    front = Front(server, DomainDispatcherApplication(create_backend_app))
    listening = make_server("127.0.0.1", 0, front, threaded=True, request_handler=_quiet())
    server.url = f"http://127.0.0.1:{listening.server_port}"
    thread = threading.Thread(target=listening.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.closing.set()
        listening.shutdown()
        thread.join()
        listening.server_close()
        server.empty()
    assert not server.broken, server.broken


def _quiet() -> Any:
    from moto.moto_server.werkzeug_app import MotoRequestHandler

    class Quiet(MotoRequestHandler):
        def log(self, *_: object, **__: object) -> None:
            """Tests read the log of calls instead."""

    return Quiet


class Front:
    """The WSGI application in front of moto's."""

    def __init__(self, server: Aws, moto: Callable[[dict[str, Any], StartResponse], Iterable[bytes]]) -> None:
        self.server = server
        self.moto = moto

    def __call__(self, environ: dict[str, Any], start: StartResponse) -> Iterable[bytes]:
        body = _body(environ)
        call = _call(environ, body, self.server.account)
        environ["HTTP_X_MOTO_ACCOUNT_ID"] = call.account
        fault = self.server.fault(call)
        if fault:
            return self._faulty(fault, call, start)
        if self.server.extra.knows(call.service, call.operation):
            try:
                headers, reply = self.server.extra.reply(call, body)
            except AssertionError as error:
                self.server.broken.append(f"{call.operation}: {error}")
                raise
            return _send(start, 200, list(headers.items()), reply)
        return self.moto(environ, start)

    def _faulty(self, fault: Fault, call: Call, start: StartResponse) -> Iterable[bytes]:
        if fault.hang:
            self.server.closing.wait(30)
        if ("x-fault", "error") in fault.headers:
            code, _, message = fault.body.decode().partition("\n")
            headers, body = self.server.extra.error(call.service, code, message)
            return _send(start, fault.status, list(headers.items()), body)
        return _send(start, fault.status, list(fault.headers), fault.body, cut=fault.cut)


def _send(start: StartResponse, status: int, headers: list[tuple[str, str]], body: bytes, cut: int = 0) -> Iterable[bytes]:
    start(f"{status} As Asked", [*headers, ("Content-Length", str(len(body) + cut))])
    return [body]


def _body(environ: dict[str, Any]) -> bytes:
    from io import BytesIO

    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    environ["wsgi.input"] = BytesIO(body)
    return bytes(body)


def _call(environ: Mapping[str, Any], body: bytes, account: str) -> Call:
    """Read off the signature's scope, the target header, or the form; a REST service's operation off its method and path."""
    from moto.iam.models import DEFAULT_ACCOUNT_ID, get_account_id_from

    scope = environ.get("HTTP_AUTHORIZATION", "").partition("Credential=")[2].partition(",")[0].split("/")
    key, region, service = (scope[0], scope[2], scope[3]) if len(scope) >= 4 else ("", "", "")
    target = environ.get("HTTP_X_AMZ_TARGET", "").rpartition(".")[2]
    form = {} if target else parse_qs(body.decode("latin-1"))
    operation = target or next(iter(form.get("Action", [])), "") or f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}"
    owner = get_account_id_from(key)
    return Call(service, region, operation, key, account if owner == DEFAULT_ACCOUNT_ID else owner)
