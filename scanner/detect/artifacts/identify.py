"""From a name and some ranged reads to an Artifact."""

from collections.abc import Callable, Mapping

import msgspec

from scanner.detect.artifacts import hdf5, layout, pickles, pointers, protobuf, safetensors, tars, texts, zips
from scanner.detect.artifacts.artifact import Artifact
from scanner.detect.artifacts.formats import Format, choices, named_format, named_model
from scanner.detect.artifacts.gguf import gguf
from scanner.detect.artifacts.grouping import Group
from scanner.detect.artifacts.ranged import Ranged, Reader, Unread

READERS: Mapping[str, Callable[[str, Reader], Artifact | None]] = {
    "safetensors": safetensors.safetensors,
    "gguf": gguf,
    "llamafile": zips.llamafile,
    "zip": zips.zipped,
    "torch_legacy": pickles.torch_legacy,
    "pickle": pickles.pickled,
    "compressed_pickle": pickles.compressed,
    "onnx": protobuf.onnx,
    "savedmodel": protobuf.savedmodel,
    "tensorflow_graph": protobuf.tensorflow_graph,
    "coreml": protobuf.coreml,
    "hdf5": hdf5.hdf5,
    "xgboost": texts.xgboost,
    "lightgbm": texts.lightgbm,
    "pmml": texts.pmml,
    "openvino": texts.openvino,
    "nemo": tars.nemo,
    "mlmodel": layout.mlmodel,
    "dvc": pointers.dvc,
}
BESIDE: Mapping[str, Callable[[Reader], layout.Known]] = {
    "adapter_config.json": layout.adapter,
    "model_index.json": layout.pipeline,
    "config.json": layout.config,
    "readme.md": layout.card,
}
MAX_INDEX = 1_000_000


def identify(path: str, source: Ranged) -> Artifact | None:
    """What the file is; None where it is no model. Never raises for what is in the file: `unread` says it. A ReadError passes."""
    reader = Reader(source)
    try:
        head = reader.head()
    except Unread as unread:
        named = named_format(path)
        return Artifact(format=named, bytes=source.size, unread=str(unread)) if named else None
    if not head:
        return None
    found = pointers.lfs(path, head) or _read(path, head, reader)
    if found is None:
        return None
    sized = found if found.bytes is not None else msgspec.structs.replace(found, bytes=reader.size)
    return pointers.cached(path, sized)


def _read(path: str, head: bytes, reader: Reader) -> Artifact | None:
    failed: Artifact | None = None
    for row in choices(path, head):
        found = _by(row, path, head, reader)
        if found is not None and found.unread is None:
            return found
        failed = failed or found
    return failed


def _by(row: Format, path: str, head: bytes, reader: Reader) -> Artifact | None:
    if row.magic and not any(head.startswith(magic.bytes(), magic.at) for magic in row.magic):
        return Artifact(format=row.id, unread="its head is not that of its format: half-written, encrypted or another thing")
    if not row.reader:
        return Artifact(format=row.id)
    try:
        return READERS[row.reader](path, reader)
    except Unread as unread:
        return None if row.vague and not named_model(path) else Artifact(format=row.id, unread=str(unread))


def identify_group(group: Group, opener: Callable[[str], Ranged]) -> Artifact | None:
    """What the group is: its first member's head, and what the small files beside it say. `opener` gives a file by its path."""
    found = identify(group.members[0], opener(group.members[0]))
    if found is None:
        return None
    many = len(group.members) > 1
    first = msgspec.structs.replace(
        found,
        bytes=found.bytes if not many else group.bytes,
        shards=len(group.members) if group.sharded else None,
        parameters=None if group.sharded else found.parameters,
        identifiers=tuple(name for name in found.identifiers if not many or not name.startswith(("sha256:", "md5:"))),
    )
    return _with_companions(first, group, opener)


def _with_companions(found: Artifact, group: Group, opener: Callable[[str], Ranged]) -> Artifact:
    for path in group.companions:
        name = path.rpartition("/")[2].lower()
        told = BESIDE.get(name) or (layout.index if name.endswith(".index.json") and group.sharded else None)
        if told is None:
            continue
        try:
            found = _joined(found, told(Reader(opener(path))), name, len(group.members))
        except Unread as unread:
            found = msgspec.structs.replace(found, unread=found.unread or f"{name} beside it {unread}")
    return found


def _joined(found: Artifact, known: layout.Known, name: str, members: int) -> Artifact:
    """An adapter's word stands above all; elsewhere the weights' own word does, but for the architecture."""
    expected = known.pop("shards", None)
    over = {"architecture", "base_model"} if name == "adapter_config.json" else {"architecture"}
    if name == "config.json" and "quantisation" in known:
        over = {*over, "quantisation"}
    if found.format == "mlflow" or found.architecture in ("lora", "adapter"):
        over = set()
    changed = {field: value for field, value in known.items() if field in over or getattr(found, field) is None}
    if expected is not None and expected > members:
        changed["unread"] = found.unread or f"{expected - members} of its {expected} shards are missing"
    return msgspec.structs.replace(found, **changed)
