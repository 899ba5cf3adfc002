"""Formats that are zips: PyTorch, TorchScript, Keras v3, TorchServe's .mar, llamafile."""

from typing import Any

import msgspec

from scanner.detect.artifacts import archive
from scanner.detect.artifacts.artifact import Artifact, told
from scanner.detect.artifacts.gguf import gguf
from scanner.detect.artifacts.pickles import torch_zip
from scanner.detect.artifacts.ranged import Reader, Unread


def zipped(path: str, reader: Reader) -> Artifact | None:
    """What the zip is, by its members; None where it is an ordinary archive."""
    members = archive.directory(reader)
    by_name = {member.name: member for member in members}
    data = next((member for member in members if member.name.endswith("/data.pkl") or member.name == "data.pkl"), None)
    if data is not None:
        return torch_zip(path, reader, members, data)
    if "metadata.json" in by_name and "config.json" in by_name:
        return _keras(reader, by_name)
    if "MAR-INF/MANIFEST.json" in by_name:
        return _mar(reader, by_name["MAR-INF/MANIFEST.json"])
    if any(name.startswith("model/") and name.endswith((".json", ".xml")) for name in by_name) and path.endswith(".pt2"):
        return Artifact(format="pytorch-export", producer="pytorch")
    return None


def _json(reader: Reader, member: archive.Member) -> dict[str, Any]:
    try:
        return msgspec.json.decode(archive.content(reader, member), type=dict[str, Any])
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
        raise Unread(f"its {member.name[:80]!r} is not a JSON object") from error


def _keras(reader: Reader, members: dict[str, archive.Member]) -> Artifact:
    metadata, config = _json(reader, members["metadata.json"]), _json(reader, members["config.json"])
    version = told(metadata.get("keras_version"))
    return Artifact(format="keras", architecture=told(config.get("class_name")), producer=f"keras {version}" if version else "keras")


def _mar(reader: Reader, manifest: archive.Member) -> Artifact:
    content = _json(reader, manifest)
    model = content.get("model")
    handler = told(model.get("handler")) if isinstance(model, dict) else None
    version = told(content.get("archiverVersion"))
    return Artifact(format="mar", architecture=handler, producer=f"torchserve archiver {version}" if version else "torchserve")


def llamafile(path: str, reader: Reader) -> Artifact:
    """A program with a GGUF inside: a zip whose `.gguf` member is stored as it is."""
    stored = next((member for member in archive.directory(reader) if member.name.endswith(".gguf") and member.method == 0), None)
    if stored is None:
        return Artifact(format="llamafile", unread="no stored .gguf member in it")
    local = reader.upto(stored.offset, 30)
    names = int.from_bytes(local[26:28], "little") + int.from_bytes(local[28:30], "little")
    inner = gguf(f"{path.removesuffix('.llamafile')}-{stored.name}", reader, stored.offset + 30 + names)
    return msgspec.structs.replace(inner, format="llamafile")
