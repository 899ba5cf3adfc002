"""The wire: bearer tokens, Status bodies, paging, tables, self-reviews; and faults on demand."""

import json
import re
import ssl
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tests.estate.kubernetes.bodies import REASONS, status, table
from tests.estate.kubernetes.storage import Expired, Malformed, Object, Storage

PATH = re.compile(
    r"/(?:api/(?P<core>v1)|apis/(?P<group>[^/]+/[^/]+))(?:/namespaces/(?P<namespace>[^/]+))?/(?P<resource>[a-z]+)(?:/(?P<name>[^/]+))?"
)


@dataclass
class Fault:
    """What is answered instead, so many times (0: for good)."""

    path: re.Pattern[str]
    status: int = 200
    body: bytes | None = None
    times: int = 0
    hang: bool = False
    half: bool = False
    headers: dict[str, str] = field(default_factory=dict)
    used: int = 0


class Server(ThreadingHTTPServer):
    """One API server."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def __init__(self, storage: Storage, users: dict[str, str], denied: tuple[tuple[str, str, str], ...]) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.storage, self.users, self.denied = storage, users, denied
        self.requests: list[str] = []
        self.accepts: list[tuple[str, str]] = []
        self.faults: list[Fault] = []
        self.over = threading.Event()
        self.lock = threading.Lock()

    def end(self) -> None:
        """Lets go of whoever hangs, and stops."""
        self.over.set()
        self.shutdown()
        self.server_close()

    def fault(self, target: str) -> Fault | None:
        """The fault that this request meets."""
        with self.lock:
            for fault in self.faults:
                if fault.path.search(target) and (not fault.times or fault.used < fault.times):
                    fault.used += 1
                    return fault
        return None

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no news."""


