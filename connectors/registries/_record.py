"""A mapping, from whatever format, to a Record: what is readable is read, and every fault is named.

Shared by all registries. The fields and their meaning: docs/registry.md; as a schema: record.schema.json beside this file.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime
from typing import Any, TypeVar

import msgspec

from scanner.model import ApprovedScope, BaseModel, Record, State, Transition, Value

Read = TypeVar("Read")
TEXTS = (
    "id",
    "name",
    "version",
    "provider",
    "owner",
    "owner_person",
    "approver",
    "use_case",
    "business_purpose",
    "risk_class",
    "framework",
    "source_repository",
    "source_commit",
    "rollback_ref",
)
DATES = ("offboard_by", "review_due", "retire_on", "hold_until", "record_updated", "model_changed")
LISTS = ("identifiers", "aliases", "standby", "identities")
SCOPES = ApprovedScope.__struct_fields__
TABLES = ("approved_scope", "base_model", "transitions", "extra")
SHORTHANDS = {state.value: state for state in State}
"""`retired = 2026-03-03` is short for a transition to that state on that day."""
KNOWN = frozenset((*TEXTS, *DATES, *LISTS, *TABLES, *SHORTHANDS, "state"))


class Unreadable(Exception):
    """One field is not what it should be; the message follows the field's name."""


class Unusable(ValueError):
    """Not even a name could be read."""


def record_of(raw: Mapping[str, Any], registry: str, where: str, states: Mapping[str, State] | None = None) -> Record:
    """The record in a mapping, its faults in `broken`. `states`: other words for a state. Raises Unusable without id and name."""
    faults: list[str] = []
    values: dict[str, Any] = {name: _taken(faults, name, raw, _text) for name in TEXTS}
    values |= {name: _list(faults, name, raw) for name in LISTS}
    values |= {name: _taken(faults, name, raw, _day) for name in DATES}
    values |= _identity(faults, values)
    values |= {"state": _state(faults, raw.get("state"), states or {}), "approved_scope": _scope(faults, raw.get("approved_scope"))}
    values |= {"base_model": _taken(faults, "base_model", raw, _base), "transitions": tuple(_transitions(faults, raw))}
    return Record(registry=registry, where=where, extra=_extra(faults, raw), broken=tuple(faults), **values)


def _identity(faults: list[str], values: Mapping[str, Any]) -> Mapping[str, str]:
    """A record without an id is called by its name and version."""
    name = values["name"] or values["id"]
    if not name:
        raise Unusable("it has neither an id nor a name")
    if not values["name"]:
        faults.append("no name")
    return {"name": name, "id": values["id"] or "-".join(filter(None, (name, values["version"])))}


def flawed(record: Record, fault: str) -> Record:
    """The record with one more fault."""
    return msgspec.structs.replace(record, broken=(*record.broken, fault))


def _taken(faults: list[str], name: str, raw: Mapping[str, Any], read: Callable[[Any], Read]) -> Read | None:
    value = raw.get(name)
    if value is None or value == "":
        return None
    if name == "version" and isinstance(value, float):
        faults.append("version is a number, so that 1.10 and 1.1 are the same: put it in quotes")
    try:
        return read(value)
    except Unreadable as error:
        faults.append(f"{name.replace('_', ' ')} {error}")
        return None


def _list(faults: list[str], name: str, raw: Mapping[str, Any]) -> tuple[str, ...]:
    """What is text in a list still matches, whatever stands beside it."""
    value = raw.get(name)
    readable = [each for each in value if isinstance(each, str)] if isinstance(value, (list, tuple)) else value
    if isinstance(value, (list, tuple)) and len(readable or ()) < len(value):
        faults.append(f"{name} holds something that is not text")
    return _taken(faults, name, {name: readable}, _strings) or ()


def _text(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise Unreadable("is not text")
    return str(value).strip()


def _strings(value: Any) -> tuple[str, ...]:
    values = [value] if isinstance(value, str) else value
    if not isinstance(values, (list, tuple)) or not all(isinstance(each, str) for each in values):
        raise Unreadable("is not a list of texts")
    return tuple(dict.fromkeys(filter(None, (each.strip() for each in values))))


def _day(value: Any) -> str:
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    try:
        datetime.fromisoformat(_text(value))
    except ValueError:
        raise Unreadable("is not a date such as 2027-01-31") from None
    return _text(value)


def _state(faults: list[str], value: Any, states: Mapping[str, State]) -> State:
    """Without a readable state the record still matches, and accuses nobody: it counts as approved."""
    word = value.strip().lower() if isinstance(value, str) else ""
    known = {**SHORTHANDS, **{other.lower(): state for other, state in states.items()}}
    if word not in known:
        faults.append(f"state {word!r} is none of {', '.join(SHORTHANDS)}" if word else "no state")
    return known.get(word, State.APPROVED)


def _scope(faults: list[str], value: Any) -> ApprovedScope:
    if value is None or value == "":
        return ApprovedScope()
    if not isinstance(value, dict):
        faults.append("approved scope is not a table")
        return ApprovedScope()
    faults += [f"approved scope has no {name!r}; known: {', '.join(SCOPES)}" for name in value if name not in SCOPES]
    return ApprovedScope(**{name: _taken(faults, name, value, _strings) or () for name in SCOPES})


def _base(value: Any) -> BaseModel:
    if isinstance(value, str):
        return BaseModel(value, "unknown")
    if not isinstance(value, dict) or not isinstance(value.get("id"), str):
        raise Unreadable("needs an id")
    return BaseModel(value["id"], str(value.get("relation") or "unknown"))


def _transitions(faults: list[str], raw: Mapping[str, Any]) -> Iterator[Transition]:
    steps = raw.get("transitions") or []
    for number, step in enumerate(steps if isinstance(steps, list) else [steps], 1):
        try:
            yield _transition(step)
        except Unreadable as error:
            faults.append(f"transition {number} {error}")
    for name, state in SHORTHANDS.items():
        when = _taken(faults, name, raw, _day)
        if when:
            yield Transition(state, when)


def _transition(step: Any) -> Transition:
    if not isinstance(step, dict) or step.get("to") not in SHORTHANDS or not step.get("when"):
        raise Unreadable("needs `to`, a state, and `when`, a date")
    origin = step.get("from")
    told = {name: _text(step[name]) for name in ("who", "evidence") if step.get(name)}
    return Transition(State(step["to"]), _day(step["when"]), origin=State(origin) if origin in SHORTHANDS else None, **told)


def _extra(faults: list[str], raw: Mapping[str, Any]) -> Mapping[str, Value]:
    """Fields that are nobody's: kept, and named where one looks like a slip of the pen."""
    import difflib

    own = raw.get("extra")
    others = {**(own if isinstance(own, dict) else {}), **{name: value for name, value in raw.items() if name not in KNOWN}}
    for name in others:
        near = difflib.get_close_matches(name, KNOWN, n=1, cutoff=0.8)
        if near and name in raw:
            faults.append(f"there is no field {name!r}; did you mean {near[0]!r}?")
    return {str(name): _value(value) for name, value in others.items()}


def _value(value: Any) -> Value:
    if isinstance(value, (list, tuple)):
        return tuple(str(each) for each in value)
    return value if value is None or isinstance(value, (str, int, float, bool)) else str(value)
