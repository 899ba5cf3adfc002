"""A registry kept as files: TOML, YAML, JSON or CSV, one file or a directory of them, as a team keeps in git.

The format of a record: docs/registry.md. A record that cannot be read whole is named with file and line, never dropped.
"""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from stat import S_ISREG

from pydantic import Field

from connectors.registries._entries import Entries
from connectors.registries._formats import FORMATS, Malformed
from scanner.contracts import PluginSettings, Registry, Tools
from scanner.errors import AccessDenied, Unreachable
from scanner.model import Gap, Reason, Record, State


class Settings(PluginSettings):
    """Where the records lie."""

    name: str = Field(default="files", description="how reports call this registry")
    path: Path = Field(description="a file, or a directory that is read with all below it")
    columns: Mapping[str, str] = Field(
        default={}, description="for CSV: field = column header, where they differ; approved_scope.clusters and the like are fields too"
    )
    states: Mapping[str, State] = Field(default={}, description="other words for a state, such as { Live = 'deployed' }")
    separators: str = Field(default=";|\n", min_length=1, description="for CSV: signs between the items of a list in one cell")
    max_bytes: int = Field(default=20_000_000, ge=1, description="a larger file is not read, and named in a gap")


def connect(settings: Settings, tools: Tools) -> Registry:
    """The registry in these files."""
    del tools  # files need no network and no secret
    return Files(settings)


class Files:
    """Reads every file that has the name of a format; anything else beside the records is left alone."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._root = settings.path if settings.path.is_dir() else settings.path.parent

    def records(self) -> Iterator[Record | Gap]:
        """Every record in order of its file. Raises Unreachable or AccessDenied where not even the directory can be read."""
        entries = Entries(self._settings.name, self._settings.states, "mend the file and scan again")
        for path in self._files():
            yield from self._file(path, entries)
        if entries.empty:
            yield entries.gap("", f"no record in {self._settings.path.name}: is this the registry?", Reason.UNEXPECTED)

    def _files(self) -> list[Path]:
        path = self._settings.path
        if not path.exists():
            raise Unreachable(f"{path}: no such file or directory")
        if not path.is_dir():
            return [path]
        return sorted(self._below(path))

    def _below(self, directory: Path) -> Iterator[Path]:
        def refused(error: OSError) -> None:
            raise AccessDenied(f"{error.filename}: {error.strerror}", remedy="let the scanner's user read the registry's directory")

        for parent, directories, names in os.walk(directory, onerror=refused):
            directories[:] = [name for name in directories if not name.startswith(".")]
            for name in names:
                if Path(name).suffix.lower() in FORMATS and not name.startswith(".") and not name.endswith(".schema.json"):
                    yield Path(parent, name)

    def _file(self, path: Path, entries: Entries) -> Iterator[Record | Gap]:
        name = self._named(path)
        fault = self._refused(path)
        if fault:
            yield entries.gap(name, fault, Reason.LIMIT if "larger" in fault else Reason.UNPARSED)
            return
        try:
            found = list(FORMATS[path.suffix.lower()](path.read_bytes(), self._settings.columns, self._settings.separators))
        except OSError as error:
            yield entries.gap(name, str(error.strerror), Reason.DENIED)
        except Malformed as error:
            yield entries.gap(f"{name}:{error.line}", str(error), Reason.UNPARSED)
        else:
            for entry in found:
                yield from entries.of(entry.values, f"{name}:{entry.line}")

    def _refused(self, path: Path) -> str | None:
        """Why a file is not opened: a link that leads out of the registry, a pipe, something huge."""
        try:
            if not path.resolve(strict=True).is_relative_to(self._root.resolve()):
                return "a link that leads out of the registry; it is not followed"
            status = path.stat()
        except (OSError, RuntimeError):
            return "a link that leads nowhere"
        if not S_ISREG(status.st_mode):
            return "not a regular file"
        return f"larger than max_bytes ({self._settings.max_bytes})" if status.st_size > self._settings.max_bytes else None

    def _named(self, path: Path) -> str:
        return path.relative_to(self._root.parent).as_posix().encode("utf-8", "backslashreplace").decode()