class Cluster:
    """A running cluster, as a test holds it."""

    def __init__(self, name: str, server: Server, kubeconfig: Path, token: str) -> None:
        self.name, self.server, self.kubeconfig, self.token = name, server, kubeconfig, token
        secure = isinstance(server.socket, ssl.SSLSocket)
        self.url = f"{'https' if secure else 'http'}://127.0.0.1:{server.server_address[1]}"

    @property
    def requests(self) -> list[str]:
        """`GET /api/v1/namespaces?limit=500`, in order."""
        return self.server.requests

    def fail(
        self,
        path: str,
        status: int = 200,
        body: bytes | None = None,
        times: int = 0,
        *,
        hang: bool = False,
        half: bool = False,
        **headers: str,
    ) -> None:
        """Answers requests whose path and query match with this instead; `hang` never answers, `half` breaks off."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.server.faults.append(Fault(re.compile(path), status, body, times, hang, half, named))

    def heal(self) -> None:
        """No more faults."""
        self.server.faults.clear()


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    server: Server

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def log_message(self, format: str, *args: Any) -> None:
        """Silent: requests are kept in a list."""

    def _answer(self) -> None:
        self.server.requests.append(f"{self.command} {self.path}")
        self.server.accepts.append((self.path, self.headers.get("Accept", "")))
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        fault = self.server.fault(self.path)
        if fault is not None:
            self._faulty(fault)
            return
        user = self.server.users.get(self.headers.get("Authorization", "").removeprefix("Bearer "))
        if user is None:
            self._status(401, "Unauthorized")
            return
        target = urlsplit(self.path)
        if self.command == "POST":
            self._review(target.path, user, json.loads(body or b"{}"))
        else:
            self._get(target.path, dict(parse_qsl(target.query)), user)

    def _faulty(self, fault: Fault) -> None:
        if fault.hang:
            self.server.over.wait(60)
            self.close_connection = True
            return
        told = json.dumps(status(fault.status, "a fault on demand")).encode()
        body = told if fault.body is None else fault.body
        self._send(fault.status, body, cut=fault.half, **fault.headers)

    def _get(self, path: str, query: dict[str, str], user: str) -> None:
        storage = self.server.storage
        version = path.removeprefix("/apis/").removeprefix("/api/")
        if path == "/version":
            self._json({"major": "1", "minor": "33", "gitVersion": "v1.33.1", "platform": "linux/amd64"})
        elif path == "/api":
            self._json({"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": []})
        elif path == "/apis":
            self._json(storage.groups())
        elif version in storage.kinds:
            self._json(storage.resources(version))
        elif found := PATH.fullmatch(path):
            self._object(found, query, user)
        else:
            self._send(404, b"404 page not found\n", Content_Type="text/plain")

    def _object(self, found: re.Match[str], query: dict[str, str], user: str) -> None:
        version = found["core"] or found["group"]
        namespace, resource, name = found["namespace"] or "", found["resource"], found["name"]
        if resource not in self.server.storage.kinds.get(version, {}):
            self._send(404, b"404 page not found\n", Content_Type="text/plain")
        elif self._is_denied(user, namespace or name or "", resource):
            verb = "get" if name else "list"
            group = version.partition("/")[0] if "/" in version else ""
            place = f'in the namespace "{namespace}"' if namespace else "at the cluster scope"
            self._status(403, f'{resource} is forbidden: User "{user}" cannot {verb} resource "{resource}" in API group "{group}" {place}')
        elif name:
            self._one(version, resource, namespace, name)
        else:
            self._list(version, resource, namespace, query)

    def _is_denied(self, user: str, namespace: str, resource: str) -> bool:
        asked = (user, namespace, resource)
        return any(all(rule in ("*", value) for rule, value in zip(one, asked, strict=True)) for one in self.server.denied)

    def _one(self, version: str, resource: str, namespace: str, name: str) -> None:
        items, _ = self.server.storage.page(version, resource, namespace, {})
        item = next((item for item in items if item["metadata"]["name"] == name), None)
        if item is None:
            self._status(404, f'{resource} "{name}" not found')
        else:
            self._json(item)

    def _list(self, version: str, resource: str, namespace: str, query: dict[str, str]) -> None:
        storage = self.server.storage
        try:
            items, metadata = storage.page(version, resource, namespace, query)
        except Expired:
            self._status(410, "The provided continue parameter is too old to display a consistent list result.")
            return
        except (Malformed, ValueError):
            self._status(400, "continue key is not valid")
            return
        accept = self.headers.get("Accept", "")
        if "as=Table" in accept:
            self._json(table(items, metadata, query.get("includeObject", "Metadata")))
        elif "as=PartialObjectMetadataList" in accept:
            lean = [{"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": item["metadata"]} for item in items]
            self._json({"kind": "PartialObjectMetadataList", "apiVersion": "meta.k8s.io/v1", "metadata": metadata, "items": lean})
        else:
            kind = storage.kinds[version][resource]
            bare = [{name: value for name, value in item.items() if name not in ("apiVersion", "kind")} for item in items]
            self._json({"kind": f"{kind}List", "apiVersion": version, "metadata": metadata, "items": bare})

    def _review(self, path: str, user: str, asked: Object) -> None:
        version, _, resource = path.removeprefix("/apis/").rpartition("/")
        if version not in self.server.storage.kinds:
            self._send(404, b"404 page not found\n", Content_Type="text/plain")
        elif resource == "selfsubjectreviews":
            self._json({**asked, "status": {"userInfo": {"username": user, "groups": ["system:authenticated"]}}}, 201)
        else:
            refused = [rule for rule in self.server.denied if rule[0] in (user, "*")]
            rules = [{"verbs": ["get", "list"], "apiGroups": ["*"], "resources": ["*"]}]
            rules += [{"verbs": [], "apiGroups": ["*"], "resources": [f"{rule[1]}/{rule[2]}"]} for rule in refused]
            self._json({**asked, "status": {"resourceRules": rules, "nonResourceRules": [], "incomplete": False}}, 201)

    def _status(self, code: int, message: str) -> None:
        self._json(status(code, message), code)

    def _json(self, value: Any, code: int = 200) -> None:
        self._send(code, json.dumps(value).encode(), Content_Type="application/json")

    def _send(self, code: int, body: bytes, *, cut: bool = False, **headers: str) -> None:
        lines = [f"HTTP/1.1 {code} {REASONS.get(code, 'OK')}", f"Content-Length: {len(body) * 2 if cut else len(body)}"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        self.wfile.write("\r\n".join([*lines, "", ""]).encode() + body)
        self.close_connection = self.close_connection or cut


def listen(
    storage: Storage, users: dict[str, str], denied: tuple[tuple[str, str, str], ...], certificate: tuple[Path, Path] | None
) -> Server:
    """A server on a free port of loopback; with TLS where it has a certificate and key."""
    server = Server(storage, users, denied)
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    return server
