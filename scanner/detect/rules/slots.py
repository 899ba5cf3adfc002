"""Places that say what stands in them: how sure is it that this literal is the name of a model?"""

import re
from enum import IntEnum
from functools import cache, lru_cache

import msgspec

from scanner.detect.catalogue import table
from scanner.detect.reading.literal import Literal


class Slot(IntEnum):
    """How strongly a place asks for a model's name."""

    BARRED = -1
    NONE = 0
    WEAK = 1
    STRONG = 2


WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")


class Places(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """catalogue/slots.toml."""

    strong_keys: frozenset[str]
    located_keys: frozenset[str]
    strong_calls: tuple[str, ...]
    plain_calls: tuple[str, ...]
    options: frozenset[str]
    barred_keys: frozenset[str]
    metadata: frozenset[str]
    ends: frozenset[str]
    bars: frozenset[str]
    foreign: frozenset[str]
    stand_ins: frozenset[str]


@cache
def places() -> Places:
    """The table, checked."""
    return msgspec.convert(table("slots"), Places)


@cache
def _calls() -> re.Pattern[str]:
    return re.compile(rf"(?:^|\.)({'|'.join((*places().strong_calls, *places().plain_calls))})$")


@cache
def _plain_calls() -> re.Pattern[str]:
    return re.compile(rf"(?:^|\.)({'|'.join(places().plain_calls)})$")


@lru_cache(maxsize=65_536)
def squeezed(name: str) -> str:
    """`MODEL_NAME_OR_PATH`, `model-name-or-path` and `modelNameOrPath` as one spelling."""
    return re.sub(r"[^a-z0-9]", "", name.rsplit(".", 1)[-1].lower())


@lru_cache(maxsize=65_536)
def _words(name: str) -> tuple[str, ...]:
    return tuple(word.lower() for word in WORDS.findall(name.rsplit(".", 1)[-1]))


@lru_cache(maxsize=65_536)
def key_slot(key: str) -> Slot:
    """What a name alone says."""
    name = squeezed(key)
    if name in places().strong_keys or key in places().options:
        return Slot.STRONG
    if name in places().barred_keys:
        return Slot.BARRED
    words = _words(key)
    if not words or words[-1] in places().bars or set(words) & places().foreign:
        return Slot.NONE
    if "model" in words or "models" in words:
        return Slot.WEAK if words[-1] in places().ends or words[0] in ("model", "models") else Slot.NONE
    return (
        Slot.WEAK
        if words and (words[-1] in places().stand_ins or (words[0] in places().stand_ins and words[-1] in places().ends))
        else Slot.NONE
    )


def slot(literal: Literal, *, ai: bool, code: bool = False) -> Slot:
    """How strongly the place of a literal asks for a model's name; `ai`: the file speaks of AI beyond doubt; `code`: it is no manifest."""
    if ((not code or literal.key == "name") and places().metadata & set(literal.path)) or of_data(literal):
        return Slot.BARRED
    key = _named_by(literal)
    own = key_slot(key) if key and not key.startswith("#") else Slot.NONE
    if own is Slot.BARRED:
        return own
    if literal.callee == "key":  # a table under `ollama:` holds settings, one under `models:` may hold models
        return own if {"model", "models", "llm", "llms"} & set(_words(key)) or own is Slot.STRONG else Slot.NONE
    called = _call_slot(literal, own, ai=ai)
    return max(own, called, _path_slot(literal) if own is Slot.NONE else Slot.NONE)


def of_data(literal: Literal) -> bool:
    """Below a key for datasets, and steps of a workflow called by their names."""
    above = (*literal.path[-4:], literal.key)
    if literal.callee.endswith("load_dataset"):
        return True
    return any("dataset" in part.lower() for part in above) or (literal.key == "name" and bool({"steps", "jobs"} & set(literal.path)))


def _named_by(literal: Literal) -> str:
    """A Terraform variable's default is named by the variable, a `name`/`id`/`value` in a list of models by the list."""
    if literal.key in ("default", "value", "defaultValue", "stringValue") and literal.path:
        return literal.path[-1]
    return literal.key


def _path_slot(literal: Literal) -> Slot:
    parents = [part for part in literal.path[-3:] if not part.isdigit()]
    if squeezed(literal.key) in ("name", "id", "value", "default", "enum", "options", "from", "repo", "repoid", "slug", "size", "") and any(
        {"model", "models", "llm", "llms"} & set(_words(part)) and key_slot(part) > Slot.NONE for part in parents
    ):
        return Slot.WEAK
    return Slot.NONE


def _call_slot(literal: Literal, own: Slot, *, ai: bool) -> Slot:
    found = _calls().search(literal.callee) if literal.callee else None
    if found is None:
        return Slot.NONE
    positional = not literal.key or literal.key.startswith("#0")
    if positional:
        return Slot.STRONG if not _plain_calls().search(literal.callee) else Slot.WEAK
    return Slot.STRONG if own is Slot.WEAK and ai else Slot.NONE
