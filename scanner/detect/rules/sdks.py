"""SDKs and frameworks: imports in code, entries in dependency manifests, packages that commands install."""

import re
from collections.abc import Iterator

from scanner.contracts import Fact
from scanner.detect.rules import manifests
from scanner.detect.rules.file import File, fact
from scanner.detect.rules.packages import hesitant, imported, package, package_of

INSTALL = re.compile(
    r"\b(?:(?P<pypi>(?:pip3?|uv pip|uv|pipx|poetry|pdm|conda|mamba)\s+(?:install|add))"
    r"|(?P<npm>(?:npm|pnpm|bun)\s+(?:i|install|add)|yarn\s+add)"
    r"|(?P<go>go\s+(?:get|install))|(?P<crates>cargo\s+add)|(?P<nuget>dotnet\s+add\s+(?:\S+\s+)?package)|(?P<gems>gem\s+install)|(?P<packagist>composer\s+require))\s+(?P<rest>[^&|;\n]+)"
)
SEPARATE = re.compile(r"[<>=!~;@\[].*$")


def facts(file: File) -> Iterator[Fact]:
    """Every SDK that the file imports, declares or installs."""
    yield from _imported(file)
    yield from _declared(file)
    yield from _installed(file)


def _imported(file: File) -> Iterator[Fact]:
    for found in file.reading.imports:
        row = imported(found) or (hesitant(found) if file.families else None)
        if row is not None:
            yield fact(
                "sdk",
                f"import.{found.ecosystem}",
                found.line,
                name=row.family,
                provider=row.provider,
                attributes={"package": package_of(found)},
            )


def _declared(file: File) -> Iterator[Fact]:
    for entry in manifests.entries(file):
        row = package(entry.ecosystem, entry.name)
        if row is not None:
            version = {"version": entry.version} if entry.version else {}
            attributes = {"package": entry.name, "declared": True, **version}
            yield fact("sdk", f"manifest.{entry.ecosystem}", entry.line, name=row.family, provider=row.provider, attributes=attributes)


def _installed(file: File) -> Iterator[Fact]:
    for command, line in file.reading.commands if file.kind != "prose" else ():
        for found in INSTALL.finditer(command):
            ecosystem = next(name for name in ("pypi", "npm", "go", "crates", "nuget", "gems", "packagist") if found[name])
            for word in found["rest"].split()[:60]:
                name = re.sub(r"(?<!^)@.*$", "", word) if ecosystem == "npm" else SEPARATE.sub("", word.strip("\"'"))
                row = package(ecosystem, name) if name and not name.startswith("-") else None
                if row is not None:
                    yield fact("sdk", f"install.{ecosystem}", line, name=row.family, provider=row.provider, attributes={"package": name})
