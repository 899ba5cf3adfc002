"""Which reader a path asks for."""

import re
from collections.abc import Callable, Mapping
from functools import cache, lru_cache

from scanner.detect.catalogue import table
from scanner.detect.reading import documents, embedded, grammar, lines, notebook, python
from scanner.detect.reading.imports import imports
from scanner.detect.reading.literal import Reading, Unreadable

TEMPLATED = re.compile(rf"\.({'|'.join(table('languages')['template_endings'])})$", re.IGNORECASE)


@cache
def _endings() -> Mapping[str, str]:
    listed = {ending: kind for kind, endings in table("languages")["endings"].items() for ending in endings}
    return {**listed, **dict.fromkeys(grammar.languages(), "grammar")}


@cache
def _names() -> Mapping[str, str]:
    return {name: kind for kind, names in table("languages")["names"].items() for name in names}


def kind_of(path: str) -> str:
    """The reader for a path; "" where there is none."""
    return _kind(path.rpartition("/")[2].lower())


@lru_cache(maxsize=65_536)
def _kind(name: str) -> str:
    bare = TEMPLATED.sub("", TEMPLATED.sub("", name))
    for candidate in (name, bare):
        if candidate in _names():
            return _names()[candidate]
    if bare.startswith((".env", "env.")) or ".env." in name or name.endswith((".env", "-env")):
        return "env"
    if name.startswith(("dockerfile.", "dockerfile-", "containerfile.", "makefile.")):
        return "dockerfile" if "docker" in name or "container" in name else "shell"
    ending = bare.rsplit(".", 1)[-1] if "." in bare else ""
    return _endings().get(ending) or _endings().get(name.rsplit(".", 1)[-1] if "." in name else "", "")


def ending_of(path: str) -> str:
    """A path's ending without what only says that it is a template."""
    name = path.rsplit("/", 1)[-1].lower()
    bare = TEMPLATED.sub("", name)
    return bare.rsplit(".", 1)[-1] if "." in bare else name.rsplit(".", 1)[-1]


def read(path: str, text: str) -> Reading:
    """What a file gives. A file its own parser refuses is read as words, and says so in `broken`."""
    kind = kind_of(path)
    reader = READERS.get(kind)
    if reader is None:
        return lines.read_words(text) if kind else Reading()
    try:
        reading = reader(path, text)
    except Unreadable as error:
        reading = lines.read_words(text)
        reading.broken = str(error)
    if kind in ("yaml", "json", "toml"):
        embedded.expand(reading)
    if not reading.imports and kind != "notebook":
        reading.imports = list(imports(text, ending_of(path)))
    return reading


def _template(_: str, text: str) -> Reading:
    return documents.read_json(text) if text.lstrip().startswith("{") and not text.lstrip().startswith("{{") else documents.read_yaml(text)


READERS: dict[str, Callable[[str, str], Reading]] = {
    "python": lambda _, text: python.read(text),
    "notebook": lambda _, text: notebook.read(text),
    "grammar": lambda path, text: grammar.read(text, ending_of(path)),
    "yaml": _template,
    "json": lambda _, text: documents.read_json(text),
    "toml": lambda _, text: documents.read_toml(text),
    "env": lambda _, text: lines.read_assignments(text, "bang"),
    "shell": lambda _, text: lines.read_shell(text),
    "dockerfile": lambda _, text: lines.read_dockerfile(text),
    "sql": lambda _, text: lines.read_words(text, "dash"),
    "slashed": lambda _, text: lines.read_words(text, "slash"),
    "words": lambda _, text: lines.read_words(text),
    "markup": lambda _, text: lines.read_markup(text),
    "prose": lambda _, text: lines.read_prose(text),
}
