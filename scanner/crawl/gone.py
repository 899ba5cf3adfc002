"""What a listing did not name: gone only where that is proved.

Proved means: the listing is complete there, the same principal with the same settings listed the unit before, and the
listing did not shrink so much at once that it must be believed twice.
"""

from collections.abc import Callable, Collection, Mapping

import msgspec

from scanner.coverage import below
from scanner.model import Gap
from scanner.store import Known

FIFTH = 5
FEW = 3


class Omitted(msgspec.Struct, frozen=True):
    """Keys of units that a listing did not name. `hidden`: it was not complete there, or is not comparable with the last one."""

    gone: tuple[str, ...] = ()
    doubted: tuple[str, ...] = ()
    other_eyes: tuple[str, ...] = ()
    hidden: tuple[str, ...] = ()


def omitted(known: Mapping[str, Known], named: Collection[str], gaps: Collection[Gap], eyes: Callable[[str], str], run: str) -> Omitted:
    """Sorts the units that a listing without an error did not name.

    `gaps` are those that the listing itself reported; `eyes` says who looks at a scope in this run.
    """
    missing = {key: unit for key, unit in known.items() if key not in named}
    hidden = {key for key, unit in missing.items() if any(_touches(gap.scope, unit.scope) for gap in gaps)}
    other = {key for key, unit in missing.items() if key not in hidden and eyes(unit.scope) not in unit.eyes}
    left = [key for key in sorted(missing) if key not in hidden and key not in other]
    comparable = sum(eyes(unit.scope) in unit.eyes or unit.listed_run == run for unit in known.values())
    shrunk = left and (not named or (len(left) >= FEW and len(left) * FIFTH >= comparable))
    gone = [key for key in left if not shrunk or missing[key].missed_run not in (None, run)]
    doubted = [key for key in left if key not in set(gone)]
    return Omitted(tuple(gone), tuple(doubted), tuple(sorted(other)), tuple(sorted(hidden)))


def _touches(gap: str, scope: str) -> bool:
    return below(scope, gap) or below(gap, scope)
