"""Records that look alike: shown for people to decide on, never acted on.

A name is compared only with those that share one of its rarest trigrams, fifty times faster than with all of them.
"""

import re
from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import TYPE_CHECKING

from scanner.model import Asset, Finding, NearMiss, Record

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

RAREST = 4
SHARED_AT_MOST = 5_000
"""A trigram that more names share tells nothing."""
CODES = 1 << 16
TYPED = frozenset({"api", "hf", "name", "ollama", "mlflow", "image", "s3", "repo", "oci"})
TYPES = tuple(f"{kind}:" for kind in sorted(TYPED))
MARK = "\0"
TYPE = re.compile(f"{MARK}(?:{'|'.join(TYPES)})")
VERSION = re.compile(f"@[^{MARK}]*")
SPACES = re.compile(" {2,}")
SPACED = str.maketrans(dict.fromkeys("/:._-+@#\\|,;()[]{}\n\t\r", " "))


class Names:
    """The names of all records, by the trigrams of their bytes."""

    def __init__(self, records: Iterable[Record]) -> None:
        self._records = tuple(records)

    @cached_property
    def _names(self) -> tuple[list[str], list[Record]]:
        told = [(record.name, record) for record in self._records]
        told += [(name, record) for record in self._records for name in record.aliases]
        told += [(name, record) for record in self._records for name in record.identifiers if name.startswith(TYPES)]
        names = _plain_all([name for name, _ in told])
        pairs = {(name, record.id): record for name, (_, record) in zip(names, told, strict=True) if name}
        return [name for name, _ in pairs], list(pairs.values())

    @cached_property
    def _holders(self) -> "tuple[npt.NDArray[np.int32], npt.NDArray[np.int64]]":
        """Numbers of names, grouped by the code of a trigram they hold, and where each group begins."""
        import numpy as np

        encoded = [name.encode() for name in self._names[0]]
        codes = _codes(b" " + b" ".join(encoded) + b" ")
        names = np.repeat(np.arange(len(encoded), dtype=np.int32), [len(name) + 1 for name in encoded])[: len(codes)]
        order = np.argsort(codes, kind="stable")
        return names[order], np.concatenate([[0], np.cumsum(np.bincount(codes, minlength=CODES))])

    def like(self, asset: Asset, at_least: float, at_most: int) -> tuple[NearMiss, ...]:
        """The records whose name or identifier is most like one of the asset's, best first."""
        from rapidfuzz import fuzz, process

        best: dict[str, NearMiss] = {}
        if not self._names[0]:
            return ()
        for name in filter(None, dict.fromkeys(map(plain, _names_of_asset(asset)))):
            near = {number: self._names[0][number] for number in self._candidates(name)}
            for found, score, number in process.extract(name, near, scorer=fuzz.token_sort_ratio, score_cutoff=at_least, limit=at_most):
                record = self._names[1][number]
                if record.id not in best or best[record.id].score < score:
                    best[record.id] = NearMiss(record.id, found, round(float(score), 1))
        return tuple(sorted(best.values(), key=lambda miss: (-miss.score, miss.record))[:at_most])

    def _candidates(self, name: str) -> list[int]:
        import numpy as np

        holders, bounds = self._holders
        own = np.unique(_codes(b" " + name.encode() + b" ")).astype(np.int64)
        counts = bounds[own + 1] - bounds[own]
        useful = own[(counts > 0) & (counts <= SHARED_AT_MOST)]
        rarest = useful[np.argsort(bounds[useful + 1] - bounds[useful], kind="stable")][:RAREST]
        groups = [holders[bounds[code] : bounds[code + 1]] for code in rarest.tolist()]
        return np.unique(np.concatenate(groups)).tolist() if groups else []


def may_look_alike(finding: Finding) -> bool:
    """Whether it is of a kind that a record under another name would settle."""
    return finding.record is None and finding.check.startswith(("unregistered", "ungoverned", "adapter"))


def near_misses(asset: Asset, records: Iterable[Record], at_least: float = 80, at_most: int = 3) -> tuple[NearMiss, ...]:
    """The records that look like an asset. For many assets make `Names` once."""
    return Names(records).like(asset, at_least, at_most)


def plain(name: str) -> str:
    """Lower case, without the identifier's kind, its version and punctuation."""
    kind, typed, rest = name.partition(":")
    text = rest if typed and kind in TYPED else name
    return " ".join(text.partition("@")[0].lower().translate(SPACED).split())


def _plain_all(names: list[str]) -> list[str]:
    """Every name made plain, in one go: a large registry has hundreds of thousands."""
    text = MARK.join(name.replace(MARK, " ") for name in names)
    bare = VERSION.sub("", TYPE.sub(MARK, MARK + text)[1:]).lower().translate(SPACED)
    return [name.strip() for name in SPACES.sub(" ", bare).split(MARK)] if names else []


def _codes(text: bytes) -> "npt.NDArray[np.uint16]":
    """Sixteen bits for each trigram: numpy sorts those by radix, in linear time."""
    import numpy as np

    signs = np.frombuffer(text, np.uint8).astype(np.uint32)
    return ((signs[:-2] * 961 + signs[1:-1] * 31 + signs[2:]) % CODES).astype(np.uint16)


def _names_of_asset(asset: Asset) -> Iterator[str]:
    yield from (each for each in asset.identifiers if each.startswith(TYPES))
    told = asset.attributes
    yield from (value for name in ("model_id", "served_id", "root") if isinstance(value := told.get(name), str) and value)
    yield asset.key.rpartition("/")[2]
