"""Formats that are pickles, or zips of pickles. Written as opcodes: no class of theirs is ever imported."""

import io
import struct
import zipfile
from collections.abc import Mapping

from tests.estate.artifacts.parts import noise


def _unicode(text: str) -> bytes:
    """A text as a pickle's BINUNICODE."""
    return b"X" + struct.pack("<I", len(text)) + text.encode()


def _tensor(name: str, key: int, count: int, storage: str) -> bytes:
    """One entry of a state dict: its name, then torch._utils._rebuild_tensor_v2 over a persistent id, as torch.save writes it."""
    whole = b"J" + struct.pack("<i", count)
    persistent = b"(" + _unicode("storage") + f"ctorch\n{storage}\n".encode() + _unicode(str(key)) + _unicode("cpu") + whole + b"tQ"
    arguments = b"(" + persistent + b"K\0" + whole + b"\x85K\x01\x85\x89ccollections\nOrderedDict\n)Rt"
    return _unicode(name) + b"ctorch._utils\n_rebuild_tensor_v2\n" + arguments + b"R"


def torch_zip(
    tensors: Mapping[str, int] | None = None, storage: str = "FloatStorage", more: bytes = b"", seed: int = 0, root: str = "archive"
) -> bytes:
    """torch.save of a state dict; `more` are opcodes put before its end."""
    counts = dict(tensors or {"layer.weight": 128, "layer.bias": 8})
    entries = b"".join(_tensor(name, key, count, storage) for key, (name, count) in enumerate(counts.items()))
    data = b"\x80\x02ccollections\nOrderedDict\n)R(" + entries + b"u" + more + b"."
    width = {"FloatStorage": 4, "HalfStorage": 2, "BFloat16Storage": 2}[storage]
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr(f"{root}/data.pkl", data)
        archive.writestr(f"{root}/byteorder", "little")
        for key, count in enumerate(counts.values()):
            archive.writestr(f"{root}/data/{key}", noise(count * width, seed + key))
        archive.writestr(f"{root}/version", "3\n")
    return made.getvalue()


def torchscript(weights: int = 600) -> bytes:
    """torch.jit.save of one module."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("net/data.pkl", b"\x80\x02c__torch__.app\nChurnNet\n)\x81}b.")
        archive.writestr("net/code/__torch__/app.py", "class ChurnNet(Module):\n  pass\n")
        archive.writestr("net/constants.pkl", b"\x80\x02).")
        archive.writestr("net/data/0", noise(weights))
        archive.writestr("net/version", "3\n")
    return made.getvalue()


def torch_legacy() -> bytes:
    """torch.save before 1.6."""
    magic = b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19."
    state = b"\x80\x02ccollections\nOrderedDict\n)R(" + _tensor("w", 0, 16, "FloatStorage") + b"u."
    return magic + b"\x80\x02M\xe9\x03." + b"\x80\x02}." + state + b"\x80\x02]." + struct.pack("<Q", 16) + noise(64)


def pickled(
    module: str = "sklearn.linear_model._logistic", name: str = "LogisticRegression", protocol: int = 4, seed: int = 0, weights: int = 32
) -> bytes:
    """A pickled estimator, of a class that need not be installed."""
    if protocol < 4:
        return b"\x80\x02c" + f"{module}\n{name}\n".encode() + b")\x81}X\x04\x00\x00\x00seedK" + bytes([seed % 256]) + b"sb."
    short = b"".join(b"\x8c" + bytes([len(text)]) + text.encode() + b"\x94" for text in (module, name))
    body = short + b"\x93\x94)\x81\x94}\x94\x8c\x04coef\x94B" + struct.pack("<I", weights) + noise(weights, seed) + b"sb."
    return b"\x80\x04\x95" + struct.pack("<Q", len(body)) + body


def malicious() -> bytes:
    """A pickle that would run a command when loaded; it is only ever read as opcodes."""
    return b"\x80\x02cposix\nsystem\nX\x04\x00\x00\x00true\x85R."
