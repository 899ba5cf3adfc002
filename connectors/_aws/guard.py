"""Only reading operations leave the machine: what is allowed is data, and everything else is refused before it is sent."""

import tomllib
from collections.abc import Callable, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

Operations = Mapping[str, frozenset[str]]


class NotReadOnly(RuntimeError):
    """A connector tried an operation that operations.toml does not list for it: a defect of ours, so it is loud."""


@cache
def tables() -> Mapping[str, Any]:
    """operations.toml, whole."""
    loaded: Mapping[str, Any] = tomllib.loads(files("connectors._aws").joinpath("operations.toml").read_text("utf-8"))
    return loaded


def allowed(connector: str) -> Operations:
    """The operations a connector may call, by botocore's service name. A connector without a table may call only the common ones."""
    table = tables()["allowed"]
    merged: dict[str, set[str]] = {}
    for services in (table["common"], table.get(connector, {})):
        for service, operations in services.items():
            merged.setdefault(service, set()).update(operations)
    return {service: frozenset(operations) for service, operations in merged.items()}


def action(service: str, operation: str) -> str:
    """The IAM action that an operation needs, such as `s3:ListBucket` for ListObjectsV2."""
    named: str = tables()["actions"].get(f"{service}:{operation}", f"{service}:{operation}")
    return named


def refuse_unlisted(operations: Operations) -> Callable[..., None]:
    """A handler of botocore's `before-call` event: raises NotReadOnly unless the operation is one of `operations`."""

    def check(model: Any, **_: object) -> None:
        service = model.service_model.service_name
        if model.name not in operations.get(service, frozenset()):
            raise NotReadOnly(f"{service}:{model.name} is not among the reading operations of this connector")

    return check
