"""The webhook: signed, complete, and kept whatever the receiver does."""

import base64
import hashlib
import hmac
import json
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from pydantic import ValidationError

from reports import webhook
from scanner.contracts import Destination, Network
from scanner.errors import ConfigError, Undelivered
from scanner.model import Report
from tests.desk import desk
from tests.mailroom import certificate
from tests.report_sample import SAMPLE, hostile

pytestmark = pytest.mark.slow
KEY = "whsec_" + base64.b64encode(b"k" * 32).decode()


@dataclass
class Receiver:
    """What came, and how to answer: a status each, then 200; 0 hangs up, and a header may go with it."""

    url: str = ""
    came: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    answers: list[tuple[int, dict[str, str]]] = field(default_factory=list)
    bundle: Path | None = None

    def documents(self) -> list[dict[str, Any]]:
        return [json.loads(body) for _, body in self.came]


@contextmanager
def receiver(directory: Path, *, tls: bool = False, names: tuple[str, ...] = ("127.0.0.1",)) -> Iterator[Receiver]:
    made = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            status, headers = made.answers.pop(0) if made.answers else (200, {})
            if status == 0:
                self.close_connection = True
                return
            made.came.append(({name.lower(): value for name, value in self.headers.items()}, body))
            self.send_response(status)
            for name, value in {"content-length": "0", **headers}.items():
                self.send_header(name, value)
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    if tls:
        made.bundle, key = certificate(directory, names)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(made.bundle, key)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    made.url = f"http{'s' if tls else ''}://127.0.0.1:{server.server_port}/hook"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def there(tmp_path: Path) -> Iterator[Receiver]:
    with receiver(tmp_path) as made:
        yield made


def send(tmp_path: Path, url: str, report: Report = SAMPLE, *, retries: int = 1, bundle: Path | None = None, **changed: Any) -> None:
    tools = desk(
        tmp_path / "scratch", network=Network(timeout=5, retries=retries, max_wait=5, ca_bundle=bundle), secret={"K": KEY}.__getitem__
    )
    wanted = webhook.Settings(**{"url": url, "key": "K", "retry_seconds": 0, **changed})
    assert webhook.reporter(wanted, tools).write(report, Destination(tmp_path / "out")) == ()


def unsent(tmp_path: Path) -> list[str]:
    return sorted(path.name for path in (tmp_path / "out" / "unsent" / "webhook").glob("*"))


def test_the_signature_is_that_of_standard_webhooks(tmp_path: Path, there: Receiver) -> None:
    send(tmp_path, there.url)
    ((headers, body),) = there.came
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    wanted = base64.b64encode(hmac.new(b"k" * 32, signed, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{wanted}"
    assert headers["webhook-id"] == SAMPLE.run.id
    assert unsent(tmp_path) == []


def test_the_specifications_own_example_has_its_signature() -> None:
    """standard-webhooks/spec/standard-webhooks.md and its libraries' tests."""
    key = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    body = b'{"test": 2432232314}'
    assert webhook.signature(key, "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", body) == "g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_it_holds_the_same_delta_as_the_mail_with_its_sentences(tmp_path: Path, there: Receiver) -> None:
    send(tmp_path, there.url, report_url="https://reports.example.com/r.html")
    (told,) = there.documents()
    assert told["counts"] == {"new": 8, "reopened": 1, "overdue": 2, "lost": 1, "sight": 0, "resolved": 2, "backlog": 0, "open": 16}
    counted = {name: number for name, number in told["counts"].items() if name not in ("backlog", "open")}
    assert {name: len(found) for name, found in told["delta"].items()} == {**counted, "still": 0}
    assert told["summary"]["opening"].startswith("fraud-scorer 1.4 was retired on 3 March")
    assert told["delta"]["reopened"][0]["url"] == "https://reports.example.com/r.html#f-G-001102"
    assert told["run"]["hashes"] == SAMPLE.run.hashes
    assert [one["owner"] for one in told["delta"]["new"] if not one["owned"]] == ["no owner named"] * 3


def test_hostile_names_make_one_whole_document(tmp_path: Path, there: Receiver) -> None:
    send(tmp_path, there.url, hostile())
    assert len(there.documents()[0]["delta"]["new"]) == 7


@pytest.mark.parametrize("status", [429, 500, 503, 0])
def test_what_may_pass_is_tried_again(tmp_path: Path, there: Receiver, status: int) -> None:
    there.answers = [(status, {"retry-after": "0"})]
    send(tmp_path, there.url)
    assert there.documents()[-1]["late"] is False
    assert unsent(tmp_path) == []


@pytest.mark.parametrize(("status", "said"), [(400, "answers 400"), (401, "answers 401"), (307, "redirects are not followed")])
def test_what_will_not_pass_is_kept_and_not_tried_again(tmp_path: Path, there: Receiver, status: int, said: str) -> None:
    there.answers = [(status, {"location": "http://127.0.0.1:1/elsewhere"})]
    with pytest.raises(Undelivered, match=said):
        send(tmp_path, there.url)
    assert (len(there.came), len(unsent(tmp_path))) == (1, 1)


def test_a_wait_that_is_too_long_is_not_waited(tmp_path: Path, there: Receiver) -> None:
    there.answers = [(429, {"retry-after": "3600"})]
    with pytest.raises(Undelivered, match="answers 429"):
        send(tmp_path, there.url)


def test_an_unsent_document_goes_with_the_next_run_marked_late(tmp_path: Path, there: Receiver) -> None:
    with pytest.raises(Undelivered, match="cannot be reached"):
        send(tmp_path, "http://127.0.0.1:1/hook", replace(SAMPLE, run=replace(SAMPLE.run, id="r-1")))
    send(tmp_path, there.url, replace(SAMPLE, run=replace(SAMPLE.run, id="r-2")))
    assert [(told["run"]["id"], told["late"]) for told in there.documents()] == [("r-1", True), ("r-2", False)]
    assert unsent(tmp_path) == []


def test_the_certificate_is_checked_against_the_configs_authorities(tmp_path: Path) -> None:
    with receiver(tmp_path, tls=True) as there:
        with pytest.raises(Undelivered, match="cannot be reached"):
            send(tmp_path, there.url, retries=0)
        assert there.came == []
        send(tmp_path, there.url, bundle=there.bundle)
        assert len(there.came) == 1


def test_it_is_printed_rather_than_posted_to_standard_output(tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    wanted = webhook.Settings(url="http://127.0.0.1:1/", key="K")
    webhook.reporter(wanted, desk(tmp_path / "scratch", secret={"K": "text"}.__getitem__)).write(SAMPLE, Destination(None))
    assert json.loads(capfdbinary.readouterr().out)["type"] == "gnomon.run"


@pytest.mark.parametrize("url", ["http://hooks.example.com/", "ftp://127.0.0.1/", "hooks.example.com"])
def test_it_goes_over_an_encrypted_connection_only(url: str) -> None:
    with pytest.raises(ValidationError, match="https://"):
        webhook.Settings(url=url, key="K")


def test_a_key_that_is_none_is_told_before_anything_is_read(tmp_path: Path) -> None:
    wanted = webhook.Settings(url="https://a.example.com", key="K")
    with pytest.raises(ConfigError, match="not Base64"):
        webhook.reporter(wanted, desk(tmp_path / "scratch", secret={"K": "whsec_???"}.__getitem__))
