"""Dependency manifests of every ecosystem: their entries with version and line."""

import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from scanner.detect.rules.file import File


class Entry(NamedTuple):
    """One dependency."""

    ecosystem: str
    name: str
    version: str
    line: int


REQUIREMENT = re.compile(r"^\s*([A-Za-z0-9][\w.-]*)\s*(?:\[[^\]]*\])?\s*((?:[<>=!~^]=?|===)?\s*[\w.*,<>=!~ ^-]*)?(?:;.*)?(?:#.*)?$")
URL_REQUIREMENT = re.compile(r"^\s*([A-Za-z0-9][\w.-]*)\s*(?:\[[^\]]*\])?\s*@\s*(?:git\+|https?://)")
EGG = re.compile(r"(?:#egg=|github\.com/[\w.-]+/)([\w-]+)")
LOCKS = re.compile(
    r"(^|/)(package-lock\.json|yarn\.lock|pnpm-lock\.yaml|poetry\.lock|uv\.lock|Cargo\.lock|go\.sum|composer\.lock|Gemfile\.lock)$"
)


def entries(file: File) -> Iterator[Entry]:
    """The dependencies that this file declares; none for a lock file, which repeats its manifest."""
    for pattern, read in READERS:
        if pattern.search(file.path):
            yield from read(file)
            return


def requirement(text: str, line: int) -> Entry | None:
    """One line of a requirements file, or an element of a list of them."""
    if url := URL_REQUIREMENT.match(text):
        return Entry("pypi", url[1], "", line)
    if text.startswith(("git+", "-e ", "http")):
        egg = EGG.search(text)
        return Entry("pypi", egg[1], "", line) if egg else None
    found = REQUIREMENT.match(text)
    return Entry("pypi", found[1], (found[2] or "").strip(), line) if found else None


def _requirements(file: File) -> Iterator[Entry]:
    for number, line in enumerate(file.text.splitlines(), 1):
        text = line.split(" #")[0].strip()
        if text and not text.startswith("#") and len(text) < 500 and (entry := requirement(text, number)):
            yield entry


def _python_lists(file: File) -> Iterator[Entry]:
    """setup.py: every element of a list that reads as a requirement."""
    for literal in file.reading.literals:
        if (
            literal.member
            and " " not in literal.text.strip().split(";")[0].rstrip("0123456789.,<>=!~ ")
            and (entry := requirement(literal.text, literal.line))
        ):
            yield entry


def _pyproject(file: File) -> Iterator[Entry]:
    for literal in file.reading.literals:
        words = {*literal.path, literal.key}
        if (
            literal.member
            and literal.callee != "key"
            and words & {"dependencies", "optional-dependencies", "dependency-groups", "dev-dependencies", "requires", "extras"}
        ):
            if entry := requirement(literal.text, literal.line):
                yield entry
        elif literal.callee == "key" and literal.key in ("dependencies", "dev-dependencies", "packages", "dev-packages", "constraints"):
            yield Entry("pypi", literal.text, "", literal.line)


def _setup_cfg(file: File) -> Iterator[Entry]:
    for number, line in enumerate(file.text.splitlines(), 1):
        if line.startswith((" ", "\t")) and (entry := requirement(line, number)):
            yield entry


def _conda(file: File) -> Iterator[Entry]:
    for literal in file.reading.literals:
        if literal.member and literal.callee != "key" and ("dependencies" in literal.path or literal.key in ("dependencies", "pip")):
            name = literal.text.split("::")[-1]
            if entry := requirement(re.sub(r"^([\w.-]+)=+([\w.]+).*$", r"\1==\2", name), literal.line):
                yield entry


def _package_json(file: File) -> Iterator[Entry]:
    groups = (
        "dependencies",
        "devDependencies",
        "peerDependencies",
        "optionalDependencies",
        "bundledDependencies",
        "resolutions",
        "overrides",
        "imports",
    )
    for literal in file.reading.literals:
        if literal.callee != "key" and literal.path and literal.path[-1] in groups and not literal.member:
            yield Entry("npm", re.sub(r"(?<!^)@\d.*$", "", literal.key.removeprefix("npm:")), literal.text, literal.line)


def _composer(file: File) -> Iterator[Entry]:
    for literal in file.reading.literals:
        if literal.path and literal.path[-1] in ("require", "require-dev") and literal.callee != "key":
            yield Entry("packagist", literal.key, literal.text, literal.line)


def _go_mod(file: File) -> Iterator[Entry]:
    for found in re.finditer(r"^\s*(?:require\s+)?([\w.-]+\.[\w.-]+/\S+)\s+(v\S+)(.*)$", file.text, re.MULTILINE):
        if "// indirect" not in found[3]:
            yield Entry("go", found[1], found[2], _line(file, found))


def _pom(file: File) -> Iterator[Entry]:
    text = re.sub(r"<!--.*?-->", lambda found: "\n" * found[0].count("\n"), file.text, flags=re.DOTALL)
    for found in re.finditer(
        r"<groupId>\s*([^<\s]+)\s*</groupId>\s*<artifactId>\s*([^<\s]+)\s*</artifactId>(?:\s*<version>\s*([^<\s]+))?", text
    ):
        yield Entry("maven", f"{found[1]}:{found[2]}", found[3] or "", text.count("\n", 0, found.start()) + 1)


