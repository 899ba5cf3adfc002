"""Pickles and what is made of them: joblib, PyTorch. Only their opcodes are walked; see opcodes.py."""

import bz2
import lzma
import re
import zlib

import msgspec

from scanner.detect.artifacts import archive
from scanner.detect.artifacts.artifact import Artifact, told
from scanner.detect.artifacts.formats import named_model
from scanner.detect.artifacts.opcodes import Opcodes, opcodes, verdict
from scanner.detect.artifacts.ranged import Reader, Spent, Unread

MAX_UNPACKED = 4_000_000
WINDOWS = (0, 61_440, 262_144, 65_536, 65_536, 65_536)
DATA = {
    "numpy",
    "pandas",
    "scipy",
    "builtins",
    "__builtin__",
    "copyreg",
    "copy_reg",
    "collections",
    "datetime",
    "pathlib",
    "polars",
    "pyarrow",
    "decimal",
    "uuid",
    "pytz",
    "dateutil",
    "_codecs",
    "functools",
    "re",
    "array",
    "networkx",
    "joblib",
    "operator",
    "zoneinfo",
    "types",
}
ESTIMATOR = re.compile(
    r"(Classifier|Regressor|Regression|Pipeline|SearchCV|Model|Booster|Net|Module|SVC|SVR|KMeans|Forest|Boost\w*|Learner|Transformer)$"
)
PRODUCERS = {"sklearn": "scikit-learn", "torch": "pytorch", "__torch__": "torchscript", "lightgbm": "lightgbm", "xgboost": "xgboost"}
WIDTHS = {"FloatStorage": (4, "F32"), "HalfStorage": (2, "F16"), "BFloat16Storage": (2, "BF16"), "DoubleStorage": (8, "F64")}
OPTIMISER = {"optimizer", "optimizer_state_dict", "optimizer_states", "optim"}


class Window:
    """Bytes by offset out of a Reader, in ever larger pieces."""

    def __init__(self, reader: Reader) -> None:
        self.reader = reader
        self.step = 0
        self.start = 0
        self.held = reader.head()

    def take(self, offset: int, length: int) -> bytes:
        """Up to `length` bytes."""
        at = offset - self.start
        ends = self.start + len(self.held) == self.reader.size
        if at < 0 or (at + length > len(self.held) and not ends):
            self._load(offset, length)
            at = 0
        return self.held[at : at + length]

    def _load(self, offset: int, length: int) -> None:
        if self.reader.size is not None and offset >= self.reader.size:
            self.start, self.held = offset, b""
            return
        self.step += 1
        if self.step >= len(WINDOWS):
            raise Spent(f"only its first {offset:,} bytes were walked")
        self.start, self.held = offset, self.reader.upto(offset, max(length, WINDOWS[self.step]))


def pickled(path: str, reader: Reader) -> Artifact | None:
    """A plain pickle; None where it holds data and no model."""
    walked = opcodes(Window(reader).take)
    return _of_pickle(path, walked, "joblib" if _is_joblib(walked) else "pickle")


def compressed(path: str, reader: Reader) -> Artifact | None:
    """A pickle packed by zlib, gzip, xz, bzip2 or lz4, as joblib writes it; unpacked up to a limit."""
    content, whole = _inflate(reader)
    if content[:1] != b"\x80":
        return None
    walked = opcodes(lambda offset, length: content[offset : offset + length])
    if not whole and walked.unread:
        walked = msgspec.structs.replace(walked, unread=f"only its first {len(content):,} unpacked bytes were read")
    return _of_pickle(path, walked, "joblib")


def _inflate(reader: Reader) -> tuple[bytes, bool]:
    head = reader.head()
    size = reader.size or 0
    packed = head if size <= len(head) else reader.upto(0, 1_048_576)
    if head[:2] == b"\x04\x22":
        raise Unread("is packed by lz4, which is not read")
    try:
        content = _unpacker(head)(packed)
    except (zlib.error, lzma.LZMAError, OSError, ValueError) as error:
        raise Unread("is packed in a broken way") from error
    return content, len(packed) >= size and len(content) < MAX_UNPACKED


