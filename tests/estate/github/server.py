"""The HTTP side: tokens, paging, ETags, limits, ordered failures, and git's own http-backend for transport."""

import base64
import gzip
import json
import os
import re
import subprocess
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, unquote, urlencode, urlsplit

from tests.estate.github import contract, graph, rest
from tests.estate.github.specs import App
from tests.estate.github.state import Fault, Request, State, Viewer

Headers = Mapping[str, str]


class Handler(BaseHTTPRequestHandler):
    """One request. What is configured hangs on a subclass that `github()` makes for each server."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = 1 << 16
    state: State
    viewer: Viewer
    token: str
    scopes: str
    app: App | None
    app_key: bytes
    kind = "rest"
    wants: tuple[str, ...] = ()

    def do_GET(self) -> None:
        self._serve("GET")

    def do_POST(self) -> None:
        self._serve("POST")

    def _serve(self, method: str) -> None:
        body = self._body()
        path = urlsplit(self.path).path
        self.wants = ()
        self.kind = "graphql" if path == "/api/graphql" else "rest" if path.startswith("/api/v3/") else "git"
        fault = self.state.fault(method, self.path, body)
        if fault is not None:
            self._fail(fault)
        elif not self._authorised(path):
            self._json(401, {"message": "Bad credentials", "documentation_url": "https://docs.github.com/rest", "status": "401"})
        elif self.kind == "graphql":
            asked = json.loads(body)
            self._json(200, graph.execute(self.state, self.viewer, asked["query"], asked.get("variables") or {}))
        elif self.kind == "git":
            self._git(method, path, body)
        else:
            self._rest(method, path.removeprefix("/api/v3"))

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            parts = []
            while size := int(self.rfile.readline().split(b";")[0], 16):
                parts.append(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
            body = b"".join(parts)
        else:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        return gzip.decompress(body) if self.headers.get("Content-Encoding") == "gzip" else body

    def _authorised(self, path: str) -> bool:
        scheme, _, given = self.headers.get("Authorization", "").partition(" ")
        if self.app is not None and (path.startswith("/api/v3/app") or path.endswith("/installation")):
            return self._signed(given)
        if scheme.lower() == "basic":
            given = base64.b64decode(given).decode().partition(":")[2]
        return given == self.token

    def _signed(self, given: str) -> bool:
        import jwt

        try:
            return str(jwt.decode(given, self.app_key, algorithms=["RS256"])["iss"]) == str(self.app.id if self.app else "")
        except jwt.PyJWTError:
            return False

    def _rest(self, method: str, path: str) -> None:
        for pattern, template in contract.operations():
            match = pattern.match(path)
            if match and (method, template) in rest.ROUTES:
                parts = {name: unquote(value) for name, value in match.groupdict().items()}
                return self._described(method, template, rest.Asked(self.state, self.viewer, parts, self.app, self.token))
        return self._json(404, {"message": "Not Found", "documentation_url": "https://docs.github.com/rest", "status": "404"})

    def _described(self, method: str, template: str, asked: rest.Asked) -> None:
        try:
            body = rest.answer(asked, method, template)
        except rest.NotFound:
            return self._json(404, {"message": "Not Found", "documentation_url": "https://docs.github.com/rest", "status": "404"})
        except rest.Denied as denied:
            message = {"message": "Resource not accessible by personal access token", "documentation_url": "", "status": "403"}
            return self._json(403, message, {"X-Accepted-GitHub-Permissions": f"{denied}=read"})
        query = parse_qs(urlsplit(self.path).query)
        per_page, number = int(query.get("per_page", ["30"])[0]), int(query.get("page", ["1"])[0])
        shown, more = rest.page(body, min(per_page, 100), number)
        status = 201 if method == "POST" else 200
        wrong = contract.fault(template, method, status, shown)
        if wrong:
            self.state.invalid.append(wrong)
        following = f"http://{self.headers['Host']}{urlsplit(self.path).path}?{urlencode({'per_page': per_page, 'page': number + 1})}"
        return self._json(status, shown, {"Link": f'<{following}>; rel="next"'} if more else {})

    def _json(self, status: int, body: Any, headers: Headers | None = None) -> None:
        raw = json.dumps(body).encode()
        tag = rest.etag(raw)
        fresh = self.kind == "rest" and self.headers.get("If-None-Match") == tag and status == 200
        if not fresh:
            self.state.remaining -= 1
        limits = {
            "X-RateLimit-Limit": "5000", "X-RateLimit-Remaining": str(self.state.remaining),
            "X-RateLimit-Used": str(5000 - self.state.remaining),
            "X-RateLimit-Reset": str(self.state.reset), "X-RateLimit-Resource": "graphql" if self.kind == "graphql" else "core",
        }  # fmt: skip
        scopes = {} if self.app or self.scopes is None else {"X-OAuth-Scopes": self.scopes}
        tags = {"ETag": tag} if self.kind == "rest" else {}
        self._send(
            304 if fresh else status,
            b"" if fresh else raw,
            {"Content-Type": "application/json", **limits, **scopes, **tags, **(headers or {})},
        )

    def _git(self, method: str, path: str, body: bytes) -> None:
        environment = {
            "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "GIT_HTTP_EXPORT_ALL": "1",
            "GIT_PROJECT_ROOT": str(self.state.directory),
            "PATH": os.environ["PATH"], "PATH_INFO": path, "QUERY_STRING": urlsplit(self.path).query, "REMOTE_ADDR": "127.0.0.1",
            "REQUEST_METHOD": method, "CONTENT_TYPE": self.headers.get("Content-Type", ""), "CONTENT_LENGTH": str(len(body)),
            "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
        }  # fmt: skip
        done = subprocess.run(["git", "http-backend"], input=body, env=environment, capture_output=True, check=False, timeout=60)
        head, _, rest_ = done.stdout.partition(b"\r\n\r\n")
        headers = dict(line.split(": ", 1) for line in head.decode().splitlines() if ": " in line)
        told = gzip.decompress(body) if body[:2] == b"\x1f\x8b" else body
        self.wants = tuple(oid.decode() for oid in re.findall(rb"want ([0-9a-f]{40})", told))
        self._send(int(headers.pop("Status", "200").split()[0]), rest_, headers)

    def _fail(self, fault: Fault) -> None:
        if fault.hang:
            self.state.closing.wait(30)
            self.close_connection = True
            return
        self._send(fault.status, fault.body, fault.headers, short=len(fault.body) // 2 if fault.half else None)

    def _send(self, status: int, body: bytes, headers: Headers, short: int | None = None) -> None:
        if status == 401 and self.kind == "git":
            headers = {**headers, "WWW-Authenticate": 'Basic realm="GitHub"'}
        with self.state.lock:
            self.state.requests.append(Request(self.command, self.path, status, self.kind, self.wants))
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if status != 304:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body if short is None else body[:short])
        self.wfile.flush()
        self.close_connection = self.close_connection or short is not None

    def log_message(self, format: str, *args: Any) -> None:
        """The log is `State.requests`."""
