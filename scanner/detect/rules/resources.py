"""catalogue/resources.toml: custom resources and cloud resources that deploy AI."""

import re
from functools import cache, lru_cache

import msgspec

from scanner.detect.catalogue import rows


class Custom(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Custom resources of one API group."""

    group: str
    server: str
    kinds: tuple[str, ...]
    models: tuple[str, ...] = ()
    provider: str = ""
    agent: bool = False
    wakes: bool = True


class Cloud(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Resources of one cloud service, as each tool calls them."""

    server: str
    terraform: str = ""
    type: str = ""
    code: str = ""
    ai_only: str = ""


@cache
def customs() -> tuple[Custom, ...]:
    """Every group."""
    return rows("resources", "custom", Custom)


@cache
def clouds() -> tuple[Cloud, ...]:
    """Every cloud service."""
    return rows("resources", "cloud", Cloud)


@lru_cache(maxsize=4096)
def custom(api_version: str, kind: str) -> Custom | None:
    """The row of a Kubernetes object, or None."""
    group = api_version.partition("/")[0]
    return next((row for row in customs() if kind in row.kinds and re.fullmatch(row.group, group)), None)


@lru_cache(maxsize=4096)
def terraform(resource: str) -> Cloud | None:
    """The row of a Terraform resource type, or None."""
    return next((row for row in clouds() if row.terraform and re.fullmatch(row.terraform, resource)), None)


@lru_cache(maxsize=4096)
def typed(name: str) -> Cloud | None:
    """The row of a CloudFormation or ARM type, or None."""
    return next((row for row in clouds() if row.type and re.fullmatch(row.type, name)), None)
