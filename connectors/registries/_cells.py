"""A cell, a tag or a column into a record's field: a list where the field holds one, a table where its name has a dot."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from connectors.registries._record import DATES, LISTS, SCOPES, SHORTHANDS, TEXTS

TABLES = ("approved_scope", "base_model")
SINGLE = (*TEXTS, *DATES, *LISTS, *SHORTHANDS)
FIELDS = (*SINGLE, "base_model", "base_model.id", "base_model.relation", *(f"approved_scope.{name}" for name in SCOPES))
"""Every field that a registry of single values can fill."""
DAYS = frozenset((*DATES, *SHORTHANDS))
PREFIX = "gnomon."
MILLISECONDS = 1e11
"""As seconds this is the year 5138, as milliseconds 1973."""


def put(values: dict[str, Any], field: str, value: Any, separators: str) -> None:
    """Sets `field` of a raw record to what a cell, a column or a place in JSON says."""
    table, dot, name = field.partition(".")
    if dot and table in TABLES:
        inner = values.setdefault(table, {})
        if not isinstance(inner, dict):
            inner = values[table] = {"id": inner}
        inner[name] = _listed(value, separators) if table == "approved_scope" else value
    elif field in LISTS:
        values[field] = _listed(value, separators)
    else:
        values[field] = _day(value) if field in DAYS else value


def _listed(value: Any, separators: str) -> Any:
    return items(value, separators) if isinstance(value, str) else value


def _day(value: Any) -> Any:
    """Many registries write a time as seconds or milliseconds since 1970."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return value
    return instant(value if abs(value) > MILLISECONDS else value * 1000) or value


def instant(milliseconds: float | None) -> str | None:
    """ISO 8601 UTC of a time in milliseconds since 1970; None where it is none."""
    try:
        return datetime.fromtimestamp(milliseconds / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if milliseconds else None
    except (OverflowError, OSError, ValueError):
        return None


def items(cell: str, separators: str) -> list[str]:
    """The items of a list in one cell."""
    return [item.strip() for item in re.split(f"[{re.escape(separators)}]", cell) if item.strip()]


def tagged(tags: Mapping[str, str], fields: Mapping[str, str], separators: str) -> dict[str, Any]:
    """What tags say of a record: each field by the tag that `fields` names for it, or by `gnomon.<field>`."""
    values: dict[str, Any] = {}
    for field in FIELDS:
        cell = tags.get(fields.get(field, PREFIX + field), "").strip()
        if cell:
            put(values, field, cell, separators)
    return values
