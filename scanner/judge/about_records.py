"""Checks about the registry's own records."""

import re
from collections.abc import Iterator, Mapping
from datetime import date
from functools import cache, lru_cache
from importlib.resources import files
from operator import attrgetter

import msgspec

from scanner.identifiers import typed
from scanner.judge.case import Case, Verdict
from scanner.judge.governing import disagreeing
from scanner.model import Record, State

OVER = (State.RETIRED, State.REJECTED)


class _Placeholder(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    fields: tuple[str, ...]
    values: frozenset[str]
    patterns: tuple[str, ...]


class _Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    required: Mapping[str, tuple[State, ...]]
    placeholder: _Placeholder


@cache
def _table() -> _Table:
    return msgspec.toml.decode(files("scanner").joinpath("data/records.toml").read_bytes(), type=_Table)


def about_records(case: Case) -> Iterator[Verdict]:
    """What each record lacks, by itself."""
    for record in case.records:
        for check in (_owner, _incomplete, _placeholder, _stale, _review, _retire):
            verdict = check(case, record)
            if verdict:
                yield verdict


def _said(check: str, record: Record, because: str, *, when: str | None = None, detail: str = "") -> Verdict:
    return Verdict(check, f"record:{record.id}", record=record, because=because, date=when, detail=detail)


def _owner(_: Case, record: Record) -> Verdict | None:
    return None if record.owner or record.state in OVER else _said("missing-owner", record, "the field owner is empty")


def _incomplete(case: Case, record: Record) -> Verdict | None:
    names, values = _required(record.state)
    untyped = [] if all(map(typed, record.identifiers)) else list(_untyped(case, record))
    if not record.broken and not untyped and all(values(record)):
        return None
    lacking = [name for name in names if not getattr(record, name)]
    faults = [*(f"no {name.replace('_', ' ')}" for name in lacking), *record.broken, *untyped]
    return _said("incomplete-record", record, "; ".join(faults), detail=", ".join(faults)) if faults else None


@cache
def _required(state: State) -> "tuple[tuple[str, ...], attrgetter[tuple[object, ...]]]":
    """The fields that a record in this state must fill, and what reads them at once. The id twice: two make a tuple, one does not."""
    names = tuple(name for name, states in _table().required.items() if state in states)
    return names, attrgetter("id", "id", *names)


def _untyped(case: Case, record: Record) -> Iterator[str]:
    """Identifiers that nothing can agree with, because nobody knows what they name."""
    for identifier in record.identifiers:
        if not typed(identifier) and case.typed.get(identifier.partition(":")[2]) != identifier:
            seen = case.typed.get(identifier)
            hint = f"did you mean {seen}?" if seen else "write its type before it, as api:, hf: or s3://"
            yield f"identifier {identifier!r} has no known type; {hint}"


def _placeholder(_: Case, record: Record) -> Verdict | None:
    if not any(map(_is_placeholder, _answers()(record))):
        return None
    fields = [name for name in _table().placeholder.fields if _is_placeholder(getattr(record, name))]
    said = ", ".join(f"{name.replace('_', ' ')} is {getattr(record, name)!r}" for name in fields)
    return _said("placeholder-record", record, said, detail=said)


@cache
def _answers() -> "attrgetter[tuple[str | None, ...]]":
    """Reads all fields that may hold a placeholder."""
    return attrgetter(*_table().placeholder.fields)


@lru_cache(maxsize=50_000)
def _is_placeholder(value: str | None) -> bool:
    if value is None:
        return False
    word, table = value.strip().lower(), _table().placeholder
    return word in table.values or word.strip(" .!?-_*[]()") in table.values or _patterns().fullmatch(word) is not None


@cache
def _patterns() -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{each})" for each in _table().placeholder.patterns))


def _stale(_: Case, record: Record) -> Verdict | None:
    changed, updated = record.model_changed, record.record_updated
    if record.state in OVER or not changed or not updated or changed[:10] <= updated[:10]:
        return None
    return _said("stale-record", record, f"the model changed {changed[:10]}, the record {updated[:10]}", when=changed)


def _review(case: Case, record: Record) -> Verdict | None:
    if record.state in OVER or not _past(case, record.review_due):
        return None
    return _said("review-overdue", record, f"review due {record.review_due}", when=record.review_due)


def _retire(case: Case, record: Record) -> Verdict | None:
    if record.state in OVER or not _past(case, record.retire_on):
        return None
    return _said("retire-date-passed", record, f"to be retired {record.retire_on}", when=record.retire_on)


def _past(case: Case, when: str | None) -> bool:
    try:
        return bool(when) and date.fromisoformat((when or "")[:10]) < case.today
    except ValueError:
        return False


def conflicts(case: Case) -> Iterator[Verdict]:
    """Two registries that disagree about one model; once for each pair of records."""
    said: set[tuple[str, ...]] = set()
    registries = {record.registry for record in case.records}
    for subject in sorted(case.matched) if len(registries) > 1 else ():
        if len({record.registry for _, record in case.matches(subject)}) < 2:
            continue
        for place in case.at.get(subject, ()):
            records = disagreeing(case, place)
            ids = tuple(record.id for record in records)
            if records and ids not in said:
                said.add(ids)
                yield _conflict(subject, records)


def _conflict(subject: str, records: tuple[Record, ...]) -> Verdict:
    detail = ", ".join(f"{record.registry} says {record.state}" for record in records)
    return Verdict("records-conflict", f"record:{records[0].id}", subject, records[0], detail, detail=detail)
