"""What becomes of a source's units: unchanged, replaced, kept as stale, or gone. Called by one thread, the coordinator's."""

from collections.abc import Callable, Mapping

import msgspec

from scanner.coverage import Told, common, root, sight_of
from scanner.crawl.eyes import Eyes
from scanner.crawl.gone import omitted
from scanner.crawl.kept import hides_anything, remainder, settles
from scanner.crawl.reading import Outcome, Read, defect_of, gap_of, sound, sound_gap
from scanner.errors import ReadError
from scanner.model import Gap, Reason, Sight, Unit
from scanner.store import Known, Reading, State, Store, Versions, decode

UNKNOWN = Eyes(Versions("", "", "", ""), "")


class Place(msgspec.Struct, frozen=True):
    """Of which run and source the keeper keeps the outcome."""

    run: str
    source: str
    type: str
    settings_hash: str
    detector: str


class Keeper:
    """The outcomes of one source in one run."""

    def __init__(self, store: Store, place: Place, now: Callable[[], str], progress: Callable[[str, int, int], None]) -> None:
        self._store, self._place, self._now, self._progress = store, place, now, progress
        known = store.units.known(place.source)
        self._known = {key: unit for key, unit in known.items() if unit.state is not State.GONE}
        self._buried = {key: unit for key, unit in known.items() if unit.state is State.GONE}
        self._eyes = UNKNOWN
        self._named: set[str] = set()
        self._unchanged: set[str] = set()
        self._listing_gaps: list[Gap] = []
        self._complete = True
        self.told: list[Told] = []
        self.gaps: list[Gap] = []
        self.read = 0

    @property
    def principal(self) -> str:
        """As whom the source was read; empty where not even that could be asked."""
        return self._eyes.principal

    @property
    def units(self) -> int:
        """How many units the listing named."""
        return len(self._named)

    @property
    def unchanged(self) -> int:
        """How many units were as before, or were read before this run was killed."""
        return len(self._unchanged)

    def begin(self, principal: str | Mapping[str, str], connector: str) -> None:
        """The source was reached, as this principal, or as these by place."""
        self._eyes = Eyes(Versions(self._place.settings_hash, connector, self._place.detector, ""), principal)
        self._store.units.met(self._place.source, self._place.type, self._eyes.principal, self._place.run)

    def wants(self, unit: Unit) -> bool:
        """Whether a unit that the listing names must be read now."""
        if unit.key in self._named:
            return False
        name = f"{unit.key}{unit.scope}{unit.revision or ''}"
        if sound(name) != name:
            self.listing_gap(Gap(self._place.source, unit.scope, Reason.DEFECT, "the unit's name cannot be stored", ""))
            return False
        self._named.add(unit.key)
        known = self._known.get(unit.key)
        if known is None or not self._stands(known, unit):
            return True
        self._unchanged.add(unit.key)
        self._stays(known)
        self._note()
        return False

    def keep(self, unit: Unit, read: Read) -> None:
        """Stores what reading a unit gave."""
        known = self._known.get(unit.key)
        if read.outcome is Outcome.UNCHANGED:
            self._not_modified(unit, known)
        elif read.outcome is Outcome.FAILED and not read.held:
            self._failed(unit, known, read.gaps)
        else:
            self._replace(unit, known, read)
        self._note()

    def listing_gap(self, gap: Gap) -> None:
        """The listing says that it is not complete below a place."""
        self._listing_gaps.append(sound_gap(gap, self._place.source))

    def listed(self, error: BaseException | None) -> None:
        """The listing ended."""
        if error is None:
            return
        self._complete = False
        scope = common(unit.scope for unit in self._known.values()) or root(self._place.type)
        made = gap_of(error, self._place.source, scope) if isinstance(error, ReadError) else defect_of(error, self._place.source, scope)
        self._listing_gaps.append(made)

    def finish(self) -> None:
        """Every unit that was named has its outcome; now for those that were not."""
        for eyes in {self._eyes.of(self._known[key].scope) for key in self._unchanged}:
            alike = [key for key in self._unchanged if self._eyes.of(self._known[key].scope) == eyes]
            self._store.units.confirm(self._place.source, alike, self._place.run, eyes)
        self.gaps += self._listing_gaps
        self._tell_gone([unit for key, unit in self._buried.items() if key not in self._named])
        if self._complete:
            self._judge_omitted()
        else:
            self._keep_stale([unit for key, unit in self._known.items() if key not in self._named], "the listing failed")

    def _note(self) -> None:
        self._progress(self._place.source, len(self._named), len(self.told))

    def _stands(self, known: Known, unit: Unit) -> bool:
        """The same revision, seen by the same eyes with the same programs; without a revision, only if this very run read it."""
        alike = (
            known.state is not State.FAILED
            and known.revision == unit.revision
            and known.scope == unit.scope
            and known.versions == self._eyes.versions(unit.scope)
        )
        return alike and (unit.revision is not None or known.read_run == self._place.run)

    def _stays(self, known: Known) -> None:
        self.gaps += known.gaps
        self.told.append(Told(self._place.source, known.scope, Sight.PARTLY if known.state is State.PARTLY else Sight.READ))

    def _not_modified(self, unit: Unit, known: Known | None) -> None:
        source, run, eyes = self._place.source, self._place.run, self._eyes.of(unit.scope)
        if known is None or known.read_run is None:
            said = Gap(source, unit.scope, Reason.UNEXPECTED, "it said that nothing changed since a reading that never was", "run again")
            self._failed(unit, known, (said,))
            return
        self._unchanged.add(unit.key)
        if known.state is State.FAILED:
            self._store.units.refresh(source, unit.key, run, eyes)
            self.told.append(Told(source, unit.scope, Sight.READ))
        else:
            self._stays(known)

    def _failed(self, unit: Unit, known: Known | None, gaps: tuple[Gap, ...]) -> None:
        self._store.units.fail(self._place.source, (unit.key, unit.scope), self._place.run, self._eyes.versions(unit.scope), gaps)
        held = known is not None and known.held > 0
        self.gaps += gaps
        self.told.append(Told(self._place.source, unit.scope, Sight.STALE if held else sight_of(gaps[-1].reason), gaps[-1].detail))

    def _replace(self, unit: Unit, known: Known | None, read: Read) -> None:
        failed = read.outcome is Outcome.FAILED
        partly = failed or hides_anything(read.gaps)
        stale = self._remainder(unit, read) if partly and known is not None and known.held else ()
        state = State.FAILED if failed else State.PARTLY if partly else State.READ
        revision = unit.revision if settles(read.gaps) and not failed else None
        held = read.held + sum(len(decode(chunk)) for chunk in stale)
        reading = Reading(state, revision, read.gaps, read.chunks, stale, held, () if failed else read.learned)
        versions = self._eyes.versions(unit.scope)
        self._store.units.write(self._place.source, (unit.key, unit.scope), self._place.run, versions, reading, self._now())
        self.read += 1
        self.gaps += read.gaps
        self.told.append(Told(self._place.source, unit.scope, Sight.PARTLY if partly else Sight.READ))

    def _remainder(self, unit: Unit, read: Read) -> tuple[bytes, ...]:
        old = self._store.units.observations(self._place.source, unit.key)
        new = (each for chunk in read.chunks for each in decode(chunk))
        return tuple(remainder(old, new, read.gaps, unit.scope))

    def _judge_omitted(self) -> None:
        source, run, known = self._place.source, self._place.run, self._known
        missing = omitted(known, self._named, self._listing_gaps, self._eyes.of, run)
        self._tell_gone([known[key] for key in missing.gone])
        self._store.units.bury(source, missing.gone, run)
        self._store.units.missed(source, [key for key in missing.doubted if known[key].missed_run is None], run)
        self._keep_stale([known[key] for key in missing.hidden], "the listing is not complete here")
        self._doubt(
            [known[key] for key in missing.doubted],
            Reason.SHRUNK,
            "the listing is much shorter than last time",
            "run again: a second complete listing that agrees is believed",
        )
        self._doubt(
            [known[key] for key in missing.other_eyes],
            Reason.PARTIAL,
            "listed last time by another principal or with other settings, and not now",
            f"if they are gone, say so: gnomon forget --source {source}",
        )

    def _tell_gone(self, units: list[Known]) -> None:
        why = "gone: a complete listing no longer names it"
        self.told += [Told(self._place.source, unit.scope, Sight.READ, why, gone=True) for unit in units]

    def _doubt(self, units: list[Known], reason: Reason, why: str, remedy: str) -> None:
        if units:
            self._keep_stale(units, why)
            scope = common(unit.scope for unit in units) or root(self._place.type)
            names = ", ".join(unit.scope for unit in units[:3]) + (", …" if len(units) > 3 else "")
            self.gaps.append(Gap(self._place.source, scope, reason, f"{why}: {len(units)} not named ({names})", remedy))

    def _keep_stale(self, units: list[Known], why: str) -> None:
        for unit in units:
            self.told.append(Told(self._place.source, unit.scope, Sight.STALE if unit.held else Sight.UNREAD, why))
