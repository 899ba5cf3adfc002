"""Models that a file names: by their ids wherever they stand, by their place where the id is not listed."""

import re
from collections import Counter
from collections.abc import Iterator

from scanner.contracts import Fact
from scanner.detect.lexicon import Named, named, plain, provider_id, shaped
from scanner.detect.models import UNRESOLVED, identifiers_of, model_ref
from scanner.detect.reading.literal import Literal
from scanner.detect.rules.file import File, fact
from scanner.detect.rules.slots import Slot, key_slot, places, slot

SCHEMES = ("hf://", "ollama://", "huggingface://", "ngc://", "docker://ai/", "https://huggingface.co/")
SPACE = re.compile(r"\s")
PATHLIKE = re.compile(r"^[./~]|^\$|^[A-Za-z]:\\|/$|//|\.\.")
LIKELY = re.compile(r"\d|[-/:]")
LISTED = re.compile(r"[\w.:/@+-]+(?:\s*[,|]\s*[\w.:/@+-]+)+")


class Found:
    """A model in one place, before doubles are taken out."""

    __slots__ = ("line", "model", "rule", "sure")

    def __init__(self, model: Named, line: int, rule: str, *, sure: bool) -> None:
        self.model, self.line, self.rule, self.sure = model, line, rule, sure


def facts(file: File) -> Iterator[Fact]:
    """Each model that the file names, once a line."""
    seen: set[tuple[str, int]] = set()
    for found in _found(file):
        key = (found.model.model_id.lower(), found.line)
        if key not in seen:
            seen.add(key)
            yield _fact(found)


def _fact(found: Found) -> Fact:
    provider, model = found.model.provider, found.model.model_id
    name, revision = model, ""
    if provider == "huggingface" and "@" in model:
        name, _, revision = model.partition("@")
    identifiers = identifiers_of(provider, name, revision or None)
    return fact(
        "model", found.rule, found.line, sure=found.sure, provider=provider, model_id=name, revision=revision, identifiers=identifiers
    )


def _found(file: File) -> Iterator[Found]:
    pieces = [(literal, piece) for literal in file.reading.literals for piece in _pieces(literal)]
    certain = Counter(literal.group for literal, piece in pieces if literal.group and (name := named(piece)) and name.sure)
    for literal, piece in pieces:
        found = _judged(file, literal, piece, certain[literal.group] if literal.group else 0)
        if found is not None:
            yield found


def _pieces(literal: Literal) -> Iterator[str]:
    text = literal.text.strip()
    if not 2 <= len(text) <= 2000:
        return
    if not SPACE.search(text) and "," not in text and "|" not in text:
        yield text[:300]
    elif key_slot(literal.key) > Slot.NONE and LISTED.fullmatch(text):
        yield from (piece.strip() for piece in re.split(r"[,|]", text))


def _judged(file: File, literal: Literal, text: str, siblings: int) -> Found | None:
    if UNRESOLVED.search(text):
        return None
    if text.startswith(SCHEMES):
        return _addressed(literal, text)
    name = named(text)
    return _certain(file, literal, name) if name is not None and name.sure else _by_place(file, literal, text, name, siblings)


def _by_place(file: File, literal: Literal, text: str, name: Named | None, siblings: int) -> Found | None:
    """A text that is a model only because of where it stands."""
    place = slot(literal, ai=file.speaks_of_ai)
    possible = shaped(text) and not PATHLIKE.search(text) and (name is not None or LIKELY.search(text))
    if not possible or not _believed(file, literal, name, place, siblings):
        return None
    known = name or Named(_provider(file, literal, text), text, sure=False)
    return Found(_placed(file, literal, known), literal.line, f"place.{literal.key or literal.callee or 'list'}", sure=place is Slot.STRONG)


def _addressed(literal: Literal, text: str) -> Found | None:
    reference = model_ref(text.replace("huggingface://", "hf://"), "huggingface")
    if reference is None or not reference.model_id or PATHLIKE.search(reference.model_id) or len(reference.model_id.split("/")) > 3:
        return None
    model = reference.model_id + (f"@{reference.revision}" if reference.revision else "")
    return Found(Named(reference.provider, model, sure=True), literal.line, "address", sure=True)


def _certain(file: File, literal: Literal, name: Named) -> Found | None:
    """An id that is one wherever it stands, except where the place says it is something else."""
    place = slot(literal, ai=True)
    if place is Slot.BARRED and not (literal.callee == "key" and not places().metadata & set(literal.path)):
        return None
    rule = f"id.{name.provider}"
    return Found(_placed(file, literal, name), literal.line, rule, sure=place > Slot.NONE)


def _believed(file: File, literal: Literal, name: Named | None, place: Slot, siblings: int) -> bool:
    if place is Slot.BARRED:
        return False
    if literal.member and siblings >= (1 if name else 3) and literal.callee != "[]":
        return True
    if place is Slot.STRONG:
        return file.speaks_of_ai
    return place is Slot.WEAK and file.speaks_of_ai and (name is not None or _telling(literal.text))


def _telling(text: str) -> bool:
    """An unlisted name in a weak slot has to look like `org/model` or carry a size or version."""
    return bool(re.fullmatch(r"[\w.-]+/[\w.-]+(:[\w.-]+)?", text)) or bool(
        re.search(r"[A-Za-z][-_.:]?v?\d|\d+[bBmM](?![a-z])", text) and re.search(r"[-:._/]", text)
    )


def _provider(file: File, literal: Literal, text: str) -> str:
    if text.count("/") == 1:
        return "huggingface"
    return _spoken(file, literal) or "unknown"


def _placed(file: File, literal: Literal, name: Named) -> Named:
    """The provider that the place names, where a model is had from more than one."""
    if "/" in name.model_id or name.provider == "bedrock":
        if literal and (spoken := _by_path(literal)) in (
            "openrouter",
            "docker",
            "nim",
            "together",
            "fireworks",
            "groq",
            "nvidia",
            "github-models",
            "deepinfra",
            "siliconflow",
            "novita",
        ):
            return Named(spoken, name.model_id, name.sure)
        if name.model_id.startswith("ai/"):
            return Named("docker", name.model_id, name.sure)
        return name
    spoken = _spoken(file, literal)
    return Named(spoken or name.provider, name.model_id, name.sure) if spoken in RESELLERS or name.model_id.lower() in plain() else name


RESELLERS = frozenset(
    {
        "azure",
        "ollama",
        "groq",
        "openrouter",
        "bedrock",
        "github-models",
        "together",
        "fireworks",
        "cerebras",
        "sambanova",
        "databricks",
        "deepinfra",
        "nvidia",
        "vertex",
        "docker",
        "cloudflare",
        "siliconflow",
        "novita",
    }
)


def _spoken(file: File, literal: Literal) -> str | None:
    by_path = _by_path(literal)
    if by_path:
        return by_path
    if len(file.providers) == 1:
        return next(iter(file.providers))
    return None


def _by_path(literal: Literal) -> str | None:
    for word in (literal.callee.rsplit(".", 1)[-1], literal.key, *reversed(literal.path)):
        for part in re.split(r"[^A-Za-z0-9]+|(?<=[a-z])(?=[A-Z])", word):
            if len(part) > 2 and (found := provider_id(part)) and found not in ("meta", "base", "auto"):
                return found
    return None
