"""CODEOWNERS: who answers for what in a repository (docs.github.com, "About code owners").

The last rule that matches a path counts. Addresses of e-mail are left out: a person is known by account only.
"""

import re
from collections.abc import Iterator, Sequence

import msgspec

PLACES = (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS")
"""Where GitHub looks, the first that is there counts."""
VERSION = "codeowners-1"
"""Changes whenever the same file would give other rules."""
MAX_BYTES = 3 << 20
MAX_RULES = 2000
LONG = 300
OWNER = re.compile(r"@[\w.-]+(?:/[\w.-]+)?")


class Rule(msgspec.Struct, frozen=True):
    """One line: the pattern as written, as a regular expression, and its owners (`@login`, `@org/team`)."""

    pattern: str
    expression: str
    owners: tuple[str, ...]


def rules(text: str) -> tuple[Rule, ...]:
    """The rules of a CODEOWNERS file; a line that is none is left out, as GitHub does."""
    return tuple(_rules(text))[:MAX_RULES]


def _rules(text: str) -> Iterator[Rule]:
    for line in text.splitlines():
        pattern, *names = re.split(r"\s+#.*|\s+", line.strip())
        if pattern and not pattern.startswith(("#", "!")) and len(pattern) <= LONG and "[" not in pattern:
            yield Rule(pattern, _expression(pattern), tuple(name for name in names if OWNER.fullmatch(name)))


def _expression(pattern: str) -> str:
    anchored = "/" in pattern.rstrip("/")
    parts = re.split(r"(\*\*/|/\*\*|\*|\?)", pattern.lstrip("/").rstrip("/"))
    wild = {"**/": "(?:.*/)?", "/**": "/.*", "*": "[^/]*", "?": "[^/]"}
    body = "".join(wild.get(part) or re.escape(part) for part in parts)
    below = "/.*" if pattern.endswith("/") else "" if pattern.endswith("/*") else "(?:/.*)?"
    return f"{'' if anchored else '(?:.*/)?'}{body}{below}"


class Owners:
    """The owners of paths, by the rules of one file."""

    def __init__(self, found: Sequence[Rule]) -> None:
        import re2  # type: ignore[import-untyped]  # ships no types

        self._rules = [(re2.compile(rule.expression), rule.owners) for rule in reversed(found)]
        self._default = next((rule.owners for rule in reversed(found) if rule.pattern in ("*", "/", "/**", "**")), None)
        self._all = tuple(dict.fromkeys(name for rule in found for name in rule.owners))

    def of(self, path: str) -> tuple[str, ...]:
        """Who owns a path."""
        return next((owners for expression, owners in self._rules if expression.fullmatch(path)), ())

    @property
    def whole(self) -> tuple[str, ...]:
        """Who owns the repository: the owners of everything, or of anything where nobody owns all."""
        return self._default or self._all


def person(name: str) -> str:
    """The key of `@login` or `@org/team`. GitHub does not tell upper case from lower case."""
    owner, _, team = name.removeprefix("@").lower().partition("/")
    return f"person:github/{owner}/team/{team}" if team else f"person:github/{owner}"
