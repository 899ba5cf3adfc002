"""Finds a plugin by its `type` and imports it only when it is asked for.

Ours are files: `connectors/github.py` is the connector `github`. Others come from an installed distribution's entry points
in the groups `gnomon.connectors`, `gnomon.registries` and `gnomon.reports`.
"""

import importlib
import importlib.metadata
import importlib.util
import pkgutil
from types import ModuleType

from scanner.errors import ConfigError

PACKAGES = {"connectors": "connectors", "registries": "connectors.registries", "reports": "reports"}


def names(group: str) -> tuple[str, ...]:
    """Every type of a group ("connectors", "registries", "reports"), without importing any."""
    return tuple(sorted(_files(group) | _entry_points(group).keys()))


def load(group: str, name: str) -> ModuleType:
    """The module of a plugin. Raises ConfigError, naming the nearest known type, where there is none."""
    if name in _files(group):
        return importlib.import_module(f"{PACKAGES[group]}.{name}")
    point = _entry_points(group).get(name)
    if point is not None:
        return importlib.import_module(point.value)
    known = names(group)
    hint = nearest(name, known)
    raise ConfigError(f"there is no type {name!r} among the {group}{f'; did you mean {hint!r}?' if hint else ''} Known: {', '.join(known)}")


def nearest(word: str, known: tuple[str, ...]) -> str | None:
    """The known word that a misspelt one most likely meant, or None."""
    import difflib

    return next(iter(difflib.get_close_matches(word, known, n=1, cutoff=0.6)), None)


def _files(group: str) -> set[str]:
    spec = importlib.util.find_spec(PACKAGES[group])
    places = spec.submodule_search_locations if spec else None
    return {module.name for module in pkgutil.iter_modules(places) if not module.name.startswith("_") and module.name != "registries"}


def _entry_points(group: str) -> dict[str, importlib.metadata.EntryPoint]:
    return {point.name: point for point in importlib.metadata.entry_points(group=f"gnomon.{group}")}
