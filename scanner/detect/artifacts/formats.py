"""Which files may be models: by name first, because a name costs nothing, then by the head."""

import re
from fnmatch import translate
from functools import cache, lru_cache
from importlib.resources import files

import msgspec

UNNAMED_MIN = 1 << 20
MIN_BIN = 16_384
NAMED = re.compile(
    r"model|clf|classif|regress|weight|estimator|predictor|pipeline|checkpoint|scorer|detector|recommender|encoder|vectori[sz]er|pmml|openvino"
)
BLOB = re.compile(r"(?:^|/)models--[^/]+/blobs/[0-9a-f]{64}$")


class Magic(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Bytes at an offset, as text or as hexadecimal."""

    at: int
    text: str = ""
    hex: str = ""

    def bytes(self) -> bytes:
        """The bytes themselves."""
        return bytes.fromhex(self.hex) if self.hex else self.text.encode()


class Format(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One row of formats.toml."""

    id: str
    suffixes: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    certain: bool = False
    strong: bool = False
    vague: bool = False
    needs: str = ""
    magic: tuple[Magic, ...] = ()
    reader: str = ""


class Companions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What lies beside the weights."""

    names: tuple[str, ...]
    patterns: dict[str, str]


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    format: tuple[Format, ...]
    companions: Companions


class Table:
    """formats.toml, compiled for millions of names."""

    def __init__(self, content: bytes) -> None:
        read = msgspec.toml.decode(content, type=_File)
        self.formats = read.format
        self.suffixes: dict[str, list[tuple[Format, re.Pattern[str] | None]]] = {}
        for row in read.format:
            needs = re.compile(row.needs) if row.needs else None
            for suffix in row.suffixes:
                self.suffixes.setdefault(suffix, []).append((row, needs))
        self.names = {name.lower(): row for row in read.format for name in row.names if not _is_pattern(name)}
        self.globs = [(re.compile(translate(name.lower())), row) for row in read.format for name in row.names if _is_pattern(name)]
        self.companions = frozenset(read.companions.names)
        self.companion_patterns = {suffix: re.compile(pattern) for suffix, pattern in read.companions.patterns.items()}
        self._named = lru_cache(maxsize=65_536)(self._rows)  # the same names stand in every repository
        self.magics = [(row, magic.at, magic.bytes()) for row in read.format for magic in row.magic]

    def candidates(self, path: str) -> list[Format]:
        """The rows that a file of this name may be, the table's order kept."""
        return self._named(path.rpartition("/")[2].lower())

    def _rows(self, name: str) -> list[Format]:
        if (row := self.names.get(name)) is not None:
            return [row]
        _, dot, suffix = name.rpartition(".")
        found = [row for row, needs in self.suffixes.get(dot + suffix, ()) if needs is None or needs.search(name)] if dot else []
        return found or [row for pattern, row in self.globs if pattern.match(name)]

    def matches(self, head: bytes) -> list[Format]:
        """The rows whose magic the head holds."""
        return [row for row, at, magic in self.magics if head.startswith(magic, at)]


def _is_pattern(name: str) -> bool:
    return "*" in name or "?" in name


@cache
def table() -> Table:
    """The formats that ship with Gnomon."""
    return Table((files(__package__) / "formats.toml").read_bytes())


def is_companion(path: str) -> bool:
    """Whether a file of this name lies beside weights and is none: a config, a tokenizer, an index, an optimizer's state."""
    name = path.rpartition("/")[2].lower()
    known = table()
    pattern = known.companion_patterns.get(name.rpartition(".")[2])
    return name in known.companions or (pattern is not None and pattern.search(name) is not None)


def is_artifact(path: str, size: int | None) -> bool:
    """Whether a file of this name and size (None: not known) may be a model; only its head can say that it is one."""
    rows = table().candidates(path)
    if size == 0 or not rows:
        return size != 0 and "/blobs/" in path and BLOB.search(path) is not None
    if is_companion(path):
        return False
    if size is None or any(row.certain for row in rows):
        return True
    return size >= MIN_BIN or size < 1024 or not path.lower().endswith(".bin")  # under 1024: a Git LFS pointer may stand for it


def may_be_unnamed(path: str, size: int | None) -> bool:
    """Whether a key without a suffix is large enough to be worth a look at its head."""
    return size is not None and size >= UNNAMED_MIN and "." not in path.rpartition("/")[2]


def choices(path: str, head: bytes) -> list[Format]:
    """What the file may be, likeliest first: the name and the head agree, else the head alone, else the name alone where it is certain."""
    named = table().candidates(path)
    matching = table().matches(head)
    agreed = [row for row in named if row in matching or not row.magic]
    return agreed or [row for row in matching if row.strong] or [row for row in named if row.certain][:1]


def named_model(path: str) -> bool:
    """Whether a file's name speaks of a model, for kinds of file that mostly hold something else."""
    return NAMED.search(path.rpartition("/")[2].lower()) is not None


def named_format(path: str) -> str | None:
    """The format that a file's name alone proves, for one that may not be read; None where the name proves nothing."""
    return next((row.id for row in table().candidates(path) if row.certain), None)
