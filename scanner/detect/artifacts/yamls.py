"""YAML out of hostile files, as a mapping or nothing."""

from typing import Any

from scanner.detect.artifacts.ranged import Unread

MAX_NESTING = 2_000


def mapping(content: bytes) -> dict[str, Any]:
    """The mapping a YAML text holds; Unread where it is none."""
    import ryaml

    if content.count(b"[") + content.count(b"{") + content.count(b"- -") > MAX_NESTING:
        raise Unread("is YAML with more brackets than such a file has")
    try:
        found = ryaml.loads(content.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise Unread("is not valid YAML") from error
    if not isinstance(found, dict):
        raise Unread("is YAML, but not a mapping")
    return found
