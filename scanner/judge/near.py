"""Records that look alike: shown for people to decide on, never acted on."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property

from scanner.approved import repository_of
from scanner.model import Asset, NearMiss, Record

RAREST = 4
"""So many of a name's rarest trigrams pick the records it is compared with: fifty times faster than comparing with all."""


class Names:
    """The names of all records, by their trigrams."""

    def __init__(self, records: Iterable[Record]) -> None:
        self._records = tuple(records)

    @cached_property
    def _names(self) -> list[tuple[str, Record]]:
        return [(name, record) for record in self._records for name in dict.fromkeys(map(plain, _names_of(record))) if name]

    @cached_property
    def _holders(self) -> Mapping[str, list[int]]:
        holders: defaultdict[str, list[int]] = defaultdict(list)
        for number, (name, _) in enumerate(self._names):
            for trigram in _trigrams(name):
                holders[trigram].append(number)
        return holders

    def like(self, asset: Asset, at_least: float, at_most: int) -> tuple[NearMiss, ...]:
        """The records whose name or identifier is most like one of the asset's, best first."""
        from rapidfuzz import fuzz, process

        best: dict[str, NearMiss] = {}
        for name in dict.fromkeys(map(plain, _names_of_asset(asset))):
            near = {number: self._names[number][0] for number in self._candidates(name)}
            for found, score, number in process.extract(name, near, scorer=fuzz.token_sort_ratio, score_cutoff=at_least, limit=at_most):
                record = self._names[number][1]
                if record.id not in best or best[record.id].score < score:
                    best[record.id] = NearMiss(record.id, found, round(float(score), 1))
        return tuple(sorted(best.values(), key=lambda miss: (-miss.score, miss.record))[:at_most])

    def _candidates(self, name: str) -> Iterator[int]:
        known = [trigram for trigram in _trigrams(name) if trigram in self._holders]
        rarest = sorted(known, key=lambda trigram: (len(self._holders[trigram]), trigram))[:RAREST]
        yield from dict.fromkeys(number for trigram in rarest for number in self._holders[trigram])


def near_misses(asset: Asset, records: Iterable[Record], at_least: float = 80, at_most: int = 3) -> tuple[NearMiss, ...]:
    """The records that look like an asset. For many assets make `Names` once."""
    return Names(records).like(asset, at_least, at_most)


def plain(name: str) -> str:
    """Lower case, without the identifier's kind, digests and punctuation."""
    text = name.partition(":")[2] if name.partition(":")[0] in _KINDS else name
    return " ".join("".join(sign if sign.isalnum() else " " for sign in text.partition("@")[0].lower()).split())


_KINDS = frozenset({"api", "hf", "name", "ollama", "mlflow", "image", "s3", "repo", "oci"})


def _names_of(record: Record) -> Iterator[str]:
    yield record.name
    yield f"{record.name} {record.version or ''}"
    yield from record.aliases
    yield from (each for each in record.identifiers if each.partition(":")[0] in _KINDS)
    repository = repository_of(record)
    if repository:
        yield repository


def _names_of_asset(asset: Asset) -> Iterator[str]:
    yield from (each for each in asset.identifiers if each.partition(":")[0] in _KINDS)
    told = asset.attributes
    yield from (value for name in ("model_id", "served_id", "root") if isinstance(value := told.get(name), str) and value)
    yield asset.key.rpartition("/")[2]


def _trigrams(name: str) -> Counter[str]:
    padded = f"  {name} "
    return Counter(padded[start : start + 3] for start in range(len(padded) - 2))
