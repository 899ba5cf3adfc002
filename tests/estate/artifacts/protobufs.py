"""Formats that are protobuf or a flatbuffer."""

import struct
from collections.abc import Mapping

from tests.estate.artifacts.parts import Files, noise


def varint(value: int) -> bytes:
    """A protobuf number."""
    found = bytearray()
    while value > 127:
        found.append(value & 127 | 128)
        value >>= 7
    return bytes([*found, value])


def field(number: int, value: bytes | str | int) -> bytes:
    """A protobuf field."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    content = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(content)) + content


def onnx(
    producer: str = "pytorch", version: str = "2.5.0", metadata: Mapping[str, str] | None = None, weights: int = 2048, seed: int = 0
) -> bytes:
    """An ONNX ModelProto with one node and one initializer; opsets and metadata stand behind the graph."""
    node = field(1, "x") + field(2, "y") + field(4, "Identity")
    tensor = field(1, weights // 4) + field(2, 1) + field(8, "w") + field(9, noise(weights, seed))
    graph = field(1, node) + field(2, "main_graph") + field(5, tensor)
    props = b"".join(field(14, field(1, key) + field(2, value)) for key, value in (metadata or {}).items())
    return field(1, 9) + field(2, producer) + field(3, version) + field(7, graph) + field(8, field(1, "") + field(2, 17)) + props


def savedmodel(version: str = "2.17.0", seed: int = 0) -> Files:
    """A SavedModel's folder."""
    info = field(2, noise(6000, seed)) + field(4, "serve") + field(5, version)
    return {
        "saved_model.pb": field(1, 1) + field(2, field(1, info) + field(2, noise(9000, seed))),
        "variables/variables.index": noise(300, seed),
        "variables/variables.data-00000-of-00001": noise(5000, seed),
        "fingerprint.pb": b"\x09\x01",
    }


def tflite(seed: int = 0) -> bytes:
    """A flatbuffer of TensorFlow Lite."""
    return struct.pack("<I4s", 28, b"TFL3") + noise(2000, seed)


def executorch(seed: int = 0) -> bytes:
    """A flatbuffer of ExecuTorch."""
    return struct.pack("<I4s", 28, b"ET12") + noise(2000, seed)


def coreml(license: str = "MIT", weights: int = 500) -> bytes:
    """A CoreML .mlmodel."""
    metadata = field(1, "A model") + field(2, "1.0") + field(3, "Acme") + field(4, license)
    return field(1, 4) + field(2, field(100, metadata)) + field(500, noise(weights))


def mlpackage() -> Files:
    """A CoreML package's folder."""
    inside = "Data/com.apple.CoreML/"
    return {
        "Manifest.json": b'{"fileFormatVersion":"1.0.0"}',
        f"{inside}model.mlmodel": coreml(),
        f"{inside}weights/weight.bin": noise(900),
    }
