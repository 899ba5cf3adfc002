"""What a benchmark says."""

from typing import NamedTuple


class Row(NamedTuple):
    """One number: what was measured, what came out, what is wanted of it, and whether it is so (None: nothing is wanted)."""

    what: str
    measured: str
    wanted: str
    ok: bool | None
