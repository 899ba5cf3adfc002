"""Formats that are protobuf: ONNX, SavedModel, CoreML, frozen graphs. Fields are stepped over by their length, never unpacked whole."""

from collections.abc import Iterator

from scanner.detect.artifacts.artifact import Artifact, hub_name, told
from scanner.detect.artifacts.ranged import Reader, Unread

MAX_FIELDS = 20_000
MAX_TEXT = 65_536
VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5


class Field:
    """One field: its number, the number it holds, and where its bytes lie. Read only when asked for."""

    __slots__ = ("end", "number", "reader", "start", "value")

    def __init__(self, reader: Reader, number: int, start: int, end: int, value: int) -> None:
        self.reader, self.number, self.start, self.end, self.value = reader, number, start, end, value

    def text(self) -> str | None:
        """Its bytes as text."""
        if self.end - self.start > MAX_TEXT:
            return None
        return told(self.reader.read(self.start, self.end - self.start).decode("utf-8", "replace"))

    def fields(self) -> Iterator["Field"]:
        """Its bytes as a message."""
        return fields(self.reader, self.start, self.end)


def fields(reader: Reader, at: int = 0, end: int | None = None) -> Iterator[Field]:
    """The fields between two offsets."""
    for _ in range(MAX_FIELDS):
        if end is not None and at >= end:
            return
        key, at = _varint(reader, at)
        if key is None:
            return
        value, start, stop = _value(reader, at, key & 7)
        if end is not None and stop > end:
            raise Unread("a field claims more bytes than there are: half-written or altered")
        yield Field(reader, key >> 3, start, stop, value)
        at = stop
    raise Unread(f"holds more than {MAX_FIELDS:,} fields")


def _value(reader: Reader, at: int, kind: int) -> tuple[int, int, int]:
    if kind == VARINT:
        value, stop = _varint(reader, at)
        return value or 0, at, stop
    if kind == BYTES:
        length, start = _varint(reader, at)
        return 0, start, start + (length or 0)
    if kind in (FIXED64, FIXED32):
        return 0, at, at + (8 if kind == FIXED64 else 4)
    raise Unread("is not the protobuf that its name says")


def _varint(reader: Reader, at: int) -> tuple[int | None, int]:
    """A number and where it ends; None at the end of the file."""
    if reader.size is not None and at >= reader.size:
        return None, at
    found = reader.upto(at, 10)
    value = 0
    for place, byte in enumerate(found):
        value |= (byte & 127) << (7 * place)
        if byte < 128:
            return value, at + place + 1
    if not found:
        return None, at
    raise Unread("is not the protobuf that its name says")


def onnx(_: str, reader: Reader) -> Artifact:
    """ModelProto (onnx/onnx.proto): producer, metadata; the graph is stepped over."""
    texts: dict[int, str | None] = {}
    metadata: dict[str, str | None] = {}
    seen = set()
    for field in fields(reader, 0, reader.size):
        seen.add(field.number)
        if field.number in (2, 3):
            texts[field.number] = field.text()
        elif field.number == 14:
            entry = {inner.number: inner.text() for inner in field.fields()}
            metadata[(entry.get(1) or "").lower()] = entry.get(2)
    if not seen & {7, 8} or max(seen) > 100:
        raise Unread("has no graph: not an ONNX model, or half-written")
    return Artifact(
        format="onnx",
        architecture=metadata.get("model_type") or metadata.get("architecture"),
        producer=" ".join(filter(None, (texts.get(2), texts.get(3)))) or None,
        base_model=hub_name(metadata.get("base_model")),
        license=metadata.get("license"),
    )


def savedmodel(_: str, reader: Reader) -> Artifact:
    """SavedModel.meta_graphs[0].meta_info_def.tensorflow_version (tensorflow/core/protobuf/saved_model.proto, meta_graph.proto)."""
    version = None
    for field in _inside(reader, (2, 1)):
        if field.number == 5:
            version = field.text()
    return Artifact(format="savedmodel", producer=f"tensorflow {version}" if version else "tensorflow")


def _inside(reader: Reader, path: tuple[int, ...]) -> Iterator[Field]:
    level = fields(reader, 0, reader.size)
    for number in path:
        found = next((field for field in level if field.number == number), None)
        if found is None:
            return
        level = found.fields()
    yield from level


def tensorflow_graph(_: str, reader: Reader) -> Artifact | None:
    """GraphDef.node[0] has a name and an op; anything else that ends in .pb is no model."""
    node = next(fields(reader, 0, reader.size), None)
    if node is None or node.number != 1:
        return None
    first = {field.number: field.text() for field in node.fields() if field.number in (1, 2)}
    return Artifact(format="tensorflow-graph", producer="tensorflow") if first.get(1) and first.get(2) else None


def coreml(_: str, reader: Reader) -> Artifact:
    """Model.description.metadata (apple/coremltools mlmodel/format/Model.proto)."""
    metadata: dict[int, str | None] = {}
    for part in _inside(reader, (2,)):
        if part.number == 100:
            metadata = {field.number: field.text() for field in part.fields() if field.number in (1, 2, 3, 4)}
    return Artifact(format="coreml", producer="coreml", license=metadata.get(4))
