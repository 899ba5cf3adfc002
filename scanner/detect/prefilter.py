"""Stage one: is there anything in these bytes that a rule could want? One automaton over the whole catalogue.

hyperscan where it runs, google-re2 elsewhere; both are given the same expressions and answer the same (tests hold them equal).
A word that ordinary code is full of wakes a file only together with its place: an import line, a manifest's entry, a path.
"""

import codecs
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from functools import cache, lru_cache
from typing import Any, NamedTuple

from scanner.detect import catalogue, lexicon
from scanner.detect.reading.dispatch import kind_of
from scanner.detect.rules import agents, leaks, manifests, packages, resources
from scanner.detect.rules.credentials import WORKFLOW


class Pattern(NamedTuple):
    """One expression: `tag` says what it wakes, and so in which files it counts."""

    tag: str
    regex: str


INLINE = (r"(?m)^# /// script", r"(?m)^#:package[ \t]")
"""Dependencies that stand in a program itself: PEP 723, and C# without a project file."""
LOOK = re.compile(r"\(\?<?[!=](?:[^()]|\([^()]*\))*\)")


@cache
def patterns() -> tuple[Pattern, ...]:
    """Every expression, in a fixed order; a pattern's place is its number."""
    return tuple(dict.fromkeys(_all()))


def _all() -> Iterator[Pattern]:
    woken = catalogue.table("wake")
    for family in lexicon.families():
        yield from (Pattern("model", rf"(?i)\b{_open(stem)}") for stem in family.stems)
    yield from (Pattern("model", rf"(?im){slot}") for slot in woken["slots"])
    yield from _packages()
    yield from _environment()
    yield from _deployments()
    yield from (Pattern("agent", rf"(?im){text}") for text in woken["agents"])
    yield from (Pattern("described", rf"(?im)^\s*\"?(?:{word})\"?\s*:") for word in woken["described"])
    yield from (Pattern("dataset", text) for text in woken["datasets"])
    yield from (Pattern("build", text) for text in woken["builds"])
    yield from (Pattern("inline", text) for text in INLINE)
    yield Pattern("mcp-file", r"(?m)^\s*\"?servers\"?\s*[:=]")
    yield Pattern("secret", r"secrets\s*[.\[]")
    yield from (Pattern("key", row.wake) for row in leaks.shapes())


ALSO = r"^[ \t]*import[ \t].*,[ \t]*(?:openai|anthropic|torch|tensorflow|transformers|langchain|litellm|ollama|keras|sklearn)\b"


def _plain(regex: str) -> str:
    """An expression without look-around, which no automaton has: it wakes a little more, never less."""
    return LOOK.sub("", regex)


def _open(stem: str) -> str:
    """A stem without its end: what follows is for the rules to look at."""
    return _plain(stem).replace("|$", "|").replace("$", "")


def _packages() -> Iterator[Pattern]:
    yield Pattern("import.python", f"(?m){ALSO}")
    for ecosystem, begin, end in IMPORTS:  # one expression for all of its names: twice as fast as one for each family
        names = dict.fromkeys(name.rstrip("*") for row in packages.sdks() for name in getattr(row, ecosystem))
        yield Pattern(f"import.{ecosystem}", f"(?m){begin}(?:{'|'.join(re.escape(name) for name in names)}){end}")
    for row in packages.sdks():
        declared = [name for ecosystem in DECLARED for name in getattr(row, ecosystem)]
        for name in dict.fromkeys(declared):
            bare = name.split(":")[0] if ":" in name else name.strip("*")
            if len(bare) > 4:
                yield from (Pattern("manifest", rf"(?i){re.escape(spelled)}") for spelled in dict.fromkeys((bare, bare.replace("-", "_"))))
            else:
                yield Pattern("manifest", rf"(?i)[\"'\s:-]{re.escape(bare)}[\"'\s=<>~!;,\[:@]")


IMPORTS = (
    ("python", r"^[ \t\"]*(?:from|import)[ \t]+", r"\b"),
    ("npm", r"(?:from|import|require|import\()[ \t(]*[\"'](?:npm:|https?://[a-z./]+/)?", r""),
    ("go", r"\"", r""),
    ("java", r"^[ \t]*import[ \t]+(?:static[ \t]+)?", r"\b"),
    ("dotnet", r"^[ \t]*(?:global[ \t]+)?using[ \t]+(?:static[ \t]+)?(?:\w+[ \t]*=[ \t]*)?", r"\b"),
    ("rust", r"^[ \t]*(?:pub[ \t]+)?(?:use|extern[ \t]+crate)[ \t]+(?:::)?", r"\b"),
    ("ruby", r"^[ \t]*require[ \t(]+[\"']", r""),
    ("php", r"^[ \t]*use[ \t]+\\?", r"\b"),
    ("swift", r"^[ \t]*import[ \t]+", r"\b"),
)
DECLARED = ("pypi", "conda", "npm", "go", "maven", "nuget", "crates", "gems", "packagist", "hex", "pub", "swift")
IMPORTING = {
    "import.python": ("python", "notebook"),
    "import.npm": ("grammar", "slashed"),
    "import.go": ("grammar",),
    "import.java": ("grammar", "slashed"),
    "import.dotnet": ("grammar", "slashed"),
    "import.rust": ("grammar",),
    "import.ruby": ("grammar", "words"),
    "import.php": ("grammar",),
    "import.swift": ("grammar",),
}


