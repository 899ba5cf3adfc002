"""Nothing that could not be sent is lost: it lies in a directory beside the report, for its owner only, and goes with the next run."""

import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

from reports._files import deliver
from reports._network import Final, Passing
from scanner.contracts import Destination
from scanner.errors import ReportError, Undelivered

UNSENT = "unsent"
KEPT = 60
"""So many of one kind are kept; older ones make room, and that is said."""


class Parcel(NamedTuple):
    """What is to be sent: `name` is its file's while it waits, and sorts by time; `late` once it has waited."""

    name: str
    content: bytes
    late: bool = False


class Spool(NamedTuple):
    """The waiting parcels of one kind."""

    directory: Path
    suffix: str

    def waiting(self) -> list[Parcel]:
        """Oldest first. Raises ReportError where they cannot be read."""
        paths = sorted(self.directory.glob(f"*{self.suffix}"))
        try:
            return [Parcel(path.name.removesuffix(self.suffix), path.read_bytes(), late=True) for path in paths]
        except OSError as error:
            raise ReportError(f"{self.directory}: what waits there to be sent cannot be read: {error.strerror}") from error

    def keep(self, parcel: Parcel) -> None:
        """Whole or not at all, and 0600. Raises ReportError where it cannot be kept."""
        deliver(Destination(self.directory), {f"{parcel.name}{self.suffix}": parcel.content}, alone="")

    def drop(self, name: str) -> None:
        """It is sent."""
        (self.directory / f"{name}{self.suffix}").unlink(missing_ok=True)

    def make_room(self) -> int:
        """Removes what is more than is kept, and says how many that were."""
        old = sorted(self.directory.glob(f"*{self.suffix}"))[:-KEPT]
        for path in old:
            path.unlink(missing_ok=True)
        return len(old)


def parcel_name(run: str) -> str:
    """A run's id as a file name."""
    return re.sub(r"[^A-Za-z0-9._-]", "_", run)[:80].lstrip(".") or "run"


def send_all(spool: Spool, today: Parcel, send: Callable[[Parcel], None], whom: str) -> None:
    """Sends what waits, then today's. Raises Undelivered where one could not be sent; every one that was not is kept.

    Today's is kept before the first try, so that a run killed while it sends loses nothing. Once the other side does not answer,
    the rest waits; what it refuses for good keeps only that one back.
    """
    spool.keep(today)
    parcels = [*(one for one in spool.waiting() if one.name != today.name), today]
    failed = list(_failures(spool, parcels, send))
    if failed:
        gone = spool.make_room()
        lost = f"; {gone} older than the last {KEPT} were given up" if gone else ""
        raise Undelivered(f"not sent to {whom}: {failed[-1]}. {len(failed)} kept in {spool.directory}, to go with the next run{lost}")


def _failures(spool: Spool, parcels: Iterable[Parcel], send: Callable[[Parcel], None]) -> Iterable[str]:
    stopped: str | None = None
    for parcel in parcels:
        if stopped is None:
            try:
                send(parcel)
            except Passing as error:
                stopped = str(error)
            except Final as error:
                yield str(error)
                continue
            else:
                spool.drop(parcel.name)
                continue
        yield stopped
