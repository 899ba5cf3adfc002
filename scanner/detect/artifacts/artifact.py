"""What is known of one model file, or of the files that make one model."""

from collections.abc import Mapping

import msgspec

from scanner.model import Value

HUB = "https://huggingface.co/"


class Artifact(msgspec.Struct, frozen=True):
    """One model at rest. None means unknown. `unread` says why its inside could not be told, where it could not.

    `pickle` is picklescan's verdict of what its opcodes would import (innocuous, suspicious, dangerous);
    unknown where not all of them were walked. They are never run.
    """

    format: str
    bytes: int | None = None
    architecture: str | None = None
    parameters: int | None = None
    quantisation: str | None = None
    base_model: str | None = None
    license: str | None = None
    producer: str | None = None
    shards: int | None = None
    pickle: str | None = None
    pickle_imports: tuple[str, ...] = ()
    identifiers: tuple[str, ...] = ()
    unread: str | None = None

    def attributes(self) -> Mapping[str, Value]:
        """The attributes of docs/vocabulary.md that are known."""
        fields = msgspec.structs.asdict(self)
        del fields["identifiers"]
        return {name: value for name, value in fields.items() if value not in (None, ())}


def told(text: object, limit: int = 200) -> str | None:
    """A text out of a hostile file as an attribute may hold it: printable, one line, short; None where nothing is left."""
    if not isinstance(text, str):
        return None
    clean = "".join(letter if letter.isprintable() else " " for letter in text[: limit * 2])
    return " ".join(clean.split())[:limit] or None


def hub_name(text: object) -> str | None:
    """`org/name` of a Hugging Face address or id, the text itself where it is neither, None where it is a path of some machine."""
    name = told(text)
    if name is None or name.startswith(("/", ".", "~", "s3://", "gs://", "file:")) or "\\" in name:
        return None
    name = name.removeprefix(HUB).strip("/")
    return name if name.count("/") <= 1 else None
