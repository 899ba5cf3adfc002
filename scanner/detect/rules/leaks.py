"""Keys of AI providers that lie in a file. Only a keyed fingerprint leaves this module: no value, no prefix, no line of text."""

import hashlib
import hmac
import math
import re
from collections import Counter
from collections.abc import Iterator
from functools import cache

import msgspec

from scanner.contracts import Fact
from scanner.detect.catalogue import rows, table
from scanner.detect.rules.file import File, fact


class Key(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The shape of one kind of key."""

    id: str
    provider: str
    regex: str
    keywords: tuple[str, ...]
    entropy: float
    source: str

    @property
    def wake(self) -> str:
        """What the prefilter looks for: the beginning of the key, or the word that stands before it."""
        begin = SHAPE.match(self.regex.removeprefix("(?i)").removeprefix(r"\b").removeprefix("("))
        if begin and "-" in begin[1]:
            return rf"(?i)\b{begin[1]}[a-z0-9_-]{{12}}"
        if begin:
            return rf"(?i)\b{begin[1]}[a-z0-9]{{{10 if begin[1] == 'hf_' else 5}}}"
        words = "|".join(re.escape(word) for word in self.keywords)
        return rf"(?i)(?:{words})[\w.-]*[\"' ]*[:=][\"' ]*[a-z0-9_-]{{8}}"


SHAPE = re.compile(r"((?:[a-z0-9]+[-_.]){1,4}|AIza|dapi|ABSK|AQ\\.)(?=[\[(A])")


@cache
def shapes() -> tuple[Key, ...]:
    """Every shape."""
    return rows("keys", "key", Key)


@cache
def _compiled() -> tuple[tuple[Key, re.Pattern[str]], ...]:
    return tuple((row, re.compile(row.regex, re.MULTILINE)) for row in shapes())


@cache
def _placeholder() -> re.Pattern[str]:
    return re.compile(table("keys")["placeholder"])


def facts(file: File, key: bytes) -> Iterator[Fact]:
    """Each key in the file, once, as its fingerprint; documented examples and placeholders are none."""
    seen: set[str] = set()
    lower = file.text.lower()
    for row, pattern in _compiled():
        if not any(word in lower for word in row.keywords):
            continue
        for found in pattern.finditer(file.text):
            secret = next((group for group in found.groups() if group), found[0])
            mark = fingerprint(secret, key)
            if mark not in seen and _real(secret, row):
                seen.add(mark)
                line = file.text.count("\n", 0, found.start()) + 1
                attributes = {"type": "leak", "fingerprint": mark}
                yield fact(
                    "credential",
                    f"leak.{row.id}",
                    line,
                    name=f"{row.provider} key",
                    provider=row.provider,
                    identifiers=(f"kfp:{mark}",),
                    attributes=attributes,
                )


def fingerprint(secret: str, key: bytes) -> str:
    """`<key id>:<hex>`: HMAC-SHA256 of the secret, normalised, with the installation's key; the key id tells which key that was."""
    secret = secret.strip().strip("\"'`").removeprefix("Bearer ").strip()
    digest = hmac.new(key, secret.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()
    return f"{hashlib.sha256(b'gnomon key id' + key).hexdigest()[:8]}:{digest[:32]}"


def _real(secret: str, row: Key) -> bool:
    return entropy(secret) >= row.entropy and secret not in table("keys")["examples_documented"] and not _placeholder().search(secret)


def entropy(text: str) -> float:
    """Shannon entropy in bits per character."""
    return -sum(count / len(text) * math.log2(count / len(text)) for count in Counter(text).values()) if text else 0.0
