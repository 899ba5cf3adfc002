"""Models that a file names: by their ids wherever they stand, by their place where the id is not listed."""

import re
from collections import Counter
from collections.abc import Hashable, Iterator

from scanner.contracts import Fact
from scanner.detect.lexicon import Named, named, placeholder, provider_id, shaped
from scanner.detect.models import UNRESOLVED, identifiers_of, model_from_url, model_ref
from scanner.detect.reading.literal import Literal
from scanner.detect.rules import served
from scanner.detect.rules.constants import in_code
from scanner.detect.rules.file import File, fact
from scanner.detect.rules.inside import CODE, PATHLIKE, Found, by_address, in_text, with_defaults
from scanner.detect.rules.providers import placed, provider_of
from scanner.detect.rules.slots import Slot, key_slot, of_data, places, slot, squeezed

SCHEMES = ("hf://", "ollama://", "huggingface://", "ngc://", "https://huggingface.co/")
LOCATED = re.compile(
    r"(?:s3|gs|abfss?|wasbs|oci|az)://[^/\s]+/[^\s]+|https?://[^\s]+\.(?:gguf|safetensors|onnx|tar\.gz|pt|pth|bin|zip|joblib|pkl|mar|tflite|h5|keras|llamafile)(?:\?|$)|models:/[\w-]"
)
CONSTANT = re.compile(r"[A-Za-z_]\w{1,60}")
SPACE = re.compile(r"\s")
LIKELY = re.compile(r"\d|[-/:]")
LISTED = re.compile(r"[\w.:/@+-]+(?:\s*[,|]\s*[\w.:/@+-]+)+")
SIZED = re.compile(r"[A-Za-z][-_.:]?v?\d|\d+[bBmM](?![a-z])")


def facts(file: File) -> Iterator[Fact]:
    """Each model that the file names, once a line."""
    seen: set[tuple[str, int]] = set()
    for found in (*_served(file), *_found(file), *in_text(file), *by_address(file), *in_code(file)):
        key = (found.model.model_id.lower(), found.line)
        if key not in seen:
            seen.add(key)
            yield _fact(found)


def _fact(found: Found) -> Fact:
    provider, model = found.model.provider, found.model.model_id
    name, revision = model, ""
    if provider == "huggingface" and "@" in model:
        name, _, revision = model.partition("@")
    identifiers = model_from_url(name) if "://" in name else identifiers_of(provider, name, revision or None)
    attributes = {"served_id": found.served_id} if found.served_id else {}
    told = {"provider": provider, "model_id": name, "revision": revision, "identifiers": identifiers, "attributes": attributes}
    return fact("model", found.rule, found.line, sure=found.sure, **told)


def _served(file: File) -> Iterator[Found]:
    """What manifests hand to a server, and what is named in the one field of a custom resource that is for it."""
    for reference, line, rule in served.models(file):
        if reference.provider != "local":
            named_so = reference.model_id + (f"@{reference.revision}" if reference.revision and reference.provider == "huggingface" else "")
            yield Found(Named(reference.provider, named_so, sure=True), line, rule, sure=True, served_id=reference.served_id)


def _found(file: File) -> Iterator[Found]:
    pieces = [(literal, piece) for literal in _in_order(file) for piece in _pieces(literal)]
    kin: Counter[Hashable] = Counter(_kin(literal) for literal, _ in pieces)
    certain: Counter[Hashable] = Counter(_kin(literal) for literal, piece in pieces if (name := named(piece)) and name.sure)
    judged = [(literal, found) for literal, piece in pieces if (found := _judged(file, literal, piece, _among(certain, kin, literal)))]
    inner = {literal.path[:depth] for literal, _ in judged if literal.callee != "key" for depth in range(1, len(literal.path) + 1)}
    for literal, found in judged:
        if not _is_alias(literal, inner) and not _is_reference(file, literal):
            yield found


def _among(certain: Counter[Hashable], kin: Counter[Hashable], literal: Literal) -> int:
    """How many of a literal's kin are models beyond doubt; none where they are few among many."""
    mine = _kin(literal)
    return certain[mine] if mine is not None and certain[mine] * 3 >= kin[mine] else 0


def _is_alias(literal: Literal, inner: set[tuple[str, ...]]) -> bool:
    """A key over a table that names the model itself: `llama-8b-cpu: {url: "ollama://llama3.1:8b"}`."""
    return literal.callee == "key" and (*literal.path, *((literal.key,) if literal.key else ()), literal.text) in inner


def _is_reference(file: File, literal: Literal) -> bool:
    """Compose: a service's `models` name entries of the top-level `models`, which say what they are."""
    where = (*literal.path, literal.key)
    return where[0] == "services" and where[2:3] == ("models",) and literal.text in file.composed


def _kin(literal: Literal) -> Hashable:
    """What stands together is of one kind: members of a list, the same field of each entry of a table."""
    if literal.member:
        return literal.group or None
    return (literal.path, literal.key) if literal.path and literal.key else None


def _in_order(file: File) -> Iterator[Literal]:
    """The literals, an option's value in a list (`["--model", "x"]`) bound to its option."""
    before: Literal | None = None
    for literal in (with_defaults(file, literal) for literal in file.reading.literals):
        option = (
            before is not None
            and literal.member
            and literal.group == before.group
            and before.text.startswith("-")
            and " " not in before.text
        )
        yield (
            literal._replace(key=before.text, member=False)
            if option and before is not None and not literal.text.startswith("-")
            else literal
        )
        before = literal


