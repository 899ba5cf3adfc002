"""The table of kinds beside this file, as values, and how a path of it is looked up in an object."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import resources
from typing import Any

import msgspec

Object = Mapping[str, Any]


class KindRow(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One kind that is listed."""

    group: str
    kind: str
    does: str
    type: str = ""
    template: str = ""
    replicas: str = ""
    server: str = ""
    server_path: str = ""
    provider: str = ""
    models: tuple[str, ...] = ()
    uris: tuple[str, ...] = ()
    text: tuple[str, ...] = ()
    url: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()
    image: str = ""
    label: str = ""
    canary: str = ""
    runtime: str = ""
    scales_to_zero: bool = False
    clustered: bool = False

    @property
    def name(self) -> str:
        """How keys call the kind."""
        return self.type or self.kind.lower()


class EnvNames(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which variables' values may be read, by their names."""

    weights: str
    api: str
    model: str


class Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole file."""

    kind: tuple[KindRow, ...]
    env: EnvNames
    identity: Mapping[str, str]
    internal: Mapping[str, str]
    public: Mapping[str, str]
    authenticated: Mapping[str, str]
    stopped: Mapping[str, str]


@cache
def table() -> Table:
    """The table. Raises msgspec.ValidationError naming the field where a row is wrong."""
    return msgspec.convert(tomllib.loads(resources.files(__package__).joinpath("kinds.toml").read_text("utf-8")), Table)


@cache
def rows() -> Mapping[tuple[str, str], KindRow]:
    """Every kind by group and kind."""
    return {(row.group, row.kind): row for row in table().kind}


def dig(value: Any, path: str) -> Iterator[Any]:
    """Every value that a path reaches."""
    field, _, rest = path.partition(".")
    if field == "*":
        inner = list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []
    else:
        inner = [value[field]] if isinstance(value, dict) and value.get(field) is not None else []
    for item in inner:
        if rest:
            yield from dig(item, rest)
        else:
            yield item


def texts(value: Any, *paths: str) -> list[str]:
    """The strings that paths reach, each once."""
    return list(dict.fromkeys(item for path in paths for item in dig(value, path) if isinstance(item, str) and item))


def number(value: Any, path: str) -> int | None:
    """The whole number at a path; the sum where it reaches several."""
    found = [item for item in dig(value, path) if isinstance(item, int) and not isinstance(item, bool)] if path else []
    return sum(found) if found else None


def says(annotations: Mapping[str, str], rules: Mapping[str, str]) -> bool:
    """Whether an annotation has a value that a rule of the table names."""
    return any(name in annotations and re.fullmatch(rule, str(annotations[name])) for name, rule in rules.items())
