"""safetensors: an 8 byte length, then JSON (https://github.com/huggingface/safetensors#format)."""

import math
from typing import Annotated

import msgspec

from scanner.detect.artifacts.artifact import Artifact, hub_name, told
from scanner.detect.artifacts.ranged import Reader, Unread

MAX_HEADER = 10_000_000
PACKED = (".qweight", ".weight_packed", ".qzeros", ".absmax")
Size = Annotated[int, msgspec.Meta(ge=0, le=1 << 52)]


class Tensor(msgspec.Struct, frozen=True, gc=False):
    """One tensor of the header."""

    dtype: str
    shape: tuple[Size, ...]
    data_offsets: tuple[Size, Size]

    def count(self) -> int:
        """How many numbers it holds."""
        return math.prod(self.shape)


def safetensors(_: str, reader: Reader) -> Artifact:
    """Parameters and number type from the header; lineage where the metadata tells it."""
    length = int.from_bytes(reader.head()[:8], "little")
    if length > MAX_HEADER:
        raise Unread(f"its header claims {length:,} bytes, more than the {MAX_HEADER:,} that are read")
    metadata, tensors = _header(reader.read(8, length))
    return Artifact(
        format="safetensors",
        architecture=told(metadata.get("modelspec.architecture")),
        parameters=_parameters(tensors),
        quantisation=_main_dtype(tensors),
        base_model=hub_name(metadata.get("base_model") or metadata.get("modelspec.base_model")),
        license=told(metadata.get("modelspec.license") or metadata.get("license")),
        producer=told(metadata.get("format")),
        unread=_fault(reader.size, 8 + length, tensors),
    )


def _header(content: bytes) -> tuple[dict[str, object], dict[str, Tensor]]:
    try:
        raw = msgspec.json.decode(content, type=dict[str, msgspec.Raw])
        kept = raw.pop("__metadata__", None)
        metadata = msgspec.json.decode(kept, type=dict[str, object]) if kept else {}
        return metadata, {name: msgspec.json.decode(tensor, type=Tensor) for name, tensor in raw.items()}
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
        raise Unread("its header is not the JSON that the format asks for") from error


def _parameters(tensors: dict[str, Tensor]) -> int | None:
    if any(name.endswith(PACKED) for name in tensors):
        return None
    return sum(tensor.count() for tensor in tensors.values()) or None


def _main_dtype(tensors: dict[str, Tensor]) -> str | None:
    weight: dict[str, int] = {}
    for tensor in tensors.values():
        weight[tensor.dtype] = weight.get(tensor.dtype, 0) + tensor.data_offsets[1] - tensor.data_offsets[0]
    return told(max(weight, key=lambda dtype: (weight[dtype], dtype)), 20) if weight else None


def _fault(size: int | None, start: int, tensors: dict[str, Tensor]) -> str | None:
    end = start + max((tensor.data_offsets[1] for tensor in tensors.values()), default=0)
    if size is None or size == end:
        return None
    return f"holds {size:,} bytes where its header announces {end:,}: half-written or altered"
