"""Finding and reading repositories on this machine without trusting any of them."""

import os
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from connectors import _git
from connectors._disk import SMALL, Files, is_regular, text
from connectors._tree import shown
from scanner.detect.artifacts import is_artifact
from scanner.errors import ReadError, UnexpectedReply

HEX = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
REMOTE = re.compile(r"(?:[\w.+-]+@|\w+://(?:[^/@]*@)?)(?P<host>[\w.-]+)(?::\d+)?[:/]+(?P<path>[^?#]+?)(?:\.git)?/*")


class Repository(msgspec.Struct, frozen=True):
    """`git` is its git directory; `common` the one that holds its objects, which is another for a linked work tree."""

    path: Path
    git: Path
    common: Path
    bare: bool

    @property
    def objects(self) -> Path:
        """Where its objects lie."""
        return self.common / "objects"


class Refused(msgspec.Struct, frozen=True):
    """A directory that could not be listed."""

    path: Path
    why: str


class Loose(msgspec.Struct, frozen=True):
    """A file outside every repository."""

    path: Path


Found = Repository | Refused | Loose


def walk(root: Path) -> Iterator[Found]:
    """Repositories, nested ones too, and files outside them, in sorted order. Links are not followed, so no loop can be entered."""
    waiting: list[tuple[Path, bool]] = [(root, False)]
    while waiting:
        path, inside = waiting.pop()
        found = repository(path)
        if found is not None:
            yield found
            if found.bare:
                continue
        try:
            with os.scandir(path) as listing:
                entries = sorted(listing, key=lambda entry: entry.name, reverse=True)
        except OSError as error:
            yield Refused(path, str(error.strerror))
            continue
        here = inside or found is not None
        waiting += [(Path(entry.path), here) for entry in entries if _is_directory(entry) and entry.name != ".git"]
        if not here:
            yield from (Loose(Path(entry.path)) for entry in reversed(entries) if entry.is_file(follow_symlinks=False))


def _is_directory(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir(follow_symlinks=False)
    except OSError:
        return False


def repository(path: Path) -> Repository | None:
    """The repository whose work tree or bare directory this is, or None."""
    git = path / ".git"
    if git.is_symlink():
        return None
    if git.is_dir() and _is_git(git):
        return Repository(path, git, git, bare=False)
    if git.is_file() and (linked := _linked(git)):
        return Repository(path, *linked, bare=False)
    return Repository(path, path, path, bare=True) if _is_git(path) else None


def _is_git(path: Path) -> bool:
    return (path / "HEAD").is_file() and (path / "objects").is_dir() and (path / "refs").is_dir()


def _linked(file: Path) -> tuple[Path, Path] | None:
    """The git directory that a `.git` file names (submodules, linked work trees), and the one that holds its objects."""
    named = text(file).removeprefix("gitdir:").strip()
    git = (file.parent / named) if named else file
    common = git / text(git / "commondir").strip() if (git / "commondir").is_file() else git
    return (git, common) if (git / "HEAD").is_file() and (common / "objects").is_dir() else None


def head(found: Repository) -> str | None:
    """The commit that HEAD means, read as files: None before the first commit."""
    said = text(found.git / "HEAD").strip()
    for _ in range(5):
        if HEX.fullmatch(said):
            return said
        name = said.removeprefix("ref:").strip()
        if not re.fullmatch(r"refs/[^\0\s]+", name) or ".." in name:
            return None
        said = text(found.common / name).strip() or _packed(found.common, name)
    return None


def _packed(common: Path, name: str) -> str:
    for line in text(common / "packed-refs", 64 * SMALL).splitlines():
        oid, _, packed = line.partition(" ")
        if packed == name:
            return oid
    return ""


def remote_owner(found: Repository, scratch: Path, seconds: float) -> str | None:
    """`acme/payments` of its remote on github.com, `host/acme/payments` elsewhere; None without one. The file is read as data."""
    config = found.common / "config"
    if not is_regular(config, SMALL):
        return None
    with _git.borrowed(found.objects, scratch, sha256=False, seconds=seconds, most=SMALL) as git:
        try:
            said = git.run("config", "--file", str(config), "--no-includes", "--get-regexp", r"^remote\..*\.url$")
        except ReadError:
            return None
    pairs = [line.partition(" ") for line in said.decode("utf-8", "replace").splitlines()]
    urls = {name.removeprefix("remote.").removesuffix(".url"): url for name, _, url in pairs}
    chosen = urls.get("origin") or next((urls[name] for name in sorted(urls)), "")
    return owner_of(chosen)


def owner_of(url: str) -> str | None:
    """How docs/vocabulary.md calls the repository at a remote's address."""
    match = REMOTE.fullmatch(url.strip())
    if match is None or "/" not in match["path"].strip("/"):
        return None
    host, path = match["host"].lower(), match["path"].strip("/")
    return path if host in ("github.com", "ssh.github.com") else f"{host}/{path}"


@contextmanager
def work_tree(found: Repository, scratch: Path, seconds: float) -> Iterator[Files]:
    """The files of a work tree that git knows or would add: what .gitignore names is left out, unless it may be a model."""
    index = found.git / "index"
    if os.path.lexists(index) and not is_regular(index):
        yield Files(found.path, (os.path.relpath(path, found.path) for path in _everything(found.path)))
        return
    wide = len(head(found) or "") == 64
    with _git.borrowed(found.objects, scratch, sha256=wide, seconds=seconds, most=64 * SMALL, index=index) as git:
        (git.directory / "info").mkdir()
        (git.directory / "info" / "exclude").write_text(text(found.common / "info" / "exclude"), "utf-8", "surrogateescape")
        settled = msgspec.structs.replace(git, environment={**git.environment, "GIT_WORK_TREE": str(found.path)})
        yield Files(found.path, _listed(settled, found.path))


def _listed(git: _git.Git, root: Path) -> Iterator[str]:
    known = 0
    try:
        for path in _asked(git, root, "--cached", "--others", "--deduplicate"):
            known += 1
            yield path
        yield from (path for path in _asked(git, root, "--others", "--ignored") if is_artifact(path, None))
    except UnexpectedReply:
        if known:
            raise
        yield from (os.path.relpath(path, root) for path in _everything(root))  # an index that this git cannot read


def _asked(git: _git.Git, root: Path, *which: str) -> Iterator[str]:
    with git.output("-C", str(root), "ls-files", "-z", "--exclude-standard", *which) as stream:
        for raw in _git.split(stream):
            if not raw.endswith(b"/"):  # a repository inside: a unit of its own
                yield os.fsdecode(raw)


def _everything(root: Path) -> Iterator[Path]:
    for directory, names, files in os.walk(root):
        names[:] = sorted(name for name in names if name != ".git" and repository(Path(directory, name)) is None)
        yield from (Path(directory, name) for name in sorted(files))


def loose(root: Path, excluded: Callable[[str], bool]) -> Iterator[str]:
    """Paths of the files outside every repository."""
    for found in walk(root):
        if isinstance(found, Loose):
            path = os.path.relpath(found.path, root)
            if not excluded(shown(path)):
                yield path


def has_git() -> bool:
    """Whether there is a git to run."""
    return shutil.which("git") is not None