def _pieces(literal: Literal) -> Iterator[str]:
    text = literal.text.strip()
    if not 2 <= len(text) <= 4000:
        return
    if not SPACE.search(text) and "," not in text and "|" not in text and "=" not in text and '"' not in text:
        yield text[:300]
    elif len(text) < 1000 and LISTED.fullmatch(text):
        yield from (piece.strip() for piece in re.split(r"[,|]", text))


def _judged(file: File, literal: Literal, text: str, kin: int) -> Found | None:
    if UNRESOLVED.search(text):
        return None
    if text.startswith(SCHEMES):
        return _addressed(literal, text)
    if "://" in text or text.startswith("models:/"):
        return _located(literal, text)
    if image := served.image_model(text):
        return Found(Named(image.provider, image.model_id, sure=True), literal.line, "image.model", sure=True)
    name = named(text)
    return _certain(file, literal, name) if name is not None and name.sure else _by_place(file, literal, text, name, kin)


def _addressed(literal: Literal, text: str) -> Found | None:
    reference = model_ref(text.replace("huggingface://", "hf://"), "huggingface")
    if (
        reference is None
        or not reference.model_id
        or placeholder(reference.model_id)
        or PATHLIKE.search(reference.model_id)
        or len(reference.model_id.split("/")) > 3
    ):
        return None
    model = reference.model_id + (f"@{reference.revision}" if reference.revision else "")
    return Found(Named(reference.provider, model, sure=True), literal.line, "address", sure=True)


def _located(literal: Literal, text: str) -> Found | None:
    """Weights by their address, under a key that is for them: `storageUri: gs://bucket/model`."""
    if squeezed(literal.key) not in places().located_keys or not LOCATED.match(text):
        return None
    reference = model_ref(text, "")
    if reference is None or not reference.identifiers or "dataset" in text or "output" in text:
        return None
    return Found(Named(reference.provider, reference.model_id, sure=True), literal.line, "address", sure=True)


def _certain(file: File, literal: Literal, name: Named) -> Found | None:
    """An id that is one wherever it stands, except where the place says it is something else."""
    place = slot(literal, ai=True, code=file.kind in CODE)
    if place is Slot.BARRED and not (literal.callee == "key" and not places().metadata & set(literal.path) and not of_data(literal)):
        return None
    return Found(placed(file, literal, name), literal.line, f"id.{name.provider}", sure=place > Slot.NONE)


def _by_place(file: File, literal: Literal, text: str, name: Named | None, kin: int) -> Found | None:
    """A text that is a model only because of where it stands."""
    if (not kin and not file.speaks_of_ai) or (name is None and kin < 10 and not LIKELY.search(literal.text)):
        return None  # most texts: asked first, because it costs least
    if not shaped(text) or PATHLIKE.search(text):
        return None
    place = slot(literal, ai=file.speaks_of_ai, code=file.kind in CODE)
    if not _believed(file, literal, name, place, kin):
        return None
    known = name or Named(provider_of(file, literal, text), text, sure=False)
    return Found(placed(file, literal, known), literal.line, f"place.{literal.key or literal.callee or 'list'}", sure=place is Slot.STRONG)


def _believed(file: File, literal: Literal, name: Named | None, place: Slot, kin: int) -> bool:
    if place is Slot.BARRED:
        return False
    if name is None and placeholder(literal.text):
        return False
    if kin >= (1 if name else 3) and (place > Slot.NONE or literal.member) and literal.callee != "[]":
        return True
    if place is Slot.STRONG:
        return file.speaks_of_ai and (name is not None or _telling(literal.text) or key_slot(literal.key) is not Slot.STRONG)
    if place is Slot.NONE and _handed_on(file, literal):
        place = Slot.WEAK
    if place is not Slot.WEAK or not file.speaks_of_ai:
        return False
    return not _is_provider(literal) if name is not None else not literal.member and _says_model(literal) and _telling(literal.text)


def _handed_on(file: File, literal: Literal) -> bool:
    """Whether the constant this text is given to is used as a model further on: `const m = "phi"; client.chat({model: m})`."""
    if (
        literal.callee
        or literal.member
        or not CONSTANT.fullmatch(literal.key)
        or file.kind not in ("python", "notebook", "grammar", "slashed")
    ):
        return False
    use = rf"(?i:model\w*[\"']?\s*[:=]\s*|model\w*\(\s*|from_pretrained\(\s*|\.pull\(\s*)(?:\w+\.)?{re.escape(literal.key)}\b"
    return re.search(use, file.text) is not None


def _says_model(literal: Literal) -> bool:
    """An unlisted name is believed only where the word model itself stands."""
    return any("model" in word.lower() or "llm" in word.lower() for word in (literal.key, literal.callee, *literal.path[-2:]))


def _is_provider(literal: Literal) -> bool:
    """`provider: mistral` and `MISTRAL = "mistral"` name a provider rather than its model."""
    return provider_id(literal.text) is not None and "model" not in squeezed(literal.key)


def _telling(text: str) -> bool:
    """An unlisted name in a weak slot has to look like `org/model` or carry a size or version."""
    return bool(re.fullmatch(r"[\w.-]+/[\w.-]+(:[\w.-]+)?", text)) or bool(SIZED.search(text) and re.search(r"[-:._/]", text))
