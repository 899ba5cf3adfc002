"""Work trees and bare git repositories under a path, and the loose files between them.

Everything here may be hostile: files are opened without following links and without waiting for a FIFO, and git never loads a
scanned repository's configuration (connectors/_git.py). Docs: docs/sources.md.
"""

import fnmatch
import os
from collections.abc import Iterator
from pathlib import Path

from pydantic import Field

from connectors import _content, _disk, _git, _local, _tree
from connectors._blobs import Blobs
from scanner.contracts import Check, Seen, SourceSettings, Tools
from scanner.errors import AccessDenied, NotServed
from scanner.model import Evidence, Gap, Kind, Learned, Observation, Reason, Sighting, Unit, Value

MADE_HERE = "folder-1"
LOOSE = "(loose files)"
OURS = {".toml", ".yaml", ".yml", ".json", ".csv", ".html"}
"""What Gnomon's own records and reports are. Anything else that lies among them is read."""


class Settings(SourceSettings):
    """A folder on this machine."""

    path: Path = Field(description="the directory to read; every git repository below it is a unit of its own")
    exclude: tuple[str, ...] = Field(
        default=(), description="patterns of repositories or directories below path that are not read, and are named in a gap"
    )
    max_bytes: int = Field(default=20_000_000_000, gt=0, description="a ceiling on the bytes read in one run")


def connect(settings: Settings, tools: Tools) -> "Folder":
    """The connector."""
    return Folder(settings, tools)


class Folder:
    """One directory."""

    after: tuple[str, ...] = ()

    def __init__(self, settings: Settings, tools: Tools) -> None:
        self.settings, self.tools = settings, tools
        self.root = settings.path.absolute()
        self.source = settings.name or "folder"
        self.version = f"{MADE_HERE}/{tools.detector.version}"

    def principal(self) -> str:
        """The account we read as."""
        return f"uid {os.getuid()} at {self.root}"

    def units(self, seen: Seen) -> Iterator[Unit | Gap]:  # noqa: ARG002 - the contract's signature
        """Each repository, and the loose files where there are any."""
        _readable(self.root)
        loose = False
        for found in _local.walk(self.root):
            place = _tree.shown(os.path.relpath(found.path, self.root))
            if isinstance(found, _local.Refused):
                yield Gap(self.source, self._scope(place), Reason.DENIED, found.why, "let this account read it")
            elif self._excluded(place):
                yield Gap(self.source, self._scope(place), Reason.SKIPPED, "excluded by the config")
            elif isinstance(found, _local.Repository):
                yield Unit(self._scope(place), self._scope(place), _revision(found), {"path": place, "bare": found.bare})
            else:
                loose = True
        if loose:
            yield Unit(self._scope(LOOSE), self._scope(LOOSE), None, {"path": LOOSE})

    def observe(self, unit: Unit) -> Iterator[Observation | Gap | Learned]:
        """One repository, or the loose files."""
        if unit.hints.get("path") == LOOSE:
            yield from self._loose(unit)
            return
        path = self._path(str(unit.hints["path"]))
        found = _local.repository(path)
        if found is None:
            raise NotServed(f"{unit.scope}: the repository is not there any more")
        yield from self._repository(unit, found)

    def check(self) -> Iterator[Check]:
        """Whether the directory can be read, and git be run."""
        try:
            _readable(self.root)
        except (AccessDenied, NotServed) as error:
            yield Check(f"read {self.root}", ok=False, detail=str(error), remedy=error.remedy)
            return
        count = sum(isinstance(found, _local.Repository) for found in _local.walk(self.root))
        yield Check(f"read {self.root}", ok=True, detail=f"{count} git repositories")
        yield Check("run git", ok=_local.has_git(), remedy="install git: repositories are read with it")

    def _repository(self, unit: Unit, found: _local.Repository) -> Iterator[Observation | Gap | Learned]:
        owner = _local.remote_owner(found, self.tools.scratch, self.settings.max_seconds) or f"./{self._named(unit)}"
        location: dict[str, Value] = {"platform": "folder"}
        head = _local.head(found)
        where = f"folder:{self._named(unit)}" + (f"@{head[:12]}" if head and found.bare else "")
        place = _tree.Place(owner, where, self.source, unit.scope, location)
        attributes: dict[str, Value] = {**location, "path": str(self._named(unit))} | ({"head": head} if head else {})
        yield Sighting(f"repo:{owner}", Kind.REPOSITORY, (), attributes, (Evidence(where, MADE_HERE),))
        if not found.bare:
            with _local.work_tree(found, self.tools.scratch, self.settings.max_seconds) as tree:
                yield from _content.read(self._theirs(tree), place, self.tools)
        elif head is not None:
            with _git.borrowed(
                found.objects, self.tools.scratch, sha256=len(head) == 64, seconds=self.settings.max_seconds, most=self.settings.max_bytes
            ) as git:
                yield from _content.read(Blobs(git, head, far=False), place, self.tools)

    def _loose(self, unit: Unit) -> Iterator[Observation | Gap | Learned]:
        name = _tree.shown(self.root.name)
        owner = f"./{name}"
        place = _tree.Place(owner, f"folder:{name}", self.source, unit.scope, {"platform": "folder"})
        tree = _disk.Files(self.root, _local.loose(self.root, self._excluded))
        told = list(_content.read(self._theirs(tree), place, self.tools))
        if any(not isinstance(one, Gap | Learned) for one in told):
            evidence = (Evidence(place.where, MADE_HERE),)
            yield Sighting(f"repo:{owner}", Kind.REPOSITORY, (), {"platform": "folder", "path": "."}, evidence)
        yield from told

    def _theirs(self, tree: _disk.Files) -> _disk.Files:
        return _disk.Files(tree.root, (path for path in tree.paths if not self._is_ours(tree.root / path)))

    def _is_ours(self, path: Path) -> bool:
        return path.suffix.lower() in OURS and any(path.is_relative_to(own) for own in self.tools.ours)

    def _named(self, unit: Unit) -> str:
        place = str(unit.hints["path"])
        return _tree.shown(self.root.name) if place == "." else place

    def _path(self, place: str) -> Path:
        """The directory that a unit stands for; a name that is not UTF-8 is found again by walking."""
        direct = self.root / place
        if direct.is_dir():
            return direct
        repositories = (found for found in _local.walk(self.root) if isinstance(found, _local.Repository))
        return next((found.path for found in repositories if _tree.shown(os.path.relpath(found.path, self.root)) == place), direct)

    def _scope(self, place: str) -> str:
        root = _tree.shown(str(self.root)).strip("/")
        return f"folder/{root}" if place == "." else f"folder/{root}/{place}"

    def _excluded(self, place: str) -> bool:
        return any(fnmatch.fnmatchcase(place, pattern) for pattern in self.settings.exclude)


def _readable(root: Path) -> None:
    try:
        os.scandir(root).close()
    except PermissionError as error:
        raise AccessDenied(f"{root}: this account may not list it", remedy="let this account read it") from error
    except OSError as error:
        raise NotServed(f"{root}: {error.strerror}", remedy="check `path` of this source") from error


def _revision(found: _local.Repository) -> str | None:
    """A bare repository is what its HEAD is; a work tree may change at any time without a trace."""
    return _local.head(found) if found.bare else None
