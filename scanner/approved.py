"""Where a record may run, held against where something is. A dimension that nobody knows is no violation."""

from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase

from scanner.model import ApprovedScope, Asset, Kind, Place, Record

Where = Mapping[str, tuple[str, ...]]
ATTRIBUTES = {
    "environments": "environment",
    "accounts": "account",
    "regions": "region",
    "clusters": "cluster",
    "namespaces": "namespace",
    "repositories": "repository",
    "endpoints": "url",
}
"""The dimensions of an approved scope, with the attribute that says where an asset is."""


def where(assets: Mapping[str, Asset], place: Place) -> Where:
    """What is known of a place, by dimension: from its host, its subject and the repositories in its chain."""
    host, subject = assets[place.host], assets[place.subject]
    told = {dimension: _value(name, host, subject) for dimension, name in ATTRIBUTES.items()}
    chained = {end for link in place.chain for end in (link.source, link.target)} | {host.key}
    repositories = {_bare(key) for key in chained if key in assets and assets[key].kind is Kind.REPOSITORY}
    told["repositories"] = tuple(sorted(repositories | {_bare(name) for name in told["repositories"]}))
    if host.kind is Kind.ENDPOINT:
        told["endpoints"] = tuple(dict.fromkeys((host.key, host.key.removeprefix("endpoint:"), *told["endpoints"], *host.identifiers)))
    told["namespaces"] = tuple(
        form for name in told["namespaces"] for form in (name, *(f"{cluster}/{name}" for cluster in told["clusters"]))
    )
    return told


ANYWHERE = ApprovedScope()


def outside(scope: ApprovedScope, told: Where) -> tuple[str, ...]:
    """The dimensions in which something is known to be where the record does not allow it."""
    return tuple(name for name, allowed, have in _restricted(scope, told) if have and not _fits(allowed, have))


def affirmed(scope: ApprovedScope, told: Where) -> bool:
    """Whether something is known to be where the record allows it, in at least one dimension, and nowhere else."""
    return not outside(scope, told) and any(have and _fits(allowed, have) for _, allowed, have in _restricted(scope, told))


def repository_of(record: Record) -> str | None:
    """The record's source repository as an asset key."""
    if not record.source_repository:
        return None
    path = record.source_repository.strip().removesuffix("/").removesuffix(".git")
    for prefix in ("https://", "http://", "ssh://", "git@", "repo:"):
        path = path.removeprefix(prefix)
    return "repo:" + path.replace("github.com:", "github.com/").removeprefix("github.com/")


def _restricted(scope: ApprovedScope, told: Where) -> Iterator[tuple[str, tuple[str, ...], tuple[str, ...]]]:
    for name in ATTRIBUTES:
        allowed = getattr(scope, name)
        if allowed:
            yield name, allowed, told.get(name, ())


def _fits(allowed: tuple[str, ...], have: tuple[str, ...]) -> bool:
    return any(fnmatchcase(value.lower(), _bare(pattern).lower()) for value in have for pattern in allowed)


def _value(name: str, *assets: Asset) -> tuple[str, ...]:
    found = next((asset.attributes[name] for asset in assets if asset.attributes.get(name)), None)
    return () if found is None else tuple(found) if isinstance(found, tuple) else (str(found),)


def _bare(name: str) -> str:
    return name.removeprefix("repo:")