def _gradle(file: File) -> Iterator[Entry]:
    for found in re.finditer(
        r"[\"']([\w.-]+):([\w.-]+)(?::([\w.${}-]+))?[\"']|group\s*[:=]\s*[\"']([\w.-]+)[\"']\s*,\s*name\s*[:=]\s*[\"']([\w.-]+)[\"']",
        file.text,
    ):
        yield Entry("maven", f"{found[1] or found[4]}:{found[2] or found[5]}", found[3] or "", _line(file, found))
    for found in re.finditer(r"module\s*=\s*\"([\w.-]+:[\w.-]+)\"|group\s*=\s*\"([\w.-]+)\",\s*name\s*=\s*\"([\w.-]+)\"", file.text):
        yield Entry("maven", found[1] or f"{found[2]}:{found[3]}", "", _line(file, found))
    for found in re.finditer(r"\"([\w.-]+)\"\s*%{1,3}\s*\"([\w.-]+)\"\s*%\s*\"([^\"]+)\"", file.text):
        yield Entry("maven", f"{found[1]}:{found[2]}", found[3], _line(file, found))


def _cargo(file: File) -> Iterator[Entry]:
    for literal in file.reading.literals:
        if literal.callee == "key" and literal.key in ("dependencies", "dev-dependencies", "build-dependencies"):
            yield Entry("crates", literal.text, "", literal.line)


def _gemfile(file: File) -> Iterator[Entry]:
    for found in re.finditer(
        r"^\s*(?:gem|\w+\.add_(?:\w+_)?dependency)[ (]+[\"']([\w-]+)[\"'](?:\s*,\s*[\"']([^\"']+))?", file.text, re.MULTILINE
    ):
        yield Entry("gems", found[1], found[2] or "", _line(file, found))


def _csproj(file: File) -> Iterator[Entry]:
    element, name = r"(?:PackageReference|PackageVersion|package|GlobalPackageReference)", r"(?:Include|Update|id)"
    pattern = rf"<{element}\s+{name}\s*=\s*\"([^\"]+)\"(?:[^>]*?[Vv]ersion\s*=\s*\"([^\"]+)\")?"
    for found in re.finditer(pattern, re.sub(r"<!--.*?-->", "", file.text, flags=re.DOTALL)):
        yield Entry("nuget", found[1], found[2] or "", file.line_of(f'"{found[1]}"'))


def _file_directives(file: File) -> Iterator[Entry]:
    for found in re.finditer(r"^#:package\s+([\w.]+)@?(\S*)", file.text, re.MULTILINE):
        yield Entry("nuget", found[1], found[2], _line(file, found))


def _mix(file: File) -> Iterator[Entry]:
    for found in re.finditer(r"\{\s*:(\w+)\s*,\s*\"([^\"]*)\"", file.text):
        yield Entry("hex", found[1], found[2], _line(file, found))


def _pubspec(file: File) -> Iterator[Entry]:
    for literal in file.reading.literals:
        if literal.callee == "key" and literal.key in ("dependencies", "dev_dependencies"):
            yield Entry("pub", literal.text, "", literal.line)


def _inline_script(file: File) -> Iterator[Entry]:
    """PEP 723: `# dependencies = [...]` at the head of a script."""
    head = re.search(r"^# /// script\n((?:#.*\n)+?)# ///", file.text, re.MULTILINE)
    for found in re.finditer(r"\"([^\"]+)\"", head[1]) if head else ():
        if entry := requirement(found[1], 1):
            yield entry


def _line(file: File, found: re.Match[str]) -> int:
    return file.text.count("\n", 0, found.start()) + 1


READERS: tuple[tuple[re.Pattern[str], Callable[[File], Iterator[Any]]], ...] = (
    (LOCKS, lambda _: iter(())),
    (
        re.compile(r"(^|/)[^/]*(requirements|constraints)[^/]*\.(txt|in|pip)$|(^|/)requirements/[^/]+\.(txt|in)$", re.IGNORECASE),
        _requirements,
    ),
    (re.compile(r"(^|/)setup\.py$"), _python_lists),
    (re.compile(r"(^|/)setup\.cfg$"), _setup_cfg),
    (re.compile(r"(^|/)(pyproject\.toml|Pipfile|uv\.toml)$"), _pyproject),
    (re.compile(r"(^|/)(environment|conda|env|meta)[^/]*\.ya?ml$", re.IGNORECASE), _conda),
    (re.compile(r"(^|/)(package\.json|deno\.jsonc?|jsr\.json|import_map\.json)$"), _package_json),
    (re.compile(r"(^|/)composer\.json$"), _composer),
    (re.compile(r"(^|/)go\.(mod|work)$"), _go_mod),
    (re.compile(r"(^|/)([^/]*\.)?pom(\.xml)?$|(^|/)pom[^/]*\.xml$"), _pom),
    (re.compile(r"\.gradle(\.kts)?$|\.versions\.toml$|(^|/)build\.sbt$|(^|/)ivy\.xml$"), _gradle),
    (re.compile(r"(^|/)Cargo\.toml$"), _cargo),
    (re.compile(r"(^|/)(Gemfile|gems\.rb)$|\.gemspec$"), _gemfile),
    (re.compile(r"\.(cs|fs|vb)proj$|(^|/)(Directory\.[A-Za-z]+\.(props|targets)|packages\.config)$"), _csproj),
    (re.compile(r"(^|/)mix\.exs$"), _mix),
    (re.compile(r"(^|/)pubspec\.ya?ml$"), _pubspec),
    (re.compile(r"\.py$"), _inline_script),
    (re.compile(r"\.cs$"), _file_directives),
)
FILES = tuple(pattern for pattern, read in READERS if read not in (_inline_script, _file_directives))
"""Files that are manifests as a whole."""