def _environment() -> Iterator[Pattern]:
    names = {name for row in catalogue.providers() for name in row.env} | set(lexicon.snapshot().env)
    yield from (Pattern("credential", name) for name in sorted(names))


def _deployments() -> Iterator[Pattern]:
    for server in catalogue.servers():
        yield from (
            Pattern("image", f"(?i){_plain(image).removeprefix('^').replace(f'{chr(92)}.io/', chr(92) + '.io/').removesuffix('$')}")
            for image in server.images
        )
        yield from (Pattern("command", command) for command in server.commands)
    yield from (Pattern("resource", rf"(?:{row.group})/v\d") for row in resources.customs() if row.wakes)
    for cloud in resources.clouds():
        yield from (Pattern("resource", _plain(text)) for text in (cloud.terraform, cloud.type, cloud.code) if text)


class _Hyperscan:
    """The automaton by hyperscan; each thread has scratch memory of its own."""

    def __init__(self, expressions: tuple[Pattern, ...]) -> None:
        import hyperscan

        self._hyperscan: Any = hyperscan
        self._database = hyperscan.Database()
        self._database.compile(
            expressions=[pattern.regex.encode() for pattern in expressions],
            ids=list(range(len(expressions))),
            flags=[hyperscan.HS_FLAG_SINGLEMATCH | hyperscan.HS_FLAG_ALLOWEMPTY] * len(expressions),
        )
        self._local = threading.local()

    def __call__(self, data: bytes) -> set[int]:
        found: set[int] = set()
        scratch = getattr(self._local, "scratch", None)
        if scratch is None:
            scratch = self._local.scratch = self._hyperscan.Scratch(self._database)
        self._database.scan(data, match_event_handler=lambda number, *_: found.add(number), scratch=scratch)
        return found


class _Re2:
    """The automaton by google-re2."""

    def __init__(self, expressions: tuple[Pattern, ...]) -> None:
        import re2  # type: ignore[import-untyped]  # ships no types

        options = re2.Options()
        options.encoding = re2.Options.Encoding.LATIN1
        options.max_mem = 1 << 30
        options.log_errors = False
        self._set = re2.Set.SearchSet(options)
        for pattern in expressions:
            self._set.Add(pattern.regex)
        self._set.Compile()

    def __call__(self, data: bytes) -> set[int]:
        return set(self._set.Match(data) or ())


ENGINES: Mapping[str, Callable[[tuple[Pattern, ...]], Callable[[bytes], set[int]]]] = {"hyperscan": _Hyperscan, "re2": _Re2}


@cache
def automaton(engine: str = "") -> Callable[[bytes], set[int]]:
    """The compiled catalogue; without a name, by the fastest engine there is."""
    for name in (engine,) if engine else tuple(ENGINES):
        try:
            return ENGINES[name](patterns())
        except ImportError:
            continue
    raise ImportError("neither hyperscan nor google-re2 can be imported")


def scan(data: bytes, path: str, engine: str = "") -> frozenset[str]:
    """The tags that wake this file; none for most files of the world."""
    known = patterns()
    return frozenset(tag for tag in {known[number].tag for number in automaton(engine)(_eight_bits(data))} if _counts(tag, path))


def _eight_bits(data: bytes) -> bytes:
    """The bytes as the expressions expect them: without a byte order mark, and not in UTF-16."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return data.decode("utf-16", "replace").encode("utf-8")
    return data.removeprefix(codecs.BOM_UTF8)


@lru_cache(maxsize=65_536)
def _counts(tag: str, path: str) -> bool:
    """Whether a tag means anything in a file of this name."""
    kind = kind_of(path)
    if tag.startswith("import."):
        return kind in IMPORTING[tag]
    return PLACES[tag](kind, path) if tag in PLACES else True


PLACES: Mapping[str, Callable[[str, str], bool]] = {
    "manifest": lambda kind, path: kind in ("shell", "dockerfile", "notebook") or any(pattern.search(path) for pattern in manifests.FILES),
    "inline": lambda _, path: path.endswith((".py", ".cs")),
    "secret": lambda _, path: bool(WORKFLOW.search(path)),
    "mcp-file": lambda kind, path: kind in ("json", "yaml", "toml") and "mcp" in path.lower(),
    "build": lambda kind, _: kind in ("shell", "yaml"),
    "described": lambda _, path: any(row.files and re.search(row.files, path) for row in agents.frameworks()),
}
