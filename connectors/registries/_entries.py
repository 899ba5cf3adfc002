"""What every registry does alike with what it read: a record, its faults in a gap beside it, an id that is used only once."""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from connectors.registries._record import Unusable, flawed, record_of
from scanner.model import Gap, Reason, Record, State


class Entries:
    """One reading of one registry. `foreign`: its ids are unique only there, so that its name is put before each."""

    def __init__(self, name: str, states: Mapping[str, State], remedy: str, *, foreign: bool = False) -> None:
        self._name, self._states, self._remedy, self._foreign = name, states, remedy, foreign
        self._seen: dict[str, str] = {}

    @property
    def empty(self) -> bool:
        """Whether no record was read yet."""
        return not self._seen

    def of(self, raw: Mapping[str, Any], where: str, at: str = "") -> Iterator[Record | Gap]:
        """The record in `raw`. A broken one still matches by what is readable of it; the gap beside it, at `at`, says what is wrong."""
        try:
            record = self._once(record_of(raw, self._name, where, self._states))
        except Unusable as error:
            yield self.gap(at or where, str(error), Reason.UNPARSED)
            return
        yield msgspec.structs.replace(record, id=f"{self._name}/{record.id}") if self._foreign else record
        if record.broken:
            yield self.gap(at or where, f"{record.id}: {'; '.join(record.broken)}", Reason.PARTIAL)

    def gap(self, at: str, detail: str, reason: Reason) -> Gap:
        """What was not read, below this registry."""
        return Gap(self._name, f"registry/{self._name}/{at}".rstrip("/"), reason, detail, self._remedy)

    def _once(self, record: Record) -> Record:
        if record.id in self._seen:
            return flawed(record, f"the id {record.id} is already that of {self._seen[record.id]}")
        self._seen[record.id] = record.where
        return record
