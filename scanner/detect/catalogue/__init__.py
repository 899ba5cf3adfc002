"""The catalogue: what is known of providers, servers and SDKs, as tables of TOML beside this file, checked when read.

A new row needs no code; its examples and counter-examples run as tests (tests/test_detect_catalogue.py).
"""

import re
import tomllib
from functools import cache
from importlib import resources
from typing import Any, TypeVar

import msgspec

Row = TypeVar("Row", bound=msgspec.Struct)


class Server(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An inference server, gateway or AI client: how its image, command and environment tell it, and what it serves."""

    id: str
    source: str
    images: tuple[str, ...] = ()
    not_tags: str = ""
    commands: tuple[str, ...] = ()
    model_args: tuple[str, ...] = ()
    positional: str = ""
    revision_args: tuple[str, ...] = ()
    served_args: tuple[str, ...] = ()
    adapter_args: tuple[str, ...] = ()
    model_env: tuple[str, ...] = ()
    revision_env: tuple[str, ...] = ()
    served_env: tuple[str, ...] = ()
    model_image: str = ""
    model_command: str = ""
    provider: str = ""
    role: str = "server"
    ai: bool = True
    ports: tuple[int, ...] = ()
    examples: tuple[str, ...] = ()
    counterexamples: tuple[str, ...] = ()


class Provider(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who offers models, or what stands around them, behind an API."""

    id: str
    hosts: tuple[str, ...] = ()
    env: tuple[str, ...] = ()
    settings: tuple[str, ...] = ()
    kind: str = "model"
    api: bool = True
    examples: tuple[str, ...] = ()
    counterexamples: tuple[str, ...] = ()


@cache
def table(name: str) -> dict[str, Any]:
    """One file of the catalogue as it is written, `name` without its ending."""
    return tomllib.loads(resources.files(__name__).joinpath(f"{name}.toml").read_text("utf-8"))


def rows(name: str, key: str, kind: type[Row]) -> tuple[Row, ...]:
    """The rows under `key` in one file. Raises msgspec.ValidationError naming the field where one is wrong."""
    return tuple(msgspec.convert(table(name).get(key, []), list[kind]))  # type: ignore[valid-type]  # a type made at run time


@cache
def servers() -> tuple[Server, ...]:
    """Every known server, in the order in which they are asked."""
    return rows("servers", "server", Server)


@cache
def providers() -> tuple[Provider, ...]:
    """Every known provider."""
    return rows("providers", "provider", Provider)


def any_of(patterns: tuple[str, ...] | list[str]) -> re.Pattern[str] | None:
    """One expression that matches where any of them does; None where there are none."""
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns)) if patterns else None
