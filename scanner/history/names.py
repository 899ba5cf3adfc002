"""One thing, one name over the years: a rename, a merge or a rollout does not make a thing new."""

from collections.abc import Collection, Iterable, Iterator, Mapping

from scanner.model import Asset

PLATFORM_ID = "uid:"
REPOSITORY = "repo:"


def roots(known: Mapping[str, str], assets: Collection[Asset], seen: Collection[str] = frozenset()) -> dict[str, str]:
    """For every key, alias and platform id: the key that its asset was first seen under.

    `known` is what the store kept of the answer of the run before (names that differ from their root), `seen` are the asset
    keys of that run.
    """
    found = dict(known)
    for asset in sorted(assets, key=lambda each: each.key):
        names = (asset.key, *asset.aliases, *(each for each in asset.identifiers if each.startswith(PLATFORM_ID)))
        root = next((found[name] for name in names if name in found), None)
        root = root or next((name for name in names if name in seen), asset.key)
        found.update((name, root) for name in names if name not in found)
    found.update(_inside_renamed(found, known, assets))
    return found


def _inside_renamed(found: Mapping[str, str], known: Mapping[str, str], assets: Iterable[Asset]) -> Iterator[tuple[str, str]]:
    """What lies in a renamed repository carries its name: `model:acme/new:openai/gpt-4o` was `model:acme/old:openai/gpt-4o`."""
    renamed = {
        name[len(REPOSITORY) :]: root[len(REPOSITORY) :] for name, root in found.items() if name.startswith(REPOSITORY) and name != root
    }
    for asset in assets:
        kind, _, rest = asset.key.partition(":")
        owner, separator, inner = rest.partition(":")
        old = f"{kind}:{renamed.get(owner, owner)}:{inner}"
        if separator and owner in renamed and asset.key not in known and found.get(asset.key) == asset.key:
            yield asset.key, known.get(old, old)
