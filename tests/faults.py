"""What can go wrong with a reply over HTTP, each on the wire, and the reason that the gap of it has to give."""

import json
from collections.abc import Callable
from typing import Any, NamedTuple

from scanner.model import Reason
from tests.estate.inference.replayed import Answer, Handler

TEXT = [("Content-Type", "text/html")]
Truly = Callable[[Handler], Answer]
Act = Callable[[Handler, Truly], Answer | None]


class Fault(NamedTuple):
    """One way to fail."""

    act: Act
    reason: Reason


def status(code: int, *headers: tuple[str, str]) -> Act:
    """That status, with a body that must not be told."""
    return lambda _, __: Answer(code, [*TEXT, *headers], b"sk-secret")


def body(content: bytes) -> Act:
    """200 with this body."""
    return lambda _, __: Answer(200, [("Content-Type", "application/json")], content)


def half(request: Handler, truly: Truly) -> None:
    """The headers of the whole, the first half of its body, and then nothing."""
    whole = truly(request).body
    request.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(whole) + whole[: len(whole) // 2])


def hang(request: Handler, _: Truly) -> None:
    """No answer, until the server stops."""
    request.server.over.wait(30)


def reset(request: Handler, _: Truly) -> None:
    """The connection is closed without a word."""
    request.connection.close()


def again(request: Handler, truly: Truly) -> Answer:
    """The reply to the request before: its page, and its page token, come round again."""
    told = getattr(request.server, "before", None) or truly(request)
    request.server.before = told  # type: ignore[attr-defined]  # a note for the next request
    return told


def keyless(request: Handler, truly: Truly) -> Answer:
    """JSON, but not what the registry documents."""
    return Answer(200, [("Content-Type", "application/json")], json.dumps({"error": "maintenance"}).encode())


FAULTS: dict[str, Fault] = {
    "401": Fault(status(401), Reason.DENIED),
    "403": Fault(status(403), Reason.DENIED),
    "404": Fault(status(404), Reason.UNEXPECTED),
    "407": Fault(status(407), Reason.DENIED),
    "410": Fault(status(410), Reason.UNEXPECTED),
    "418": Fault(status(418), Reason.UNEXPECTED),
    "429": Fault(status(429), Reason.THROTTLED),
    "429 with Retry-After": Fault(status(429, ("Retry-After", "3600")), Reason.THROTTLED),
    "429 with a date": Fault(status(429, ("Retry-After", "Fri, 31 Dec 2100 23:59:59 GMT")), Reason.THROTTLED),
    "500": Fault(status(500), Reason.UNREACHABLE),
    "503": Fault(status(503), Reason.UNREACHABLE),
    "503 with Retry-After": Fault(status(503, ("Retry-After", "3600")), Reason.THROTTLED),
    "a hang": Fault(hang, Reason.UNREACHABLE),
    "half a body": Fault(half, Reason.UNEXPECTED),
    "a reset": Fault(reset, Reason.UNEXPECTED),
    "not JSON": Fault(body(b"<html>please log in</html>"), Reason.UNEXPECTED),
    "nothing": Fault(body(b""), Reason.UNEXPECTED),
    "another shape": Fault(keyless, Reason.UNEXPECTED),
    "a list of numbers in place of a table": Fault(body(b"7"), Reason.UNEXPECTED),
    "nested without end": Fault(body(b"[" * 100_000), Reason.UNEXPECTED),
    "another host": Fault(status(302, ("Location", "https://login.example.org/?next=x")), Reason.UNEXPECTED),
    "a circle": Fault(lambda request, _: Answer(302, [("Location", request.path)], b""), Reason.UNEXPECTED),
    "too long": Fault(body(b'"' + b"x" * 200_000 + b'"'), Reason.LIMIT),
}


def after(good: int, act: Act) -> Callable[[Handler, Any], Answer | None]:
    """Fails from the request after `good` on."""

    def answer(request: Handler, truly: Truly) -> Answer | None:
        if len(request.server.requests) <= good:
            request.server.before = truly(request)  # type: ignore[attr-defined]  # a note for `again`
            return request.server.before  # type: ignore[attr-defined,no-any-return]  # the note
        return act(request, truly)

    return answer
