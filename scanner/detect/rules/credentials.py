"""Credentials by name: what code, manifests and workflows call the keys of providers. Values are never looked at here."""

import re
from collections.abc import Iterator
from functools import lru_cache

from scanner.contracts import Fact
from scanner.detect.naming import credential_name
from scanner.detect.rules.file import File, fact

NAME = re.compile(r"\b[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\b")
COMMENT = re.compile(r"[ \t]*(#|//|\*|/\*|--|;|<!--|rem )", re.IGNORECASE)
SECRET = re.compile(r"\bsecrets\.([A-Za-z_]\w*)|\bsecrets\[\s*['\"]([A-Za-z_]\w*)['\"]\s*\]")
WORKFLOW = re.compile(r"(^|/)\.github/(workflows|actions)/|(^|/)action\.ya?ml$")


@lru_cache(maxsize=16_384)
def provider_of(name: str) -> str | None:
    """The provider whose credential a name is."""
    return credential_name(name) if len(name) < 120 else None


def facts(file: File) -> Iterator[Fact]:
    """Each name of a provider's credential, on the first line that is no comment."""
    secrets = dict(_secrets(file))
    seen: set[str] = set()
    for found in NAME.finditer(file.text):
        name = found[0]
        provider = provider_of(name) if name not in seen else None
        if provider is not None and not COMMENT.match(file.text, file.text.rfind("\n", 0, found.start()) + 1):
            seen.add(name)
            attributes = {"type": "actions-secret" if name in secrets else "reference"}
            line = file.text.count("\n", 0, found.start()) + 1
            yield fact("credential", "name.credential", line, name=name, provider=provider, attributes=attributes)
    for name, line in secrets.items():
        if name not in seen:
            yield fact("reference", "workflow.secret", line, name=name, attributes={"type": "actions-secret"})


def _secrets(file: File) -> Iterator[tuple[str, int]]:
    """The names of Actions secrets that a workflow hands out, whatever they open."""
    if not WORKFLOW.search(file.path):
        return
    for number, line in enumerate(file.text.splitlines(), 1):
        for found in SECRET.finditer(line) if not COMMENT.match(line) else ():
            yield (found[1] or found[2]).upper(), number
