"""Reads every governance registry whole, or says that it did not. The registry is a source like any other."""

from collections.abc import Callable, Iterable, Iterator, Mapping

import msgspec

from scanner import plugins
from scanner.config import Plugin
from scanner.contracts import Tools
from scanner.errors import GnomonError, ReadError
from scanner.model import Gap, Reason, Record

FEWER = 0.8
MATCHED_BY = ("identifiers", "aliases", "no name", "source repository", "source_repository")
"""How the faults of a record speak of what it matches by."""


class Registries(msgspec.Struct, frozen=True):
    """All records, what could not be read, and whether every registry was read whole; `counts` by registry."""

    records: tuple[Record, ...]
    gaps: tuple[Gap, ...]
    counts: Mapping[str, int]
    configured: bool
    read_whole: tuple[str, ...] = ()

    @property
    def whole(self) -> bool:
        """Whether "no record" may be believed."""
        return self.configured and not any(map(blinds, self.gaps))


def blinds(gap: Gap) -> bool:
    """Whether something may look unregistered because of it.

    A record with faults of its own (`registry/<name>/<file>:<line>`) still matches, unless they are in what it matches by.
    """
    of_one_record = gap.reason is Reason.PARTIAL and gap.scope.count("/") >= 2
    return not of_one_record or any(field in gap.detail for field in MATCHED_BY)


def read(registries: Iterable[Plugin], tools: Tools, before: Callable[[str], int | None]) -> Registries:
    """Every record of every registry; `before` tells how many one had last time."""
    records: list[Record] = []
    gaps: list[Gap] = []
    counts: dict[str, int] = {}
    whole: list[str] = []
    owners: dict[str, str] = {}
    for registry in registries:
        found = list(_entries(registry, tools))
        mine = list(_apart(_distinct(entry, owners) for entry in found if isinstance(entry, Record)))
        missed = [entry for entry in found if isinstance(entry, Gap)]
        gaps += [*missed, *_shrunk(registry, len(mine), before(registry.name))]
        records += mine
        counts[registry.name] = len(mine)
        whole += [] if any(map(blinds, missed)) else [registry.name]
    return Registries(tuple(records), tuple(gaps), counts, bool(counts), tuple(whole))


def _entries(registry: Plugin, tools: Tools) -> Iterable[Record | Gap]:
    scope = f"registry/{registry.name}"
    try:
        for entry in plugins.load("registries", registry.type).connect(registry.settings, tools).records():
            yield msgspec.structs.replace(entry, registry=registry.name) if isinstance(entry, Record) else _placed(entry, registry)
    except ReadError as error:
        yield Gap(registry.name, scope, error.reason, str(error), error.remedy)
    except GnomonError as error:
        yield Gap(registry.name, scope, Reason.UNEXPECTED, str(error))


def _distinct(record: Record, owners: dict[str, str]) -> Record:
    """Two registries may give two models one id: in the later one it is then called by its registry too."""
    owner = owners.setdefault(record.id, record.registry)
    return record if owner == record.registry else msgspec.structs.replace(record, id=f"{record.registry}/{record.id}")


def _apart(records: Iterable[Record]) -> Iterator[Record]:
    """Records of one registry that share an id are still several: what one of them allows would otherwise hide what another forbids."""
    taken: dict[str, str] = {}
    for record in records:
        if record.id not in taken:
            taken[record.id] = record.where
            yield record
            continue
        first = taken[record.id]
        named = f"{record.id}@{record.version}" if record.version and f"{record.id}@{record.version}" not in taken else record.id
        name = named if named not in taken else f"{record.id} ({record.where}, {len(taken)})"
        taken[name] = record.where
        yield msgspec.structs.replace(record, id=name, broken=(*record.broken, f"its id {record.id!r} is that of {first} too"))


def _placed(gap: Gap, registry: Plugin) -> Gap:
    prefix = f"registry/{registry.name}"
    scope = gap.scope if gap.scope.startswith("registry/") else f"{prefix}/{gap.scope}".rstrip("/")
    return msgspec.structs.replace(gap, source=registry.name, scope=scope)


def _shrunk(registry: Plugin, count: int, before: int | None) -> Iterable[Gap]:
    scope = f"registry/{registry.name}"
    if not count:
        yield Gap(registry.name, scope, Reason.PARTIAL, "the registry has no records", "check its path, its filter and our permission")
    elif before is not None and count < FEWER * before:
        detail = f"{count} records, {before} last time: more than a fifth fewer"
        yield Gap(registry.name, scope, Reason.SHRUNK, detail, "if the registry really shrank, the next run will believe it")
