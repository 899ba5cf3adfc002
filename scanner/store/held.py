"""What the store holds of a unit, as values."""

from collections.abc import Sequence
from enum import StrEnum

import msgspec

from scanner.model import Gap, Link, Observation, Sighting

_GAPS = msgspec.msgpack.Decoder(tuple[Gap, ...])
_OBSERVATIONS = msgspec.msgpack.Decoder(tuple[Sighting | Link, ...])
_ENCODER = msgspec.msgpack.Encoder()


class State(StrEnum):
    """How the last attempt to read a unit went. Gone: proved so by a run that has not ended yet."""

    READ = "read"
    PARTLY = "partly"
    FAILED = "failed"
    GONE = "gone"


class Versions(msgspec.Struct, frozen=True):
    """What must agree, beside the revision, for a unit to be taken as it was."""

    settings: str
    connector: str
    detector: str
    principal: str

    @property
    def eyes(self) -> str:
        """Who looked, and with which settings: only the same eyes can say that something is gone."""
        return f"{self.settings} {self.principal}"


class Known(msgspec.Struct, frozen=True):
    """A unit as the store has it, without its observations. `held` counts those; `eyes` are the last two that listed it."""

    key: str
    scope: str
    state: State
    revision: str | None
    versions: Versions
    listed_run: str
    eyes: tuple[str | None, ...]
    missed_run: str | None
    read_run: str | None
    held: int
    gaps: tuple[Gap, ...]


class Reading(msgspec.Struct, frozen=True):
    """The outcome of reading one unit. `chunks` are encoded observations; `stale` are those kept from before.

    `learned` are (content, variant, facts). A failed reading has no new chunks.
    """

    state: State
    revision: str | None
    gaps: tuple[Gap, ...] = ()
    chunks: tuple[bytes, ...] = ()
    stale: tuple[bytes, ...] = ()
    held: int = 0
    learned: tuple[tuple[bytes, str, bytes], ...] = ()


def encode(observations: Sequence[Observation | Gap]) -> bytes:
    """One chunk."""
    return _ENCODER.encode(observations)


def decode(chunk: bytes) -> tuple[Observation, ...]:
    """The observations of one chunk."""
    return _OBSERVATIONS.decode(chunk)


def decode_gaps(body: bytes) -> tuple[Gap, ...]:
    """The gaps of one unit."""
    return _GAPS.decode(body)
