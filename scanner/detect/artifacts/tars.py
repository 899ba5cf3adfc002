"""NeMo: a tar, packed or not, with model_config.yaml in it."""

import zlib
from collections.abc import Iterator

from scanner.detect.artifacts.artifact import Artifact, told
from scanner.detect.artifacts.ranged import Reader, Unread
from scanner.detect.artifacts.yamls import mapping

MAX_MEMBERS = 64
MAX_CONFIG = 1_000_000
PACKED_HEAD = 262_144


def nemo(_: str, reader: Reader) -> Artifact:
    """The class that model_config.yaml names."""
    for name, content in _members(reader):
        if name.rpartition("/")[2] == "model_config.yaml":
            config = mapping(content)
            return Artifact(format="nemo", architecture=_last(config.get("target")), producer=_version(config.get("nemo_version")))
    return Artifact(format="nemo", unread="no model_config.yaml among its first members")


def _last(target: object) -> str | None:
    return told(target.rpartition(".")[2]) if isinstance(target, str) else None


def _version(version: object) -> str:
    return f"nemo {told(version) or ''}".strip()


def _members(reader: Reader) -> Iterator[tuple[str, bytes]]:
    """Names and contents; content is empty for what is not a YAML file."""
    head = reader.head()
    if head[:2] == b"\x1f\x8b":
        content = _inflated(reader.upto(0, PACKED_HEAD))
        yield from _walk(lambda at, length: content[at : at + length])
    else:
        yield from _walk(reader.upto)


def _inflated(packed: bytes) -> bytes:
    try:
        return zlib.decompressobj(31).decompress(packed, 4 * MAX_CONFIG)
    except zlib.error as error:
        raise Unread("is packed in a broken way") from error


def _walk(take) -> Iterator[tuple[str, bytes]]:  # type: ignore[no-untyped-def]
    at = 0
    for _ in range(MAX_MEMBERS):
        header = take(at, 512)
        if len(header) < 512 or not header.strip(b"\0"):
            return
        if header[257:262] != b"ustar":
            raise Unread("is not a tar")
        name, size = header[:100].rstrip(b"\0").decode("utf-8", "replace"), _size(header[124:136])
        yield name, take(at + 512, size) if name.endswith(".yaml") and size <= MAX_CONFIG else b""
        at += 512 + -(-size // 512) * 512


def _size(digits: bytes) -> int:
    if digits[:1] == b"\x80":
        return int.from_bytes(digits[1:], "big")
    try:
        return int(digits.strip(b" \0") or b"0", 8)
    except ValueError as error:
        raise Unread("a member's size is no number") from error
