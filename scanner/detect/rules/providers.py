"""Whose a model is: the provider that its place names, where it is had from more than one."""

import re

from scanner.detect.lexicon import Named, plain, provider_id, resellers
from scanner.detect.reading.literal import Literal
from scanner.detect.rules.file import File


def provider_of(file: File, literal: Literal, text: str) -> str:
    """The provider of a model that no list knows."""
    if known := provider_id(text.partition("/")[0]) if "/" in text else None:
        return known
    if text.startswith("arn:"):
        return "bedrock"
    if text.count("/") == 1:
        return "huggingface"
    return _spoken(file, literal) or "unknown"


def placed(file: File, literal: Literal, name: Named) -> Named:
    """The provider that the place names, where a model is had from more than one."""
    if name.model_id.startswith("ai/"):
        return Named("docker", name.model_id, name.sure)
    if "/" in name.model_id or name.provider == "bedrock":
        spoken = _by_path(literal)
        return Named(spoken, name.model_id, name.sure) if spoken in resellers() - {"azure", "bedrock", "ollama"} else name
    spoken = _spoken(file, literal)
    return Named(spoken or name.provider, name.model_id, name.sure) if spoken in resellers() or name.model_id.lower() in plain() else name


def _spoken(file: File, literal: Literal) -> str | None:
    return _by_path(literal) or (next(iter(file.providers)) if len(file.providers) == 1 else None)


def _by_path(literal: Literal) -> str | None:
    for word in (literal.callee.rsplit(".", 1)[-1], literal.key, *reversed(literal.path)):
        for part in re.split(r"[^A-Za-z0-9]+|(?<=[a-z])(?=[A-Z])", word):
            if len(part) > 2 and (found := provider_id(part)) and found not in ("meta", "base", "auto"):
                return found
    return None
