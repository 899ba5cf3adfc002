"""GGUF: key-values, then a tensor table (https://github.com/ggml-org/ggml/blob/master/docs/gguf.md). Chat templates are never rendered."""

import re
import struct
from collections.abc import Iterator
from functools import cache
from importlib.resources import files

import msgspec

from scanner.detect.artifacts.artifact import Artifact, hub_name, told
from scanner.detect.artifacts.ranged import Reader, Spent, Unread

SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
STRING, ARRAY = 8, 9
MAX_KEYS, MAX_TENSORS, MAX_TEXT, MAX_ITEMS = 65_536, 1_000_000, 1 << 20, 4_000_000
STEPS = (4_096, 65_536, 262_144, 2_097_152, 8_388_608)
IN_NAME = re.compile(r"(?<![a-z0-9])(i?q\d_[a-z0-9_]+|i?q\d|bf16|f16|f32|mxfp4|tq\d_\d)(?![a-z0-9])", re.IGNORECASE)
Scalar = str | int | float | None


class _Types(msgspec.Struct, frozen=True):
    file_type: dict[str, str]


@cache
def file_types() -> dict[str, str]:
    """Names of `general.file_type`, from llama.cpp's `llama_ftype`."""
    return msgspec.toml.decode((files(__package__) / "gguf.toml").read_bytes(), type=_Types).file_type


class Cursor:
    """A place in the file that moves on as it is read, fetching ever larger pieces. `base` is where the GGUF begins in a llamafile."""

    def __init__(self, reader: Reader, base: int = 0) -> None:
        self.reader = reader
        self.base = base
        self.at = base
        self.step = 0
        self.deep = False
        self.window = b""
        self.start = base
        self.order = "<"

    def take(self, length: int) -> bytes:
        """The next `length` bytes."""
        offset = self.at - self.start
        if not 0 <= offset <= len(self.window) - length:
            self._load(length)
            offset = 0
        self.at += length
        return self.window[offset : offset + length]

    def _load(self, length: int) -> None:
        if self.step > 1 and not self.deep:
            raise Shallow
        ahead = STEPS[min(self.step, len(STEPS) - 1)]
        ahead = min(ahead, self.reader.bytes_left)
        self.window = self.reader.upto(self.at, max(length, ahead), max(length, ahead))
        self.start = self.at
        self.step += 1
        if len(self.window) < length:
            raise Unread("ends inside its header")

    def number(self, kind: str) -> int:
        """The next whole number, of a struct letter."""
        size = struct.calcsize(self.order + kind)
        return int(struct.unpack(self.order + kind, self.take(size))[0])

    def text(self, limit: int = MAX_TEXT) -> str:
        """The next string."""
        length = self.number("Q")
        if length > limit:
            raise Unread(f"a string claims {length:,} bytes")
        return self.take(length).decode("utf-8", "replace")


class Shallow(Exception):
    """Reading stops here: what follows is a vocabulary of megabytes."""


def gguf(path: str, reader: Reader, base: int = 0) -> Artifact:
    """Architecture, number type, lineage and licence. The vocabulary is read through only where the number type lies behind it."""
    cursor = Cursor(reader, base)
    tensors, keys = _preamble(cursor)
    known: dict[str, Scalar] = {}
    in_name = _name_type(path)
    cursor.deep = in_name is None
    unread = None
    try:
        for pair in _pairs(cursor, keys):
            known.update([pair])
        unread = None if tensors <= MAX_TENSORS else f"claims {tensors:,} tensors"
    except Shallow:
        unread = None
    except Spent as spent:
        unread = None if "general.architecture" in known else str(spent)
    return _artifact(known, in_name, unread)


def _preamble(cursor: Cursor) -> tuple[int, int]:
    if cursor.take(4) != b"GGUF":
        raise Unread("does not begin with GGUF")
    version = cursor.number("I")
    if version > 65_535:
        cursor.order = ">"
        version = int.from_bytes(version.to_bytes(4, "little"), "big")
    if version not in (2, 3):
        raise Unread(f"is GGUF version {version}, which is not known")
    tensors, keys = cursor.number("Q"), cursor.number("Q")
    if keys > MAX_KEYS:
        raise Unread(f"claims {keys:,} keys")
    return tensors, keys


def _pairs(cursor: Cursor, keys: int) -> Iterator[tuple[str, Scalar]]:
    for _ in range(keys):
        key = cursor.text(65_535)
        kind = cursor.number("I")
        value = _value(cursor, kind)
        if key.startswith("general.") or key.endswith(".parameter_count"):
            yield key, value


def _value(cursor: Cursor, kind: int) -> Scalar:
    if kind == STRING:
        return cursor.text()
    if kind == ARRAY:
        _skip_array(cursor)
        return None
    if kind not in SCALARS:
        raise Unread(f"a value has the type {kind}, which is not known")
    letter = cursor.order + SCALARS[kind]
    value: Scalar = struct.unpack(letter, cursor.take(struct.calcsize(letter)))[0]
    return value


def _skip_array(cursor: Cursor) -> None:
    kind, count = cursor.number("I"), cursor.number("Q")
    if count > MAX_ITEMS:
        raise Unread(f"an array claims {count:,} items")
    if kind in SCALARS:
        cursor.at += count * struct.calcsize("<" + SCALARS[kind])
    elif kind == STRING:
        for _ in range(count):
            length = _length(cursor)
            cursor.at += length
    else:
        raise Unread("an array of arrays, which no known writer makes")


def _length(cursor: Cursor) -> int:
    length = cursor.number("Q")
    if length > MAX_TEXT:
        raise Unread(f"a string claims {length:,} bytes")
    return length


def _name_type(path: str) -> str | None:
    """The last number type in a file's name: `llama-3-8b-Q4_K_M.gguf`."""
    found = IN_NAME.findall(path.rpartition("/")[2].removesuffix(".gguf"))
    return found[-1].upper() if found else None


def _artifact(known: dict[str, Scalar], in_name: str | None, unread: str | None) -> Artifact:
    written = known.get("general.file_type")
    count = known.get("general.parameter_count")
    return Artifact(
        format="gguf",
        architecture=told(known.get("general.architecture")),
        parameters=count if isinstance(count, int) and count > 0 else None,
        quantisation=file_types().get(str(written)) or in_name,
        base_model=_base(known),
        license=told(known.get("general.license")),
        producer=told(known.get("general.quantized_by") or known.get("general.organization") or known.get("general.author")),
        unread=unread,
    )


def _base(known: dict[str, Scalar]) -> str | None:
    address = hub_name(known.get("general.base_model.0.repo_url"))
    if address:
        return address
    organisation, name = told(known.get("general.base_model.0.organization")), told(known.get("general.base_model.0.name"))
    return f"{organisation}/{name}".replace(" ", "-") if organisation and name else name
