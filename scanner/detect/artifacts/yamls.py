"""YAML out of hostile files, as a mapping or nothing."""

from typing import Any

from scanner.detect.artifacts.ranged import Unread


def mapping(content: bytes) -> dict[str, Any]:
    """The mapping a YAML text holds; Unread where it is none."""
    import ryaml

    try:
        found = ryaml.loads(content.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise Unread("is not valid YAML") from error
    if not isinstance(found, dict):
        raise Unread("is YAML, but not a mapping")
    return found
