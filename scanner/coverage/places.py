"""Coverage paths, and the table of platforms: what could live where (scanner/data/platforms.toml)."""

from collections.abc import Iterable, Iterator
from enum import StrEnum
from functools import cache, lru_cache
from importlib.resources import files

import msgspec


class Can(StrEnum):
    """What a place could hold."""

    RUN = "run"
    STORE = "store"
    HOLD = "hold"


class Platform(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Somewhere AI can live; `covered_by` are types of sources."""

    name: str
    what: str
    covered_by: tuple[str, ...]
    can: tuple[Can, ...]
    group: str | None = None
    root: str | None = None


class Place(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What could be at the coverage paths that `path` (with `*` for one segment) stands for."""

    path: str
    can: tuple[Can, ...]
    listed: bool = False
    exact: bool = False


class _Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    platform: tuple[Platform, ...]
    place: tuple[Place, ...]


@cache
def _table() -> _Table:
    text = files("scanner").joinpath("data/platforms.toml").read_bytes()
    return msgspec.toml.decode(text, type=_Table)


def platforms() -> tuple[Platform, ...]:
    """Every platform that the table knows."""
    return _table().platform


def key(path: str) -> str:
    """A path in the form whose prefixes are the places above it: `github/acme/payments#content` -> `github/acme/payments/#content/`.

    A key is its own key.
    """
    return path.replace("/#", "#").replace("#", "/#").rstrip("/") + "/"


def below(path: str, other: str) -> bool:
    """Whether `path` is `other` or a place below it."""
    return key(path).startswith(key(other))


def above(path: str) -> Iterator[str]:
    """The keys of a path and of every place above it, nearest first."""
    whole = key(path)
    while whole:
        yield whole
        whole = whole[: whole[:-1].rfind("/") + 1]


def ancestors(path: str) -> Iterator[str]:
    """The paths above a path in the coverage tree, nearest first: a parent is the path without its last segment."""
    while "/" in path:
        path = path.rpartition("/")[0]
        if path and not path.endswith("/"):
            yield path


def can(path: str) -> tuple[Can, ...]:
    """What could be at a path, or below it; everything where the table does not know."""
    known = _known(path)
    return known.can if known else tuple(Can)


def platform_can(name: str) -> tuple[Can, ...]:
    """What could be on a platform, by its name in the table."""
    return next((platform.can for platform in platforms() if platform.name == name), tuple(Can))


def root(kind: str) -> str:
    """Where the places of a type of source begin; the type's own name where the table does not know it."""
    platform = next((platform for platform in platforms() if kind in platform.covered_by), None)
    return kind if platform is None else platform.root or platform.name


def common(paths: Iterable[str]) -> str | None:
    """The nearest place above all of these, or None: `github/acme` for `github/acme/a#content` and `github/acme/b#content`."""
    above_each = [set(ancestors(path)) for path in paths]
    shared = set.intersection(*above_each) if above_each else set()
    return max(shared, key=len, default=None)


def listed(path: str) -> bool:
    """Whether a complete listing of this very path names every place below it."""
    known = _known(path)
    return known is not None and known.listed and key(known.path).count("/") == key(path).count("/")


def exact(path: str) -> bool:
    """Whether a gap at this path hides only what was seen in it, whatever its reason."""
    known = _known(path)
    return known is not None and known.exact


@lru_cache(maxsize=65_536)
def _known(path: str) -> Place | None:
    segments = key(path).split("/")[:-1]
    fitting = [place for place in _table().place if _fits(key(place.path).split("/")[:-1], segments)]
    return max(fitting, key=lambda place: key(place.path).count("/"), default=None)


def _fits(pattern: list[str], segments: list[str]) -> bool:
    return len(pattern) <= len(segments) and all(want in ("*", have) for want, have in zip(pattern, segments, strict=False))
