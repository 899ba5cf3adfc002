"""This run's findings against the runs before: new, ongoing, reopened, resolved, lost from sight, or our sight changed.

A finding that is no longer there is resolved only where we looked as well as when it was found. docs/history.md
"""

from collections.abc import Collection, Iterable, Iterator, Mapping

import msgspec

from scanner.coverage import Looked
from scanner.history.names import roots
from scanner.model import Asset, Coverage, Finding, Reason, Status

__all__ = ["Compared", "View", "compare", "roots"]

ANYWHERE = "*"
EVERYWHERE = ("orphaned-credential", "waiver-unused")
"""Checks that need every place to have been read, unless the credential says where alone it can be used."""
CHOSEN = (Reason.SKIPPED, Reason.NO_SOURCE)
"""Why a place was not read, by the config's own word: nothing that failed."""
NO_PLACE = ("record:", "waiver:")
"""Keys of what lies in the registry alone."""
REGARDLESS = ("workload:", "endpoint:", "identity:", "repo:")
"""Keys of things that are inventoried whatever the catalogue knows: it cannot make them appear or vanish."""


class View(msgspec.Struct, frozen=True):
    """What a run saw: how well, and which assets, by key."""

    coverage: Coverage
    assets: Mapping[str, Asset]


class Compared(msgspec.Struct, frozen=True):
    """`findings` are open, those lost from sight included; `closed` are resolved, or gone because our sight changed.

    `carried` lie outside a partial run: they stay as they were. `findings` and `closed` have their final ids and dates.
    """

    findings: tuple[Finding, ...]
    closed: tuple[Finding, ...]
    carried: tuple[Finding, ...]


def compare(
    previous: Iterable[Finding],
    current: Iterable[Finding],
    *,
    before: View | None,
    after: View,
    when: str,
    names: Mapping[str, str],
    already_closed: Collection[str] = (),
    sight_changed: bool = False,
    registries_whole: bool = True,
    partial: bool = False,
) -> Compared:
    """`before` is the last full run (None: there was none), `names` come from `roots`, `already_closed` are ids.

    `sight_changed`: the catalogue, the rules, the config or a program changed since. Changed permissions are seen in the coverage.
    """
    judging = _Comparison(before, after, names, sight_changed, registries_whole, partial)
    old = {each.id: each for each in previous}
    now = judging.renamed(old, sorted(current, key=lambda each: each.id))
    seen = {each.id for each in now}
    unverified = {each.record for each in now if each.check == "unverified"}
    open_now = [judging.still(old.get(each.id), each, each.id in already_closed, when) for each in now]
    vanished = [each for each in old.values() if each.id not in seen and each.id not in already_closed]
    ended = [(each, judging.ended(each, unverified)) for each in vanished]
    lost = [_as(each, Status.LOST) for each, status in ended if status is Status.LOST]
    closed = [_as(each, status) for each, status in ended if status in (Status.RESOLVED, Status.SIGHT_CHANGED)]
    carried = [each for each, status in ended if status is None]
    return Compared(_sorted(open_now + lost), _sorted(closed), _sorted(carried))


