"""The inventory on the page: what was found, whatever was decided about it."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from reports._facts import Facts, place_of
from reports._page import TEXT, Facets, Listing, Row, anchor
from reports._text import plain
from reports._words import KINDS, name_of, platform_of
from scanner.model import Asset, Context, Kind

_KINDS = (Kind.MODEL, Kind.ARTIFACT, Kind.AGENT, Kind.ENDPOINT, Kind.WORKLOAD, Kind.CREDENTIAL, Kind.SDK, Kind.DATASET)
_CONTEXTS = tuple(str(context) for context in Context)


@dataclass(frozen=True)
class AssetRow(Row):
    """A thing of the inventory."""

    asset: Asset
    name: str
    place: str
    platform: str


def inventory(facts: Facts, limit: int) -> Listing:
    """The AI that was found, whatever was decided about it; `limit` rows at most."""
    found = [asset for asset in facts.report.assets if asset.kind in _KINDS]
    found.sort(key=lambda asset: (_rank(asset), asset.key))
    rows = [_asset_row(asset, facts) for asset in found[:limit]]
    says = "Everything that is or serves a model, and the credentials beside it."
    if len(found) > limit:
        says += f" The first {limit:,} of {len(found):,} are here; all of them are in inventory.csv."
    return Listing("inventory", "The things found", says, ("Kind", "Name", "Owner", "Place", "Platform"), rows, "Nothing was found.")


def census(assets: Iterable[Asset]) -> tuple[tuple[str, ...], tuple[tuple[str, tuple[int, ...], int], ...]]:
    """Counts by kind (rows) and platform (columns, most first), with each row's sum."""
    cells = Counter((asset.kind, platform_of(asset)) for asset in assets)
    totals: Counter[str] = Counter()
    for (_, platform), number in cells.items():
        totals[platform] += number
    platforms = tuple(name for name, _ in sorted(totals.items(), key=lambda item: (-item[1], item[0])))
    kinds = sorted({kind for kind, _ in cells}, key=list(Kind).index)
    rows = [(_plural(kind), tuple(cells[kind, name] for name in platforms)) for kind in kinds]
    return platforms, tuple((name, numbers, sum(numbers)) for name, numbers in rows)


def _asset_row(asset: Asset, facts: Facts) -> AssetRow:
    owner = plain(str(asset.attributes.get("owner") or ""), 80)
    place, platform, name = place_of(facts, asset.key), plain(platform_of(asset), 40), plain(name_of(asset.key), 120)
    seen = (one.where for one in asset.evidence)
    text = " ".join([asset.key, *asset.identifiers, *map(str, asset.attributes.values()), owner, place, platform, *seen])
    sort = (_rank(asset), name.casefold(), owner.casefold() or "~", place.casefold(), platform)
    facets = Facets(owner=owner, environment=plain(str(asset.attributes.get("environment") or ""), 60))
    return AssetRow(anchor("asset " + asset.key, hashed=True), facets, sort, text[:TEXT].casefold(), asset, name, place, platform)


def _rank(asset: Asset) -> int:
    """By kind, and what production uses first."""
    context = asset.attributes.get("context")
    return 10 * _KINDS.index(asset.kind) + (_CONTEXTS.index(str(context)) if context in _CONTEXTS else 0)


def _plural(kind: Kind) -> str:
    return "SDKs" if kind is Kind.SDK else KINDS[kind][1].capitalize()
