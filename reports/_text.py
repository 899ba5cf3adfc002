"""Names come from scanned places, and some are made to mislead: what cannot be seen is spelled out, what is endless is clipped."""

import re

_UNSEEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e007f]"
)
WORD = 24
"""A longer word may be cut."""


def plain(text: str, limit: int = 160) -> str:
    """`text` on one line: controls, marks of direction and lone surrogates spelled out, the middle left out beyond `limit`."""
    return _UNSEEN.sub(_spelled, clipped(text, limit))


def clipped(text: str, limit: int) -> str:
    """The head and the tail of a text that is too long, between its words where they are short, and how long it was."""
    if len(text) <= limit:
        return text
    tail = limit // 3
    note = f" ({len(text):,} characters)" if len(text) > 10 * limit else ""
    head, _, cut = text[: limit - tail - 1].rpartition(" ")
    start, _, end = text[-tail:].partition(" ")
    return f"{head if head and len(cut) < WORD else text[: limit - tail - 1]}…{end if end and len(start) < WORD else text[-tail:]}{note}"


def encoded(text: str) -> bytes:
    """UTF-8, also where a path that was not UTF-8 left lone surrogates behind."""
    return text.encode("utf-8", "backslashreplace")


def listed(words: list[str], limit: int = 3) -> str:
    """`a`, `a and b`, `a, b and c`, `a, b, c and 4 more`."""
    shown = words[:limit] + ([f"{len(words) - limit:,} more"] if len(words) > limit else [])
    return " and ".join([", ".join(shown[:-1]), shown[-1]]) if len(shown) > 1 else "".join(shown)


def _spelled(hit: "re.Match[str]") -> str:
    return f"⟨U+{ord(hit[0]):04X}⟩"
