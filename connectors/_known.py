"""What was learned of content before, by git's blob ids: asked for many files at once, as asking costs more than answering."""

import hashlib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import TypeVar

import msgspec

from connectors import _owners
from connectors._tree import File, shown
from scanner.contracts import Findings, Tools
from scanner.detect.artifacts import VERSION, Artifact, Group
from scanner.model import Learned

BATCH = 500
BATCH_BYTES = 8 << 20
Content = tuple[File, bytes | None]
Each = TypeVar("Each")


def batches(each: Iterable[Each]) -> Iterator[list[Each]]:
    """Lists of BATCH."""
    items = iter(each)
    while batch := list(islice(items, BATCH)):
        yield batch


def weighed(contents: Iterable[Content]) -> Iterator[list[Content]]:
    """Contents in lists that together are not large."""
    batch: list[Content] = []
    held = 0
    for one in contents:
        batch.append(one)
        held += len(one[1] or b"")
        if len(batch) == BATCH or held > BATCH_BYTES:
            yield batch
            batch, held = [], 0
    yield from [batch] if batch else []


def findings(tools: Tools, files: Collection[File]) -> Mapping[File, Findings]:
    """What the detector found in these files, wherever it met them; those without an id, or new, are left out."""
    asked = {_key(tools, file.oid, file): file for file in files if file.oid is not None}
    told = tools.facts.many(asked) if asked else {}
    return {asked[key]: msgspec.msgpack.decode(facts, type=Findings) for key, facts in told.items()}


def learned(tools: Tools, file: File, found: Findings) -> Iterator[Learned]:
    """To be known next time: what was read whole."""
    if file.oid is not None and not found.unread:
        yield Learned(*_key(tools, file.oid, file), msgspec.msgpack.encode(found))


def _key(tools: Tools, oid: str, file: File) -> tuple[bytes, str]:
    return bytes.fromhex(oid), f"{tools.detector.version}:{shown(file.path)}"


def owners(tools: Tools, file: File | None) -> tuple[_owners.Rule, ...] | None:
    """The rules of a CODEOWNERS file that was read before."""
    told = tools.facts.get(bytes.fromhex(file.oid), _owners.VERSION) if file is not None and file.oid is not None else None
    return None if told is None else msgspec.msgpack.decode(told, type=tuple[_owners.Rule, ...])


def learned_owners(file: File, rules: tuple[_owners.Rule, ...]) -> Iterator[Learned]:
    """To be known next time."""
    if file.oid is not None:
        yield Learned(bytes.fromhex(file.oid), _owners.VERSION, msgspec.msgpack.encode(rules))


class Weights:
    """Model files, whose inside is known by the ids of all that make one model."""

    def __init__(self, tools: Tools, groups: Sequence[Group], files: Mapping[str, File]) -> None:
        self._keys = {made.path: content for made in groups if (content := _content(made, files)) is not None}
        self._told = tools.facts.many([(content, VERSION) for content in self._keys.values()]) if self._keys else {}

    def __contains__(self, made: Group) -> bool:
        return (self._keys.get(made.path, b""), VERSION) in self._told

    def __getitem__(self, made: Group) -> Artifact | None:
        return msgspec.msgpack.decode(self._told[self._keys[made.path], VERSION], type=Artifact | None)

    def learned(self, made: Group, found: Artifact | None) -> Iterator[Learned]:
        """To be known next time."""
        if made.path in self._keys and made not in self:
            yield Learned(self._keys[made.path], VERSION, msgspec.msgpack.encode(found))


def _content(made: Group, files: Mapping[str, File]) -> bytes | None:
    parts = [files[path] for path in (*made.members, *made.companions)]
    if any(part.oid is None for part in parts):
        return None
    said = "\n".join(f"{part.oid} {part.path}" for part in parts)
    return hashlib.sha256(said.encode("utf-8", "surrogateescape")).digest()
