"""What is known of model ids: is this text one, alone or only in a place that says so, and whose is it?"""

import re
from collections.abc import Mapping
from functools import cache, lru_cache
from importlib import resources

import msgspec

from scanner.detect import catalogue
from scanner.detect.catalogue import rows, table
from scanner.detect.lookalikes import FILE, OTHER, TYPE


class Family(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A family of models: how its ids begin, and its names that are also ordinary words."""

    provider: str
    stems: tuple[str, ...]
    plain: tuple[str, ...] = ()
    provider_plain: str = ""
    examples: tuple[str, ...] = ()
    counterexamples: tuple[str, ...] = ()


class Snapshot(msgspec.Struct, frozen=True):
    """catalogue/snapshot.json."""

    made: str
    sources: tuple[str, ...]
    models: Mapping[str, str]
    env: Mapping[str, str]
    hosts: Mapping[str, str]


class Named(msgspec.Struct, frozen=True):
    """A text read as a model's name: `sure` where it is one wherever it stands."""

    provider: str
    model_id: str
    sure: bool


END = r"(?:(?<=[a-z])(?![a-z])|(?<![a-z]))"  # a stem is not the beginning of a longer word
TAIL = r"(?:[-_.:@+]?[A-Za-z0-9]+(?:\.[0-9]+)*)*"
SHAPE = re.compile(r"[A-Za-z0-9@][\w.:/@+-]*[\w]|[a-z]\w?", re.ASCII)
HUB = re.compile(r"[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{1,95}(?::[\w.-]{1,40})?", re.ASCII)
OPEN = re.compile(
    r"^(gpt-oss|gpt2|whisper-(?!1$)|clip|gemma|t5|flan|bert|vit|electra|mt5|mistral-7b|mixtral|codestral-\d+b|pixtral-12b|.*\d+b(?![a-z]))",
    re.IGNORECASE,
)
SHOUTED = re.compile(r"[A-Z][A-Z0-9]*(_[A-Z0-9]+)+")
PUBLISHED = re.compile(r"^(?:projects/.*/)?(?:publishers/[\w-]+/)?models/([\w.@-]+)$")
REGION = re.compile(r"^(us|eu|apac|global|jp|au|ca|us-gov)\.(?=[a-z0-9]+\.)")
BEDROCK_ARN = re.compile(
    r"^arn:[\w-]+:bedrock:[\w-]*:\d*:(foundation-model|(?:application-)?inference-profile|custom-model|provisioned-model|imported-model)/(.+)$"
)


@cache
def families() -> tuple[Family, ...]:
    """Every family."""
    return rows("models", "family", Family)


@cache
def snapshot() -> Snapshot:
    """The dated lists that were generated from public ones."""
    return msgspec.json.decode(resources.files(catalogue.__name__).joinpath("snapshot.json").read_bytes(), type=Snapshot)


@cache
def _shapes() -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple((row.provider, re.compile(rf"(?:{'|'.join(row.stems)}){END}{TAIL}", re.IGNORECASE)) for row in families())


@cache
def stem_in() -> re.Pattern[str]:
    """Finds any family's stem inside a name, at the beginning of a word."""
    return re.compile(rf"(?:^|[-_./])(?:{'|'.join(stem for row in families() for stem in row.stems)})", re.IGNORECASE)


@cache
def plain() -> Mapping[str, str]:
    """Names that are a model only where the place says so, with the provider they are usually had from."""
    return {name: row.provider_plain or row.provider for row in families() for name in row.plain}


@cache
def _short() -> frozenset[str]:
    return frozenset(table("models")["short"])


@cache
def _words() -> frozenset[str]:
    return frozenset(table("models")["words"])


@cache
def _aliases() -> Mapping[str, str]:
    return {name: row["id"] for row in table("aliases")["alias"] for name in (*row["names"], row["id"])}


@cache
def _organisations() -> frozenset[str]:
    return frozenset(table("aliases")["organisations"])


@cache
def _general() -> frozenset[str]:
    return frozenset(table("aliases")["general"])


@cache
def _prefixes() -> frozenset[str]:
    return frozenset(table("aliases")["prefixes"])


@cache
def resellers() -> frozenset[str]:
    """Providers that offer models of other makers."""
    return frozenset(table("aliases")["resellers"])


def provider_id(word: str) -> str | None:
    """Gnomon's name of a provider that a tool or list spells its own way, or None."""
    word = word.strip().lower()
    return _aliases().get(word) or (word if word in _provider_ids() else None)


@cache
def _provider_ids() -> frozenset[str]:
    return frozenset(row.id for row in catalogue.providers()) | {row.provider for row in families()} | set(snapshot().models.values())


@lru_cache(maxsize=65_536)
def named(text: str) -> Named | None:
    """`text` as a model's name, where it has a shape that the catalogue knows; None otherwise."""
    text = text.strip()
    if not 2 <= len(text) <= 160 or not (SHAPE.fullmatch(text) or text.startswith("arn:")):
        return None
    if text.startswith("arn:"):
        return _from_arn(text)
    published = PUBLISHED.search(text)
    if published:
        return named(published[1])
    if text.startswith("ft:"):
        base = _bare(text.split(":")[1])
        return Named("openai", text, sure=True) if base else None
    if text.lower() not in snapshot().models and (FILE.search(text) or OTHER.search(text)):
        return None
    return _bare(text) or (_prefixed(text) if "/" in text else _after_colon(text))


def _from_arn(text: str) -> Named | None:
    found = BEDROCK_ARN.match(text)
    if not found:
        return None
    inner = _bare(found[2])
    return Named("bedrock", inner.model_id if inner else found[2], found[1] == "foundation-model" or inner is not None)


def _bare(text: str) -> Named | None:
    """An id without a provider before it."""
    lower = text.lower()
    bare = REGION.sub("", lower)
    for provider, shape in _shapes() if "/" not in text else ():
        if shape.fullmatch(lower):
            sure = (
                lower not in plain()
                and (len(text) > 4 or lower in _short())
                and not (TYPE.fullmatch(text) and lower not in snapshot().models)
            )
            return Named(provider, text, sure)  # the maker, not whichever reseller a list named first
    listed = snapshot().models.get(bare)
    if listed and lower not in _words() and (lower in plain() or re.search(r"[\d/-]", lower)):
        return Named("huggingface" if HUB.fullmatch(text) else listed, text, distinctive(lower))
    if lower in plain():
        return Named(plain()[lower], text, sure=False)
    return None


def _prefixed(text: str) -> Named | None:
    """`openai/gpt-4o`, `bedrock/us-east-1/anthropic.claude-...`, `meta-llama/Llama-3.1-8B`."""
    first, _, rest = text.partition("/")
    lower = first.lower()
    if lower in _prefixes() and (inner := _behind_prefix(lower, rest)):
        return inner
    if not HUB.fullmatch(text):
        return None
    stem, number = bool(stem_in().search(f"/{rest}")), bool(re.search(r"\d", rest))
    if lower in _organisations():
        return Named("huggingface", text, stem or (number and "-" in rest and lower not in _general()))
    return Named("huggingface", text, sure=False) if stem and number else None


def _after_colon(text: str) -> Named | None:
    """`openai:gpt-4o`, as some frameworks spell provider and model."""
    first, colon, rest = text.partition(":")
    inner = _bare(rest) if colon and first.lower() in _prefixes() else None
    return Named(_aliases().get(first.lower(), first.lower()), inner.model_id, inner.sure) if inner else None


def _behind_prefix(prefix: str, rest: str) -> Named | None:
    """What a router's prefix stands before, unless it is an organisation of the hub with open weights."""
    inner = named(rest)
    provider = _aliases().get(prefix, prefix)
    if inner is not None and prefix in table("aliases")["routers"]:
        return inner
    if inner is None or (prefix in _organisations() and inner.provider not in (provider, "google", "mistral")):
        return None
    if prefix in _organisations() and OPEN.search(rest):
        return None
    return Named(provider, inner.model_id, inner.sure)


def distinctive(name: str) -> bool:
    """Whether a listed id cannot be mistaken for an ordinary word or version."""
    if not re.search(r"\d", name) or len(name) < 5:
        return False
    return bool(re.search(r"[a-z]{2,}", name)) and bool(stem_in().search(name)) and name not in plain()


PLACEHOLDER = re.compile(
    r"(?:^|[/_-])(?:test|tests|mock|fake|dummy|my|your|some|foo|bar|custom|demo|example|sample|placeholder|new|xxx|abc|unknown|nonexistent)(?:[/_-]|$)"
    r"|model[_-]?(?:name|id|\d|[a-c])?$|^[0-9a-f]{8}-[0-9a-f]{4}-|[0-9a-f]{24}",
    re.IGNORECASE,
)


def placeholder(text: str) -> bool:
    """Whether a name only stands for one: `test-model`, `your-org/your-model`."""
    return PLACEHOLDER.search(text) is not None


def shaped(text: str) -> bool:
    """Whether a text could be a model's id at all, where its place says that it is one."""
    return (
        2 <= len(text) <= 160
        and bool(SHAPE.fullmatch(text))
        and text.lower() not in _words()
        and not FILE.search(text)
        and not SHOUTED.fullmatch(text)
    )
