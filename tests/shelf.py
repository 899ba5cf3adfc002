"""A small real source for tests: a directory of JSON files, one a unit, and `listing.json`, which says how the listing goes.

unit: {"scope", "revision", "items": [...]}; an item is {"sighting": key}, {"link": [source, relation, target]}, {"gap": [scope, reason]},
{"learned": text}, {"raise": name}, {"stuck": true} or {"pause": file} (waits until that file exists).
listing: {"principal" (one, or one by place), "version", "raise", "gaps", "stuck"}.
"""

import json
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from scanner import errors
from scanner.contracts import Check, Seen, SourceSettings
from scanner.crawl import Ceiling, Source
from scanner.model import Evidence, Gap, Kind, Learned, Link, Observation, Reason, Relation, Sighting, Unit

RAISED = {
    "denied": errors.AccessDenied("no", remedy="add shelf:Read"),
    "throttled": errors.Throttled("later"),
    "unchanged": errors.NotModified("same"),
    "bug": ZeroDivisionError("the secret is hunter2"),
    "exit": SystemExit("the secret is hunter2"),
}


class Shelf:
    """The connector."""

    def __init__(self, directory: Path, after: tuple[str, ...] = ()) -> None:
        self.directory = directory
        self.after = after
        self.seen = Seen()
        self.observed: list[str] = []

    @property
    def version(self) -> str:
        return str(self._listing().get("version", "1"))

    def principal(self) -> str | Mapping[str, str]:
        if self._listing().get("raise_principal"):
            raise RAISED[self._listing()["raise_principal"]]
        told: str | Mapping[str, str] = self._listing().get("principal", "reader")
        return told

    def units(self, seen: Seen) -> Iterator[Unit | Gap]:
        self.seen = seen
        listing = self._listing()
        for path in sorted(self.directory.glob("*.unit")):
            unit = json.loads(path.read_text())
            yield Unit(path.stem, unit["scope"], unit.get("revision"))
        if listing.get("stuck"):
            threading.Event().wait()
        if listing.get("raise"):
            raise RAISED[listing["raise"]]
        for scope, reason in listing.get("gaps", []):
            yield Gap("", scope, Reason(reason))

    def observe(self, unit: Unit) -> Iterator[Observation | Gap | Learned]:
        self.observed.append(unit.key)
        for item in json.loads((self.directory / f"{unit.key}.unit").read_text())["items"]:
            yield from self._item(unit, item)

    def check(self) -> Iterator[Check]:
        yield Check("shelf", self.directory.is_dir())

    def _item(self, unit: Unit, item: dict[str, Any]) -> Iterator[Observation | Gap | Learned]:
        proof = (Evidence(f"{unit.scope}:{item.get('at', 'x')}", "shelf"),)
        if "sighting" in item:
            yield Sighting(item["sighting"], Kind.WORKLOAD, attributes=item.get("attributes", {}), evidence=proof)
        if "link" in item:
            yield Link(item["link"][0], Relation(item["link"][1]), item["link"][2], proof)
        if "gap" in item:
            yield Gap("", item["gap"][0], Reason(item["gap"][1]))
        if "learned" in item:
            yield Learned(item["learned"].encode(), "shelf/1", b"facts")
        if "many" in item:
            yield from (Sighting(f"workload:{unit.key}/{number}", Kind.WORKLOAD) for number in range(item["many"]))
        if "stuck" in item:
            threading.Event().wait()
        if "pause" in item:
            _until(self.directory / item["pause"])
        if "raise" in item:
            raise RAISED[item["raise"]]

    def _listing(self) -> dict[str, Any]:
        path = self.directory / "listing.json"
        return json.loads(path.read_text()) if path.exists() else {}


def _until(path: Path) -> None:
    """Waits for a file; a FIFO that somebody opens to write would block the test's own end as well."""
    turn = threading.Event()
    while not path.exists():
        turn.wait(0.005)


def put(directory: Path, name: str, *items: dict[str, Any], revision: str | None = None, scope: str | None = None) -> None:
    """Puts a unit on the shelf, or changes it."""
    directory.mkdir(exist_ok=True)
    unit = {"scope": scope or f"kubernetes/prod/{name}", "revision": revision, "items": list(items)}
    (directory / f"{name}.unit").write_text(json.dumps(unit))


def say(directory: Path, **listing: Any) -> None:
    """Says how the listing goes from now on."""
    (directory / "listing.json").write_text(json.dumps(listing))


def source(shelf: Shelf, name: str = "shelf", kind: str = "kubernetes", settings_hash: str = "s1", **settings: Any) -> Source:
    """The shelf as a source of a run."""
    return Source(name, kind, SourceSettings(name=name, **settings), settings_hash, lambda: shelf, Ceiling())
