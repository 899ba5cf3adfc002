"""Writes config.example.toml from the Settings themselves: `python -m tests.example`. A test holds the file against this."""

import json
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from scanner import plugins
from scanner.config import GROUPS, Config

EXAMPLE = Path(__file__).resolve().parents[1] / "config.example.toml"
HEAD = """# Every source, registry, report and limit of Gnomon, with its default and what it means.
# A key that is written out has its default; one behind a # has none, and shows an example. Unknown keys are refused by name.
# Secrets never stand here: such a key holds the name of a variable, or file:/path.
# This file is made from the program itself (python -m tests.example), and a test compares the two.
"""
EXAMPLES: dict[str, dict[str, Any]] = {
    "github": {"organisation": "acme", "name": "github-acme", "token": "GITHUB_TOKEN"},
    "folder": {"path": "/srv/repositories"},
    "s3": {},
    "kubernetes": {},
    "inference": {},
    "sagemaker": {},
    "iam": {},
    "files": {"path": "registry"},
    "mlflow": {"url": "https://mlflow.acme.example", "token": "MLFLOW_TOKEN"},
    "rest": {
        "url": "https://catalogue.acme.example/rest/2.0",
        "token": "CATALOGUE_TOKEN",
        "path": "assets?type=model",
        "items": "results",
        "total": "total",
        "fields": {"id": "id", "name": "name", "version": "version", "state": "status.name", "identifiers": "identifiers"},
        "states": {"Candidate": "proposed", "Under Review": "proposed", "Accepted": "approved", "Archived": "retired"},
        "paging": {"how": "offset", "parameter": "offset", "size_parameter": "limit", "size": 100},
    },
    "sql": {
        "url": "postgresql://gnomon@registry.acme.example/models",
        "password": "REGISTRY_PASSWORD",
        "query": "SELECT name, version, state, owner, identifiers FROM models",
    },
    "email": {"host": "smtp.example.com", "sender": "gnomon@example.com", "to": ["ai-governance@example.com"]},
    "webhook": {"url": "https://hooks.example.com/gnomon", "key": "GNOMON_WEBHOOK_KEY"},
}
SECTIONS = ("organisation", "store", "network", "engine", "detect", "policy")


def text() -> str:
    """The example, whole."""
    return "\n".join([HEAD, *_top(), *_sections(), *_plugins()])


def _top() -> Iterator[str]:
    for name, field in Config.model_fields.items():
        if name not in (*SECTIONS, *GROUPS, "directory"):
            yield from _field(name, field, {})
    yield ""


def _sections() -> Iterator[str]:
    for name in SECTIONS:
        model = Config.model_fields[name].annotation
        yield f"# {_doc(model)}"
        yield f"[{name}]"
        yield from _fields(model, {})


def _plugins() -> Iterator[str]:
    for key, group in GROUPS.items():
        for kind in plugins.names(group):
            module = plugins.load(group, kind)
            yield f"# {(module.__doc__ or '').strip().splitlines()[0]}"
            yield f"[[{key}]]\ntype = {_toml(kind)}"
            yield from _fields(module.Settings, EXAMPLES.get(kind, {}))


def _fields(model: Any, given: dict[str, Any]) -> Iterator[str]:
    for name, field in model.model_fields.items():
        yield from _field(name, field, given)
    yield ""


def _field(name: str, field: FieldInfo, given: dict[str, Any]) -> Iterator[str]:
    if field.description:
        yield f"# {field.description}"
    default = field.get_default(call_default_factory=True) if not field.is_required() else PydanticUndefined
    if name in given:
        yield f"{name} = {_toml(given[name])}"
    elif default is None or default is PydanticUndefined:
        yield f"# {name} = {_toml(field.examples[0]) if field.examples else '...'}"
    else:
        yield f"{name} = {_toml(default)}"


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Enum):
        return _toml(value.value)
    if isinstance(value, (int, float)):
        return str(value)
    if isinstance(value, BaseModel):
        return _toml({name: getattr(value, name) for name in type(value).model_fields if getattr(value, name) is not None})
    if isinstance(value, dict):
        return (
            "{ "
            + ", ".join(f"{_toml(str(key)) if not str(key).isidentifier() else key} = {_toml(each)}" for key, each in value.items())
            + " }"
            if value
            else "{}"
        )
    if isinstance(value, (list, tuple, set, frozenset)):
        return "[" + ", ".join(_toml(each) for each in value) + "]"
    return json.dumps(str(value), ensure_ascii=False)


def _doc(model: Any) -> str:
    return (model.__doc__ or "").strip().splitlines()[0]


if __name__ == "__main__":
    EXAMPLE.write_text(text(), "utf-8")
