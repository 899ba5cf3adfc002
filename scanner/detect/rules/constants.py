"""Constants of SDKs that stand for a model: `openai.GPT4oMini`, `ChatModel.GPT_4_1`."""

import re
from collections.abc import Iterator, Mapping
from functools import cache

import msgspec

from scanner.detect.catalogue import table
from scanner.detect.lexicon import named, snapshot
from scanner.detect.rules.credentials import COMMENT
from scanner.detect.rules.file import File
from scanner.detect.rules.inside import CODE, Found


class Constants(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """catalogue/constants.toml."""

    owners: tuple[str, ...]
    prefixes: tuple[str, ...]
    names: Mapping[str, str]
    examples: Mapping[str, str]
    counterexamples: Mapping[str, str]


@cache
def constants() -> Constants:
    """The table, checked."""
    return msgspec.convert(table("constants"), Constants)


@cache
def _shape() -> re.Pattern[str]:
    return re.compile(rf"\b(?:{'|'.join(constants().owners)})\.(?P<name>[A-Z]\w{{3,70}})\b(?!\s*[(.])")


@cache
def _known() -> Mapping[str, str]:
    """Ids without punctuation; of two that fall together the one that its maker lists, then the one with a dot."""
    makers = {name: found.provider for name in snapshot().models if (found := named(name)) and found.sure}
    ids = sorted(makers, key=lambda name: ("/" in name, snapshot().models[name] != makers[name], "." not in name))
    squeezed: dict[str, str] = {}
    for name in ids:
        squeezed.setdefault(re.sub(r"[^a-z0-9]", "", name), name)
    return {**squeezed, **constants().names}


BEDROCK = re.compile(r"(ANTHROPIC|AMAZON|META|MISTRAL|COHERE|AI21|STABILITY|DEEPSEEK)_(\w+)_V(\d+)_(\d+)")


def model_of(constant: str) -> str | None:
    """The id that the name of a constant stands for, or None."""
    if bedrock := BEDROCK.fullmatch(constant):
        maker, model = bedrock[1].lower(), bedrock[2].lower().replace("_", "-").replace("llama-", "llama")
        return f"{maker}.{model}-v{bedrock[3]}:{bedrock[4]}"
    name = re.sub(r"_|(?<=\d)dot(?=\d)", "", constant.lower())
    if not re.search(r"\d", name):
        return None
    shorter = next((name.removeprefix(prefix) for prefix in constants().prefixes if name.startswith(prefix)), name)
    return _known().get(name) or _known().get(shorter)


def in_code(file: File) -> Iterator[Found]:
    """Each constant of the file that stands for a model."""
    if file.kind not in CODE or not file.speaks_of_ai:
        return
    for found in _shape().finditer(file.text):
        model = model_of(found["name"])
        name = named(model) if model else None
        if name is not None and not COMMENT.match(file.text, file.text.rfind("\n", 0, found.start()) + 1):
            yield Found(name, file.text.count("\n", 0, found.start()) + 1, "constant", sure=True)
