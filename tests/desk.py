"""Tools for tests of connectors: all real but the detector, which here knows three rules and needs no processes."""

import re
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import Any

from scanner.contracts import Fact, Findings, Network, Seen, Tools
from scanner.crawl import Ceiling
from scanner.detect.context import context_of
from scanner.model import Gap, Learned, Link, Sighting, Unit

SECRETS = re.compile(rb"secrets\.(\w+)")
LIMIT = 100_000


class PlainDetector:
    """Knows `import openai`, `gpt-4o` and `secrets.NAME`. `read` lists what it was handed."""

    version = "plain-1"

    def __init__(self) -> None:
        self.read: list[str] = []

    def wanted(self, path: str, size: int | None) -> bool:
        return path.endswith((".py", ".yml", ".txt")) and (size is None or 0 < size <= LIMIT)

    def detect(self, files: Iterable[tuple[str, bytes]]) -> Iterator[tuple[str, Findings]]:
        for path, content in files:
            self.read.append(path)
            yield path, Findings(tuple(_facts(path, content)))


def _facts(path: str, content: bytes) -> Iterator[Fact]:
    context: dict[str, Any] = {"context": context_of(path).value}
    if b"import openai" in content:
        yield Fact("sdk", "sdk.openai", "declared", 1, "openai", "openai", attributes=context)
    if b"gpt-4o" in content:
        yield Fact("model", "call.openai", "declared", 2, provider="openai", model_id="gpt-4o", attributes=context)
    for name in SECRETS.findall(content):
        yield Fact("credential", "actions.secret", "declared", 1, name.decode(), "openai", attributes={**context, "type": "actions-secret"})


class Remembering(dict[tuple[bytes, str], bytes]):
    """The cache of facts, in memory."""

    def get(self, content: bytes, variant: str) -> bytes | None:  # type: ignore[override]  # the contract's signature
        return super().get((content, variant))

    def many(self, wanted: Collection[tuple[bytes, str]]) -> dict[tuple[bytes, str], bytes]:
        return {key: self[key] for key in wanted if key in self}

    def learn(self, told: Iterable[object]) -> None:
        self.update({(one.content, one.variant): one.facts for one in told if isinstance(one, Learned)})


def desk(scratch: Path, **changes: Any) -> Tools:
    """Tools with short patience. `changes` replace fields."""
    scratch.mkdir(exist_ok=True)
    fields: dict[str, Any] = {
        "network": Network(timeout=2, retries=0, max_wait=1),
        "detector": PlainDetector(),
        "facts": Remembering(),
        "limiter": Ceiling(),
        "secret": {"TOKEN": "estate-token"}.__getitem__,
        "now": lambda: "2026-11-21T08:00:00Z",
        "scratch": scratch,
    }
    return Tools(**{**fields, **changes})


def listed(connector: Any) -> tuple[dict[str, Unit], list[Gap]]:
    """The units by key, and the gaps, of a whole listing."""
    told = list(connector.units(Seen()))
    return {one.key: one for one in told if isinstance(one, Unit)}, [one for one in told if isinstance(one, Gap)]


def sightings(told: Iterable[object]) -> dict[str, Sighting]:
    """Sightings by asset; attributes of several are joined."""
    found: dict[str, Sighting] = {}
    for one in told:
        if isinstance(one, Sighting):
            before = found.get(one.asset)
            attributes = {**(before.attributes if before else {}), **one.attributes}
            found[one.asset] = Sighting(
                one.asset, one.kind, one.identifiers or (before.identifiers if before else ()), attributes, one.evidence
            )
    return found


def links(told: Iterable[object]) -> set[tuple[str, str, str]]:
    return {(one.source, one.relation.value, one.target) for one in told if isinstance(one, Link)}


def gaps(told: Iterable[object]) -> list[Gap]:
    return [one for one in told if isinstance(one, Gap)]