def _unpacker(head: bytes):  # type: ignore[no-untyped-def]
    if head[:1] == b"\x78":
        return lambda packed: zlib.decompressobj().decompress(packed, MAX_UNPACKED)
    if head[:2] == b"\x1f\x8b":
        return lambda packed: zlib.decompressobj(31).decompress(packed, MAX_UNPACKED)
    if head[:3] == b"BZh":
        return lambda packed: bz2.BZ2Decompressor().decompress(packed, MAX_UNPACKED)
    return lambda packed: lzma.LZMADecompressor(memlimit=64 << 20).decompress(packed, MAX_UNPACKED)


def torch_legacy(path: str, reader: Reader) -> Artifact | None:
    """torch.save before 1.6: four pickles in a row, then the storages."""
    window = Window(reader)
    at = 0
    found: tuple[tuple[str, str], ...] = ()
    unread: str | None = None
    texts: frozenset[str] = frozenset()
    for _ in range(4):
        walked = opcodes(window.take, at)
        at, found, texts, unread = walked.end, found + walked.imports, texts | walked.texts, walked.unread
        if unread:
            break
    return _of_pickle(path, Opcodes(found, texts, unread, at), "pytorch-legacy")


def torch_zip(path: str, reader: Reader, members: list[archive.Member], data: archive.Member) -> Artifact | None:
    """torch.save since 1.6, and TorchScript (`code/` beside `data.pkl`)."""
    content = archive.content(reader, data)
    walked = opcodes(lambda offset, length: content[offset : offset + length])
    root = data.name.rpartition("data.pkl")[0]
    scripted = any(member.name.startswith(root + "code/") for member in members)
    made = _of_pickle(path, walked, "torchscript" if scripted else "pytorch")
    if made is None:
        return None
    storages = sum(member.size for member in members if member.name.startswith(root + "data/"))
    return msgspec.structs.replace(made, **_numbers(walked, storages), producer="pytorch")


def _numbers(walked: Opcodes, stored: int) -> dict[str, object]:
    """Parameters, where all storages are of one type and no optimiser lies among them."""
    kinds = {WIDTHS[name] for module, name in walked.imports if module == "torch" and name in WIDTHS}
    if len(kinds) != 1 or any(name.endswith("Storage") and name not in WIDTHS for _, name in walked.imports):
        return {}
    width, name = kinds.pop()
    return {"quantisation": name, "parameters": None if walked.texts & OPTIMISER else (stored // width or None)}


def _of_pickle(path: str, walked: Opcodes, format: str) -> Artifact | None:
    level, dangerous = verdict(walked.imports)
    named = named_model(path)
    if format in ("pickle", "joblib") and _only_data(walked) and not named and level != "dangerous":
        return None
    module, estimator = _estimator(walked)
    return Artifact(
        format=format,
        architecture=told(estimator),
        producer=told(PRODUCERS.get(module or "", module)) if level != "dangerous" else None,
        pickle=level if level == "dangerous" or not walked.unread else "unknown",
        pickle_imports=tuple(filter(None, map(told, dangerous))),
        unread=None if _is_joblib(walked) else walked.unread,  # joblib puts raw arrays between the opcodes
    )


def _only_data(walked: Opcodes) -> bool:
    return all(module.partition(".")[0] in DATA for module, _ in walked.imports)


def _is_joblib(walked: Opcodes) -> bool:
    return any(module.startswith("joblib.") for module, _ in walked.imports)


def _estimator(walked: Opcodes) -> tuple[str | None, str | None]:
    """The first class that a model would be, and the package it comes from."""
    foreign = [(module.partition(".")[0], name) for module, name in walked.imports if module.partition(".")[0] not in DATA]
    classes = [pair for pair in foreign if ESTIMATOR.search(pair[1]) or pair[0] == "__torch__"]
    if classes:
        return classes[0]
    return (foreign[0][0], None) if foreign else (None, None)
