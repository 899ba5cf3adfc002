"""The table of servers beside this file, and what it says of replies."""

import re
import tomllib
from collections.abc import Callable, Iterator
from functools import cache
from importlib import resources
from typing import Any

import msgspec

from connectors.inference.probe import Reply

Ask = Callable[[str], Reply | None]
"""What a path answers; None where nothing whole came."""


class Test(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Conditions on one reply. `and` names a second path that must answer 200."""

    path: str
    status: int = 0
    header: str = ""
    body: str = ""
    field: str = ""
    value: str = msgspec.field(name="is", default="")
    also: str = msgspec.field(name="and", default="")


class Models(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where the models stand in a reply."""

    path: str
    each: str = ""
    id: str = ""
    root: str = ""
    parent: str = ""
    revision: str = ""
    digest: str = ""
    version: str = ""
    format: str = ""
    state: str = ""
    live: str = ""
    header: str = ""
    keys: bool = False
    qualified: bool = False


class At(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One value of a reply."""

    path: str
    field: str


class Fingerprint(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One kind of server."""

    id: str
    source: str
    tests: tuple[Test, ...]
    models: Models | None = None
    version: At | None = None
    root: At | None = None
    provider: str = "unknown"
    serves: bool = True


class Served(msgspec.Struct, frozen=True):
    """One model as the server names it."""

    id: str
    root: str | None = None
    parent: str | None = None
    revision: str | None = None
    digest: str | None = None
    version: str | None = None
    format: str | None = None
    live: bool = True


@cache
def fingerprints() -> tuple[Fingerprint, ...]:
    """The table. Raises msgspec.ValidationError naming the field where a row is wrong."""
    loaded = tomllib.loads(resources.files(__package__).joinpath("fingerprints.toml").read_text("utf-8"))
    return tuple(msgspec.convert(loaded["server"], list[Fingerprint]))


def recognised(ask: Ask) -> Fingerprint | None:
    """The server that answers so."""
    return next((row for row in fingerprints() if any(_holds(test, ask) for test in row.tests)), None)


def _holds(test: Test, ask: Ask) -> bool:
    reply = ask(test.path)
    if reply is None or (test.status and reply.status != test.status):
        return False
    if not test.status and not test.header and reply.status >= 400 and not test.body:
        return False
    if test.header and not re.search(test.header, reply.header_lines, re.IGNORECASE):
        return False
    if test.body and not re.search(test.body, reply.text.strip()):
        return False
    if test.field and not any(re.fullmatch(test.value, _written(value)) for value in dig(reply.value, test.field)):
        return False
    return not test.also or _fine(ask(test.also))


def _fine(reply: Reply | None) -> bool:
    return reply is not None and reply.status == 200


def served(models: Models, reply: Reply) -> list[Served] | None:
    """The models of a reply; None where it does not have the shape that the server is known for."""
    if models.header:
        found = re.search(models.header, reply.header_lines, re.IGNORECASE)
        return [Served(found["name"])] if found else None
    if models.keys:
        return [Served(name) for name in reply.value] if isinstance(reply.value, dict) else None
    stem = models.each.rpartition("*")[0].rstrip(".")
    held = next(dig(reply.value, stem), None) if stem else reply.value
    if not isinstance(held, dict | list):
        return None
    entries = list(dig(held, "*")) if models.each else [held]
    told = [_served(models, entry) for entry in entries]
    return None if None in told else [one for one in told if one is not None]


def _served(models: Models, entry: Any) -> Served | None:
    name = _text(entry, models.id) if models.id else (entry if isinstance(entry, str) else None)
    if not name:
        return None
    parts = {
        part: _text(entry, path)
        for part in ("root", "parent", "revision", "digest", "version", "format")
        if (path := getattr(models, part))
    }
    live = not models.state or _text(entry, models.state) == models.live
    return Served(name, live=live, **parts)


def _text(entry: Any, path: str) -> str | None:
    value = next(dig(entry, path), None)
    return str(value)[:500] if isinstance(value, str | int) and value != "" else None


def value_at(at: At | None, ask: Ask) -> str | None:
    """One value, as text."""
    reply = ask(at.path) if at else None
    return _text(reply.value, at.field) if at and reply is not None and reply.status == 200 else None


def dig(value: Any, path: str) -> Iterator[Any]:
    """Every value that a path reaches."""
    if not path:
        yield value
        return
    field, _, rest = path.partition(".")
    if field == "*":
        inner = list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []
    else:
        inner = [value[field]] if isinstance(value, dict) and value.get(field) is not None else []
    for item in inner:
        yield from dig(item, rest)


def _written(value: Any) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
