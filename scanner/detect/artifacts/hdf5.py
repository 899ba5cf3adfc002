"""Keras in HDF5, by pyfive over ranged reads: the root's attributes say what it is, and no dataset is read."""

import io
import warnings
from typing import Any

import msgspec

from scanner.detect.artifacts.artifact import Artifact, told
from scanner.detect.artifacts.ranged import Reader, Unread

BLOCK = 16_384


class _Handle(io.RawIOBase):
    """A Reader as the file object that pyfive asks for, read in blocks so that many small reads cost few requests."""

    def __init__(self, reader: Reader) -> None:
        self.reader = reader
        self.at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = 0) -> int:
        self.at = offset + {0: 0, 1: self.at, 2: self.reader.size or 0}[whence]
        return self.at

    def tell(self) -> int:
        return self.at

    def read(self, length: int = -1) -> bytes:
        wanted = (self.reader.size or 0) - self.at if length < 0 else length
        found = self.reader.upto(self.at, max(wanted, 0), BLOCK)
        self.at += len(found)
        return found


def hdf5(_: str, reader: Reader) -> Artifact | None:
    """Keras' class and version; None where the file is HDF5 without Keras' attributes."""
    attributes = _root_attributes(reader)
    keras = {"model_config", "keras_version", "layer_names", "backend"} & set(attributes)
    if not keras:
        return None
    version = _text(attributes.get("keras_version"))
    return Artifact(
        format="keras-h5" if "model_config" in attributes else "keras-weights",
        architecture=_class(attributes.get("model_config")),
        producer=f"keras {told(version, 40)}" if version else "keras",
    )


def _root_attributes(reader: Reader) -> dict[str, Any]:
    import pyfive

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            root = pyfive.File(_Handle(reader), metadata_buffer_size=0)
            found = {name: root.attrs[name] for name in root.attrs if name in ("model_config", "keras_version", "backend")}
            return found | {name: None for name in root.attrs if name == "layer_names"}
    except Unread:
        raise
    except Exception as error:  # pyfive raises whatever a hostile file leads it to, struct.error to RecursionError
        raise Unread(f"its HDF5 structure cannot be followed ({type(error).__name__})") from error


def _text(value: object) -> str | None:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value if isinstance(value, str) else None


def _class(config: object) -> str | None:
    text = _text(config)
    try:
        read = msgspec.json.decode(text, type=dict[str, Any]) if text else {}
    except (msgspec.MsgspecError, RecursionError):
        return None
    return told(read.get("class_name"))
