"""TOML to a frozen, checked Config. Every plugin owns its Settings; a key that nobody knows is refused by name.

docs/configuration.md; every key with its default stands in config.example.toml, which a test holds against this file.
"""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar, get_args, get_origin
from zoneinfo import available_timezones

from pydantic import BaseModel, Field, ValidationError, field_validator

from scanner import plugins
from scanner.contracts import Network, PluginSettings, SecretName
from scanner.coverage import unknown_platforms
from scanner.detect import DetectSettings
from scanner.errors import ConfigError
from scanner.executor import EngineSettings
from scanner.judge import Policy

Checked = TypeVar("Checked", bound=BaseModel)
GROUPS = {"source": "connectors", "registry": "registries", "report": "reports"}


class Organisation(PluginSettings):
    """[organisation]: whose estate this is."""

    name: str = Field(default="", description="stands on the reports")
    timezone: str = Field(default="UTC", description="IANA name; times in reports are given in it, and say so")
    not_used: tuple[str, ...] = Field(
        default=(),
        description="platforms the organisation does not use, on your word; one without a source counts as unread until you say so",
    )

    @field_validator("not_used")
    @classmethod
    def _known_platforms(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        unknown = unknown_platforms(value)
        if unknown:
            raise ValueError(f"{unknown[0]!r} is no platform that Gnomon knows (docs/coverage.md lists them)")
        return value

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        if value not in available_timezones():
            raise ValueError(f"{value!r} is not an IANA time zone")
        return value


class StoreSettings(PluginSettings):
    """[store]: where the inventory and its history live."""

    url: str = Field(default="", description="sqlite:///path or postgresql://user@host/database; empty: gnomon.db beside this file")
    password: SecretName = Field(default="", description="variable, or file:/path, that holds the database's password")
    keep_runs: int = Field(default=400, ge=2, description="runs kept for the trend; older ones are pruned")
    keep_days: int = Field(default=400, ge=30, description="days that resolved findings, and facts by content that nothing used, are kept")


class Plugin(PluginSettings):
    """One [[source]], [[registry]] or [[report]]."""

    type: str
    name: str
    settings: PluginSettings


class Config(PluginSettings):
    """The whole configuration."""

    organisation: Organisation = Organisation()
    store: StoreSettings = StoreSettings()
    network: Network = Network()
    engine: EngineSettings = EngineSettings()
    detect: DetectSettings = DetectSettings()
    policy: Policy = Policy()
    waivers: Path | None = Field(default=None, description="TOML file of waivers (docs/waivers.md)")
    output: Path = Field(default=Path("gnomon-report"), description="directory that reports are written to")
    heartbeat: Path | None = Field(
        default=None, description="file that says when a full run last did everything, readable by all; empty: heartbeat.json in the output"
    )
    source: tuple[Plugin, ...] = ()
    registry: tuple[Plugin, ...] = ()
    report: tuple[Plugin, ...] = ()
    directory: Path = Path()


def load(path: Path) -> Config:
    """The config in a file. Raises ConfigError naming the file, the key and the nearest known key."""
    try:
        raw = tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError as error:
        raise ConfigError(f"{path}: no such file; `gnomon init` writes a first one") from error
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        raise ConfigError(f"{path}: {error}") from error
    return parse(raw, path)


def parse(raw: Mapping[str, Any], path: Path) -> Config:
    """The config in a parsed TOML document; `path` is for messages, and for what is relative to it."""
    rest = {key: value for key, value in raw.items() if key not in GROUPS}
    lists = {key: tuple(_plugins(key, raw.get(key, ()), path)) for key in GROUPS}
    directory = path.absolute().parent
    if "directory" in rest:
        raise ConfigError(f"{path}: there is no key 'directory'")
    checked = validated(Config, {**rest, "directory": directory}, path, "")
    return checked.model_copy(update=lists)


def validated(model: type[Checked], raw: object, path: Path, place: str) -> Checked:
    """`raw` as a `model`; raises ConfigError in an operator's words."""
    try:
        return model.model_validate(raw, context={"directory": path.absolute().parent})
    except ValidationError as error:
        raise ConfigError("\n".join(f"{path}: {_said(model, fault, place)}" for fault in error.errors())) from error


def _plugins(key: str, entries: object, path: Path) -> list[Plugin]:
    if not isinstance(entries, (list, tuple)) or not all(isinstance(entry, dict) for entry in entries):
        raise ConfigError(f"{path}: write each {key} as a table of its own, [[{key}]]")
    found = [_plugin(key, entry, path, number) for number, entry in enumerate(entries, 1)]
    taken = [plugin.name for plugin in found if key != "report" or "name" in type(plugin.settings).model_fields]
    twice = next((name for name in taken if taken.count(name) > 1), None)
    if twice is not None:
        raise ConfigError(f"{path}: two [[{key}]] are named {twice!r}; give each a name of its own")
    return found


def _plugin(key: str, entry: Mapping[str, Any], path: Path, number: int) -> Plugin:
    kind = entry.get("type")
    if not isinstance(kind, str):
        raise ConfigError(f"{path}: [[{key}]] number {number} has no `type`; known: {', '.join(plugins.names(GROUPS[key]))}")
    try:
        module = plugins.load(GROUPS[key], kind)
    except ConfigError as error:
        raise ConfigError(f"{path}: [[{key}]] number {number}: {error}") from error
    values = {name: value for name, value in entry.items() if name != "type"}
    settings = validated(module.Settings, values, path, f"[[{key}]] {kind}")
    return Plugin(type=kind, name=str(getattr(settings, "name", "") or kind), settings=settings)


def _said(model: type[BaseModel], fault: Any, place: str) -> str:
    where = [str(part) for part in fault["loc"]]
    parent = _model_at(model, where[:-1])
    spot = " ".join(filter(None, [place, f"[{'.'.join(where[:-1])}]" if where[:-1] else ""]))
    if fault["type"] != "extra_forbidden":
        return f"{spot + ' ' if spot else ''}{where[-1] if where else ''}: {fault['msg'].removeprefix('Value error, ')}"
    known = tuple(parent.model_fields) if parent else ()
    hint = plugins.nearest(where[-1], known)
    return f"{spot or 'the top level'} has no key {where[-1]!r}" + (f"; did you mean {hint!r}?" if hint else f"; known: {', '.join(known)}")


def _model_at(model: type[BaseModel] | None, where: list[str]) -> type[BaseModel] | None:
    for part in where:
        if part.isdigit() or model is None:
            continue
        field = model.model_fields.get(part)
        model = _model_in(field.annotation) if field else None
    return model


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for part in get_args(annotation) if (found := _model_in(part))), None) if get_origin(annotation) else None
