"""A registry kept as files: TOML, YAML, JSON or CSV, one file or a directory of them, as a team keeps in git.

The format of a record: docs/registry.md. A record that cannot be read whole is named with file and line, never dropped.
"""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from stat import S_ISREG

from pydantic import Field

from connectors.registries._formats import FORMATS, Entry, Malformed
from connectors.registries._record import Unusable, flawed, record_of
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
        seen: dict[str, str] = {}
        for path in self._files():
            for entry in self._file(path):
                yield from self._told(self._once(entry, seen)) if isinstance(entry, Record) else (entry,)
        if not seen:
            yield self._gap("", f"no record in {self._settings.path.name}: is this the registry?", Reason.UNEXPECTED)

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

    def _file(self, path: Path) -> Iterator[Record | Gap]:
        name = self._named(path)
        fault = self._refused(path)
        if fault:
            yield self._gap(name, fault, Reason.LIMIT if "larger" in fault else Reason.UNPARSED)
            return
        try:
            entries = list(FORMATS[path.suffix.lower()](path.read_bytes(), self._settings.columns, self._settings.separators))
        except OSError as error:
            yield self._gap(name, str(error.strerror), Reason.DENIED)
            return
        except Malformed as error:
            yield self._gap(f"{name}:{error.line}", str(error), Reason.UNPARSED)
            return
        for entry in entries:
            yield from self._entry(entry, f"{name}:{entry.line}")

    def _entry(self, entry: Entry, where: str) -> Iterator[Record | Gap]:
        try:
            record = record_of(entry.values, self._settings.name, where, self._settings.states)
        except Unusable as error:
            yield self._gap(where, str(error), Reason.UNPARSED)
            return
        yield record

    def _told(self, record: Record) -> Iterator[Record | Gap]:
        """A broken record still matches by what is readable of it; the gap beside it says what is wrong."""
        yield record
        if record.broken:
            yield self._gap(record.where, f"{record.id}: {'; '.join(record.broken)}", Reason.PARTIAL)

    def _once(self, record: Record, seen: dict[str, str]) -> Record:
        first = seen.setdefault(record.id, record.where)
        return record if first == record.where else flawed(record, f"the id {record.id} is already that of {first}")

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

    def _gap(self, where: str, detail: str, reason: Reason) -> Gap:
        name = self._settings.name
        return Gap(name, f"registry/{name}/{where}".rstrip("/"), reason, detail, "mend the file and scan again")
