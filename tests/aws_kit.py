"""What the tests of the AWS sources share: tools without a detector, and settings that reach the emulated AWS."""

import threading
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from scanner.contracts import Connector, Network, Seen, Tools
from scanner.errors import ReadError
from scanner.model import Gap, Learned, Link, Observation, Sighting, Unit

SECRETS = {"ID": "planter", "KEY": "planter-secret"}
KEYS = {"access_key_env": "ID", "secret_key_env": "KEY"}
Told = TypeVar("Told", Sighting, Link, Gap)


class Counted:
    """A limiter without a limit."""

    def __init__(self) -> None:
        self.requests = 0
        self.bytes = 0
        self._lock = threading.Lock()

    def spend(self, requests: int = 0, bytes: int = 0) -> None:
        with self._lock:
            self.requests += requests
            self.bytes += bytes


class Nothing:
    """Stands for tools that AWS sources never touch: any use of it fails."""


def tools(network: Mapping[str, Any] | None = None, limiter: Any = None, notes: list[str] | None = None) -> Tools:
    unused: Any = Nothing()
    told = {"retries": 0, "timeout": 20, "max_wait": 0, **(network or {})}
    return Tools(
        network=Network(**told),
        detector=unused,
        facts=unused,
        limiter=limiter or Counted(),
        secret=SECRETS.__getitem__,
        now=lambda: "2026-11-21T07:00:00Z",
        scratch=Path("unused"),
        note=(notes if notes is not None else []).append,
    )


def read(connector: Connector, seen: Seen | None = None) -> tuple[list[Observation], list[Gap]]:
    """Everything that a source tells, as a crawl has it: a unit that fails is a gap. Regions that are left out are test_left_out's."""
    observations: list[Observation] = []
    gaps: list[Gap] = []
    for unit in listed(connector, seen):
        for told in [unit] if isinstance(unit, Gap) else _unit(connector, unit):
            (gaps if isinstance(told, Gap) else observations).append(told)  # type: ignore[arg-type]  # sorted by the test before
    return observations, gaps


def listed(connector: Connector, seen: Seen | None = None) -> list[Unit | Gap]:
    """The listing, without the regions that `regions` leaves out."""
    return [one for one in connector.units(seen or Seen()) if not (isinstance(one, Gap) and "not among `regions`" in one.detail)]


def _unit(connector: Connector, unit: Unit) -> Iterable[Observation | Gap | Learned]:
    told: list[Observation | Gap | Learned] = []
    try:
        told.extend(connector.observe(unit))
    except ReadError as error:
        told.append(Gap("failed", unit.scope, error.reason, str(error), error.remedy))
    return told


def sighted(observations: Iterable[Observation], asset: str) -> Sighting:
    return next(told for told in observations if isinstance(told, Sighting) and told.asset == asset)


def assets(observations: Iterable[Observation], prefix: str = "") -> list[str]:
    return sorted(told.asset for told in observations if isinstance(told, Sighting) and told.asset.startswith(prefix))


def links(observations: Iterable[Observation], *relations: str) -> list[tuple[str, str, str]]:
    found = {(told.source, str(told.relation), told.target) for told in observations if isinstance(told, Link)}
    return sorted(link for link in found if not relations or link[1] in relations)


def missed(gaps: Iterable[Gap]) -> list[tuple[str, str]]:
    return sorted((gap.scope, str(gap.reason)) for gap in gaps)