class _Comparison:
    """Two views of one estate."""

    def __init__(
        self, before: View | None, after: View, names: Mapping[str, str], sight_changed: bool, registries_whole: bool, partial: bool
    ) -> None:
        self._names, self._changed, self._registries, self._partial = names, sight_changed, registries_whole, partial
        self._before = Looked(before.coverage) if before else None
        self._after = Looked(after.coverage)
        self._left_out = {gap.scope for gap in after.coverage.gaps if gap.reason in CHOSEN}
        self._was = _by_root(before.assets, names) if before else {}
        self._is = _by_root(after.assets, names)

    def renamed(self, old: Mapping[str, Finding], current: list[Finding]) -> list[Finding]:
        """Findings under the id of the earlier finding that they are, whatever their assets are called now."""
        taken = {each.id for each in current}
        same = {self._sameness(each): each.id for each in old.values() if each.id not in taken}
        return [each if each.id in old else msgspec.structs.replace(each, id=same.pop(self._sameness(each), each.id)) for each in current]

    def still(self, old: Finding | None, new: Finding, was_closed: bool, when: str) -> Finding:
        """A finding of this run, with its status and dates."""
        first = (old.first_seen if old else None) or when
        return msgspec.structs.replace(new, status=self._appeared(old, new, was_closed), first_seen=first, last_seen=when)

    def ended(self, old: Finding, unverified: Collection[str | None]) -> Status | None:
        """What became of a finding that this run does not make; None: this run cannot say anything about it."""
        if not self._would_show(old, unverified):
            return None if self._partial else Status.LOST
        return Status.SIGHT_CHANGED if self._changed and not self._gone_regardless(old) else Status.RESOLVED

    def _appeared(self, old: Finding | None, new: Finding, was_closed: bool) -> Status:
        if old is not None and not was_closed:
            return Status.ONGOING
        if self._by_sight(new):
            return Status.SIGHT_CHANGED
        if old is None:
            return Status.NEW
        return Status.REOPENED if old.status is Status.RESOLVED else Status.ONGOING

    def _by_sight(self, new: Finding) -> bool:
        """It shows now because we see more, not because the world changed."""
        if self._before is None:
            return False
        places = _places(new, self._is, self._names)
        if not self._before.reached(places) and not self._before.no_worse(self._after, places):
            return True
        return self._changed and not (new.asset.startswith(REGARDLESS) and self._root(new.asset) not in self._was)

    def _would_show(self, old: Finding, unverified: Collection[str | None]) -> bool:
        """Whether this run looked well enough that it would have found it again."""
        if not self._registries or (old.record in unverified and old.record is not None) or self._is_stale(old):
            return False
        places = _places(old, self._was, self._names)
        if self._partial:
            return bool(places) and self._after.whole(places)[0]
        if old.status is Status.LOST and not places and old.check != "blind-spot" and not old.asset.startswith(NO_PLACE):
            return self._left_out.issuperset(self._after.whole([ANYWHERE])[1])  # where it lay was forgotten: it could be anywhere
        was_seen = self._before is not None and old.status is not Status.LOST
        return self._after.whole(places)[0] or (was_seen and self._before is not None and self._after.no_worse(self._before, places))

    def _is_stale(self, old: Finding) -> bool:
        """What an unread place held last time is in the inventory still."""
        keys = {old.asset, old.subject, *(end for link in old.chain for end in (link.source, link.target))} - {None}
        here = [self._is[self._root(key)] for key in keys if key and self._root(key) in self._is]
        return any(asset.stale for asset in here)

    def _gone_regardless(self, old: Finding) -> bool:
        return old.asset.startswith(REGARDLESS) and self._root(old.asset) not in self._is

    def _root(self, key: str) -> str:
        return self._names.get(key, key)

    def _sameness(self, each: Finding) -> tuple[str, str | None, str, str | None]:
        return each.check, each.record, self._root(each.asset), self._root(each.subject) if each.subject else None


def _places(finding: Finding, assets: Mapping[str, Asset], names: Mapping[str, str]) -> list[str]:
    """The places that show a finding, or could show that it is none: where its things lie and could be used.

    An orphan that could be used anywhere, and a waiver that covers nothing, are said only of what was seen everywhere.
    """
    keys = [finding.asset, finding.subject, *(end for link in finding.chain for end in (link.source, link.target))]
    things = [assets[names.get(key, key)] for key in keys if key and names.get(key, key) in assets]
    used = {place for thing in things for place in _usable_from(thing)}
    if finding.check in EVERYWHERE and not (used and ANYWHERE not in used):
        used.add(ANYWHERE)
    everywhere = {ANYWHERE} if finding.check in EVERYWHERE else set()
    return sorted({place for thing in things for place in thing.scopes} | used - {ANYWHERE} | used & everywhere)


def _usable_from(thing: Asset) -> Iterator[str]:
    value = thing.attributes.get("usable_from")
    yield from value if isinstance(value, tuple) else (value,) if isinstance(value, str) else ()


def _by_root(assets: Mapping[str, Asset], names: Mapping[str, str]) -> dict[str, Asset]:
    return {names.get(key, key): asset for key, asset in assets.items()}


def _as(finding: Finding, status: Status) -> Finding:
    return msgspec.structs.replace(finding, status=status)


def _sorted(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    return tuple(sorted(findings, key=lambda each: each.id))
