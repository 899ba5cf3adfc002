"""Names of packages and modules to families of SDKs."""

from collections.abc import Mapping
from functools import cache

import msgspec

from scanner.detect.catalogue import rows, table
from scanner.detect.reading.literal import Import

IMPORTED = {
    "python": "python",
    "npm": "npm",
    "go": "go",
    "java": "java",
    "dotnet": "dotnet",
    "rust": "rust",
    "ruby": "ruby",
    "php": "php",
    "swift": "swift",
    "pub": "pub",
}
SEPARATORS = {
    "python": ".",
    "npm": "/",
    "go": "/",
    "java": ".",
    "dotnet": ".",
    "rust": ":",
    "ruby": "/",
    "php": "\\",
    "swift": "/",
    "pub": "/",
}


class Sdk(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A family of SDKs and how it is called in each ecosystem."""

    family: str
    provider: str = ""
    weak: bool = False
    weak_imports: tuple[str, ...] = ()
    python: tuple[str, ...] = ()
    pypi: tuple[str, ...] = ()
    conda: tuple[str, ...] = ()
    npm: tuple[str, ...] = ()
    go: tuple[str, ...] = ()
    maven: tuple[str, ...] = ()
    java: tuple[str, ...] = ()
    nuget: tuple[str, ...] = ()
    dotnet: tuple[str, ...] = ()
    crates: tuple[str, ...] = ()
    rust: tuple[str, ...] = ()
    gems: tuple[str, ...] = ()
    ruby: tuple[str, ...] = ()
    packagist: tuple[str, ...] = ()
    php: tuple[str, ...] = ()
    hex: tuple[str, ...] = ()
    pub: tuple[str, ...] = ()
    swift: tuple[str, ...] = ()


class Names(msgspec.Struct, frozen=True):
    """The names of one ecosystem: whole ones and beginnings."""

    whole: Mapping[str, Sdk]
    begins: tuple[tuple[str, Sdk], ...]

    def get(self, name: str) -> Sdk | None:
        """The family of a name, the longest beginning first."""
        return self.whole.get(name) or next((row for begin, row in self.begins if name.startswith(begin)), None)


@cache
def sdks() -> tuple[Sdk, ...]:
    """Every family."""
    return rows("sdks", "sdk", Sdk)


@cache
def names(ecosystem: str) -> Names:
    """The names of an ecosystem (a field of Sdk), lower case."""
    whole: dict[str, Sdk] = {}
    begins: list[tuple[str, Sdk]] = []
    for row in sdks():
        for name in getattr(row, ecosystem):
            begin, star, rest = name.lower().partition("*")
            if star and not rest:
                begins.append((begin, row))
            elif not star:
                whole.setdefault(begin, row)
    return Names(whole, tuple(sorted(begins, key=lambda pair: -len(pair[0]))))


def package(ecosystem: str, name: str) -> Sdk | None:
    """The family that a manifest's entry belongs to, or None."""
    name = name.strip().lower()
    if ecosystem == "pypi":
        name = name.split("[", 1)[0]
        return names("pypi").get(name) or names("pypi").get(name.replace("_", "-")) or names("conda").get(name)
    if ecosystem == "maven":
        group, _, artifact = name.partition(":")
        return names("maven").get(f"{group}:{artifact}") or _by_group(group)
    return names(ecosystem).get(name)


def _by_group(group: str) -> Sdk | None:
    return next((row for begin, row in names("maven").begins if begin.endswith(":") and begin[:-1] == group), None)


def package_of(found: Import) -> str:
    """The package that an import is from, as the catalogue spells it: `mcp` of `mcp.server.fastmcp`."""
    row, name = _imported(found)
    return found.module[: len(name)] if row is not None and found.module.lower().startswith(name) else name or found.module


def imported(found: Import) -> Sdk | None:
    """The family of an import, or None; a name that is an ordinary word too is none here (`hesitant`)."""
    row, name = _imported(found)
    return None if row is None or _weak(row, name, found) else row


def hesitant(found: Import) -> Sdk | None:
    """The family of an import whose name is an ordinary word too: believed where something else in the file says AI."""
    row, name = _imported(found)
    return row if row is not None and _weak(row, name, found) else None


def _imported(found: Import) -> tuple[Sdk | None, str]:
    ecosystem = IMPORTED.get(found.ecosystem)
    if ecosystem is None:
        return None, ""
    separator = SEPARATORS[ecosystem]
    module = found.module.lower()
    known = names(ecosystem)
    candidates = [f"{module}{separator}{name.lower()}" for name in found.names] if ecosystem == "python" else []
    for candidate in (*candidates, *_prefixes(module, separator)):
        if row := known.whole.get(candidate):
            return row, candidate
    return next(((row, begin) for begin, row in known.begins if module.startswith(begin)), (None, ""))


def _prefixes(module: str, separator: str) -> list[str]:
    parts = module.split(separator)
    return [separator.join(parts[:size]) for size in range(len(parts), 0, -1)]


@cache
def telling() -> frozenset[str]:
    """Names that, imported from a module with an ordinary name, tell that it is the SDK."""
    return frozenset(table("sdks")["telling"])


def _weak(row: Sdk, name: str, found: Import) -> bool:
    if not row.weak and name not in row.weak_imports:
        return False
    return not (telling() & set(found.names))
