"""One unit, read where it runs: observations encoded in chunks, and whatever went wrong as a value.

`read` is a plain function of picklable values, so that an executor on another machine can run it.
"""

import logging
from collections.abc import Callable, Iterable, Iterator
from enum import StrEnum

import msgspec

from scanner.contracts import Connector
from scanner.errors import NotModified, ReadError, UsageError
from scanner.model import Gap, Learned, Link, Observation, Reason, Sighting, Unit
from scanner.store import decode, encode

CHUNK = 5_000
log = logging.getLogger("gnomon.crawl")


class Outcome(StrEnum):
    """How reading a unit ended."""

    READ = "read"
    UNCHANGED = "unchanged"
    FAILED = "failed"


class Read(msgspec.Struct, frozen=True):
    """What reading a unit gave. A failed one may still have seen something before it failed; its last gap says why."""

    outcome: Outcome
    chunks: tuple[bytes, ...] = ()
    held: int = 0
    gaps: tuple[Gap, ...] = ()
    learned: tuple[tuple[bytes, str, bytes], ...] = ()


class _Sorted:
    """The items of a unit, by what they are."""

    def __init__(self, source: str, unit: Unit, most: int) -> None:
        self.source, self.unit, self.most = source, unit, most
        self.gaps: list[Gap] = []
        self.learned: list[tuple[bytes, str, bytes]] = []
        self.chunks: list[bytes] = []
        self.held = 0

    def observations(self, items: Iterable[Observation | Gap | Learned]) -> Iterator[Observation]:
        """The observations among the items; gaps and facts are set aside."""
        for item in items:
            if isinstance(item, (Sighting, Link)):
                yield item
            elif isinstance(item, Gap):
                self.gaps.append(sound_gap(item, self.source))
            elif isinstance(item, Learned):
                self.learned.append((item.content, item.variant, item.facts))
            else:
                raise TypeError("a unit gave what is no observation")

    def take(self, items: Iterable[Observation | Gap | Learned]) -> None:
        """Encodes observations as they come, up to the limit of a unit."""
        batch: list[Observation] = []
        try:
            for each in self.observations(items):
                if self.held + len(batch) >= self.most:
                    self._over()
                    return
                batch.append(each)
                if len(batch) == CHUNK:
                    full, batch = batch, []
                    self._keep(full)
        finally:
            self._keep(batch)

    def _keep(self, batch: list[Observation]) -> None:
        sound = batch if _encodable(batch) else [each for each in batch if _encodable([each])]
        if len(sound) < len(batch):
            self.gaps.append(defect(self.source, self.unit.scope, f"{len(batch) - len(sound)} observations that cannot be stored"))
        self.held += len(sound)
        if sound:
            self.chunks.append(encode(sound))

    def _over(self) -> None:
        detail = f"more than {self.most} observations in one unit"
        self.gaps.append(Gap(self.source, self.unit.scope, Reason.LIMIT, detail, "raise [engine] max_observations"))

    def read(self, outcome: Outcome) -> Read:
        """All of it as a value."""
        return Read(outcome, tuple(self.chunks), self.held, tuple(self.gaps), tuple(self.learned))


def read(connect: Callable[[], Connector], unit: Unit, source: str, most: int) -> Read:
    """Reads one unit, never more than `most` observations of it. Raises nothing that a connector may raise."""
    items = _Sorted(source, unit, most)
    try:
        items.take(connect().observe(unit))
    except NotModified:
        return Read(Outcome.UNCHANGED)
    except ReadError as error:
        items.gaps.append(gap_of(error, source, unit.scope))
        return items.read(Outcome.FAILED)
    except UsageError as error:
        items.gaps.append(sound_gap(Gap(source, unit.scope, Reason.UNEXPECTED, str(error)), source))
        return items.read(Outcome.FAILED)
    except Exception as error:  # noqa: BLE001 - a defect of one connector must end only its unit; it is loud in the log and a gap
        items.gaps.append(defect_of(error, source, unit.scope))
        return items.read(Outcome.FAILED)
    return items.read(Outcome.READ)


def gap_of(error: ReadError, source: str, scope: str) -> Gap:
    """A place could not be read, for a reason that its connector named."""
    return sound_gap(Gap(source, scope, error.reason, str(error), error.remedy), source)


def defect_of(error: BaseException, source: str, scope: str) -> Gap:
    """A place could not be read because of a bug. The text of the error could hold content, so only its type and place are told."""
    place = "an unknown place"
    trace = error.__traceback__
    while trace is not None:
        place = f"{trace.tb_frame.f_globals.get('__name__', '?')}:{trace.tb_lineno}"
        trace = trace.tb_next
    log.error("%s: %s at %s while reading %r: a defect, please report it", source, type(error).__name__, place, scope)
    return defect(source, scope, f"{type(error).__name__} at {place}")


def defect(source: str, scope: str, what: str) -> Gap:
    """A bug met in a place."""
    return sound_gap(Gap(source, scope, Reason.DEFECT, what, "this is a bug: report it with this line; nothing else was affected"), source)


def sound_gap(gap: Gap, source: str) -> Gap:
    """The gap as any store and report can hold it."""
    return Gap(source, sound(gap.scope), gap.reason, sound(gap.detail), sound(gap.remedy))


def sound(text: str) -> str:
    """Text without what UTF-8 or a database cannot hold: lone surrogates and NUL."""
    return text.encode("utf-8", "replace").decode().replace("\0", "\ufffd")


def _encodable(batch: list[Observation]) -> bool:
    """A wrong type inside an observation would otherwise surface when all is read back, and end the run."""
    try:
        decode(encode(batch))
    except (msgspec.MsgspecError, UnicodeError, TypeError, ValueError, OverflowError):
        return False
    return True
