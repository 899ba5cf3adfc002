"""Replays recorded replies. The recordings are of real servers (tests/fixtures/inference); the hand-made ones are labelled so."""

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple

RECORDINGS = Path(__file__).resolve().parents[2] / "fixtures" / "inference"
TOKEN = "estate-token"


class Answer(NamedTuple):
    """One reply."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes


class Server(ThreadingHTTPServer):
    """A server on loopback. `requests` are `GET /v1/models`, in order."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, answer: Callable[["Handler"], Answer | None]) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answer = answer
        self.requests: list[str] = []
        self.over = threading.Event()

    @property
    def url(self) -> str:
        """Its base address."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no news."""


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    server: Server

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def do_HEAD(self) -> None:
        self._answer()

    def log_message(self, format: str, *args: Any) -> None:
        """Silent."""

    def _answer(self) -> None:
        self.server.requests.append(f"{self.command} {self.path}")
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        answer = self.server.answer(self)
        if answer is None:  # the answer wrote to the wire itself
            self.close_connection = True
            return
        lines = [
            f"HTTP/1.1 {answer.status} X",
            *(f"{name}: {value}" for name, value in answer.headers),
            f"Content-Length: {len(answer.body)}",
        ]
        self.wfile.write("\r\n".join([*lines, "", ""]).encode() + answer.body)


@contextmanager
def answering(answer: Callable[[Handler], Answer | None]) -> Iterator[Server]:
    """A server that answers as a function says; one that returns None has written to the wire itself."""
    server = Server(answer)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.over.set()
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def replay(recording: str, *, changes: Mapping[str, Any] | None = None) -> Iterator[Server]:
    """A recorded server; `changes` replace the JSON of paths. With the token it answers what it answered to one who had a key."""
    rows = json.loads((RECORDINGS / f"{recording}.json").read_text("utf-8"))
    with answering(lambda request: _recorded(rows, changes or {}, request)) as server:
        yield server


def _recorded(rows: list[dict[str, Any]], changes: Mapping[str, Any], request: Handler) -> Answer:
    known = request.headers.get("Authorization") == f"Bearer {TOKEN}"
    mine = [row for row in rows if (row["method"], row["path"]) == (request.command, request.path)]
    row = next((row for row in mine if known and row.get("authorized")), None) or next(
        (row for row in mine if not row.get("authorized")), None
    )
    row = row or next(row for row in rows if row["path"] == "/nonexistent-path-xyz")
    value = changes.get(request.path, row.get("json"))
    body = json.dumps(value).encode() if value is not None else row.get("text", "").encode()
    return Answer(row["status"], [(name, text) for name, text in row["headers"]], body)


HAND_MADE: Mapping[str, Mapping[str, Any]] = {
    # https://github.com/ollama/ollama/blob/main/docs/api.md
    "ollama": {
        "/": "Ollama is running",
        "/api/version": {"version": "0.12.3"},
        "/api/tags": {
            "models": [
                {
                    "name": "llama3.2:3b", "model": "llama3.2:3b", "modified_at": "2026-05-04T17:37:44Z", "size": 2019393189,
                    "digest": "a80c4f17acd55265feec403c7aef86be0c25983ab279d83f3bcd3abbcb5b8b72",
                    "details": {"format": "gguf", "family": "llama", "parameter_size": "3.2B", "quantization_level": "Q4_K_M"},
                }
            ]
        },
        "/v1/models": {"object": "list", "data": [{"id": "llama3.2:3b", "object": "model", "created": 1, "owned_by": "library"}]},
    },
    # https://huggingface.github.io/text-generation-inference/
    "tgi": {
        "/info": {
            "model_id": "bigscience/bloom-560m", "model_sha": "e985a63cdc139290c5f700ff1929f0b5942cced2",
            "model_pipeline_tag": "text-generation", "max_concurrent_requests": 128, "version": "3.3.4", "docker_label": "sha-9263817",
        },
        "/v1/models": {"object": "list", "data": [{"id": "bigscience/bloom-560m", "object": "model", "owned_by": "bigscience/bloom-560m"}]},
    },
    # https://huggingface.github.io/text-embeddings-inference/
    "tei": {
        "/info": {
            "model_id": "BAAI/bge-small-en-v1.5", "model_sha": "5c38ec7c405ec4b44b94cc5a9bb96e735b38267a", "model_dtype": "float16",
            "model_type": {"embedding": {"pooling": "cls"}}, "version": "1.8.2",
        },
    },
    # https://kserve.github.io/website/docs/concepts/architecture/data-plane/v1-protocol
    "kserve": {"/": {"status": "alive"}, "/v1/models": {"models": ["sklearn-iris"]}},
    # https://docs.openvino.ai/2025/model-server/ovms_docs_rest_api_kfs.html
    "openvino": {
        "/v2": {"name": "OpenVINO Model Server", "version": "2025.3"},
        "/v1/config": {"resnet": {"model_version_status": [{"version": "1", "state": "AVAILABLE"}]}},
    },
}  # fmt: skip
"""What servers that could not be had answer after their documents: path -> JSON, or text."""


@contextmanager
def hand_made(name: str) -> Iterator[Server]:
    """A server after its vendor's documents."""

    def answer(request: Handler) -> Answer:
        value = HAND_MADE[name].get(request.path)
        if value is None:
            return Answer(404, [("Content-Type", "text/plain")], b"404 page not found")
        text = isinstance(value, str)
        body = value.encode() if text else json.dumps(value).encode()
        return Answer(200, [("Content-Type", "text/plain" if text else "application/json")], body)

    with answering(answer) as server:
        yield server
