"""The content of one repository: cloned without blobs, read where it matters, deleted."""

from collections.abc import Collection, Iterator
from contextlib import AbstractContextManager
from urllib.parse import quote

from connectors import _content, _git, _git_errors, _tree
from connectors._blobs import Blobs
from connectors.github.account import Account
from connectors.github.conditional import Reader
from connectors.github.keys import Names
from connectors.github.readers import Readers
from connectors.github.settings import Settings
from scanner.contracts import Tools
from scanner.detect.artifacts.formats import table
from scanner.errors import ReadError
from scanner.model import Evidence, Gap, Kind, Learned, Link, Observation, Relation, Sighting, Unit, Value

RULE = "github-listing"
Told = Observation | Gap | Learned


class Content:
    """Reads `#content` units."""

    def __init__(self, settings: Settings, tools: Tools, account: Account, names: Names, source: str) -> None:
        self.settings, self.tools, self.account, self.names, self.source = settings, tools, account, names, source

    def told(self, unit: Unit) -> Iterator[Told]:
        """The repository, its files and its releases."""
        yield repository(self.names, unit)
        yield from self._released(unit)
        head = unit.hints.get("head")
        if isinstance(head, str):
            with self._remote(str(unit.hints["name"])) as git:
                yield from self._files(git, unit, head)

    def reachable(self, unit: Unit) -> str:
        """Tries git's side of the access; raises a ReadError."""
        with self._remote(str(unit.hints["name"])) as git:
            return f"{len(git.run('ls-remote', '--heads', 'origin').splitlines())} branches"

    def _remote(self, name: str) -> AbstractContextManager[_git.Git]:
        url = f"{self.account.client.web_url}/{quote(name)}.git"
        seconds, most = self.settings.max_seconds, self.settings.max_clone_bytes
        header = self.account.git_header()
        return _git.remote(url, self.tools.network, self.tools.scratch, header=header, seconds=seconds, most=most)

    def _files(self, git: _git.Git, unit: Unit, head: str) -> Iterator[Told]:
        commit = self._fetched(git, head)
        name = str(unit.hints["name"])
        place = _tree.Place(
            owner=self.names.owner(name),
            where=f"{self.names.host}:{name}@{commit[:12]}",
            source=self.source,
            scope=unit.scope,
            location=self.names.location,
            archived=bool(unit.hints.get("archived")),
            inherited=self._origin(unit),
        )
        tree = Blobs(git, commit, far=True)
        readers = Readers(self.settings, self.tools, self.account, tree, place, unit)
        for one in _content.read(tree, place, self.tools):
            yield from readers.told(one)
        yield from readers.elsewhere(commit)

    def _fetched(self, git: _git.Git, head: str) -> str:
        """The commit of the listing, or the branch's present one where that was rewritten since."""
        try:
            _git.fetch_trees(git, head)
        except _git_errors.Vanished:
            _git.fetch_trees(git, "+HEAD:refs/heads/main")
            return git.run("rev-parse", "refs/heads/main").decode().strip()
        return head

    def _origin(self, unit: Unit) -> Collection[str]:
        """The blobs of what a fork was made from. Where that cannot be read, everything counts as the fork's own."""
        parent = unit.hints.get("fork_of")
        if not isinstance(parent, str):
            return frozenset()
        try:
            with self._remote(parent) as git:
                _git.fetch_trees(git, "+HEAD:refs/heads/main")
                return frozenset(entry.oid for entry in _git.entries(git, "refs/heads/main", sizes=False))
        except ReadError as error:
            self.tools.note(f"{unit.hints['name']}: its origin {parent} cannot be read ({error}); all its files count as its own")
            return frozenset()

    def _released(self, unit: Unit) -> Iterator[Told]:
        """Release assets that are models by their name; GitHub knows the digest of the newer ones."""
        named = unit.hints.get("releases")
        if not isinstance(named, tuple) or not named:
            return
        name = str(unit.hints["name"])
        reader = Reader(self.account.client, self.account, self.tools.facts)
        digests = self._digests(reader, name)
        for entry in named:
            tag, asset, size = entry.rsplit("/", 2)
            yield from self._asset(unit, name, f"releases/{tag}/{asset}", int(size), digests.get(f"{tag}/{asset}"))
        yield from reader.learned

    def _digests(self, reader: Reader, name: str) -> dict[str, str]:
        releases = reader.rows(f"/repos/{quote(name)}/releases", "")
        assets = [(release["tag_name"], asset) for release in releases for asset in release.get("assets") or ()]
        return {f"{tag}/{asset.get('name')}": asset["digest"] for tag, asset in assets if asset.get("digest")}

    def _asset(self, unit: Unit, name: str, path: str, size: int, digest: str | None) -> Iterator[Observation]:
        owner = self.names.owner(name)
        key = f"artifact:{owner}:{path}"
        evidence = (Evidence(f"{self.names.host}:{name}:{path}", "github-release"),)
        formats = table().candidates(path)
        attributes: dict[str, Value] = {
            **self.names.location,
            "repository": f"repo:{owner}",
            "path": path,
            "bytes": size,
            "context": "archived" if unit.hints.get("archived") else "production",
            **({"format": formats[0].id} if formats else {}),
            **({"public": True} if unit.hints.get("visibility") == "public" else {}),
        }
        yield Sighting(key, Kind.ARTIFACT, (digest,) if digest else (), attributes, evidence)
        yield Link(f"repo:{owner}", Relation.CONTAINS, key, evidence)


def repository(names: Names, unit: Unit) -> Sighting:
    """The repository itself, as the listing knows it."""
    hints = unit.hints
    name = str(hints["name"])
    fields = ("archived", "created", "default_branch", "fork", "head", "languages", "pushed", "visibility")
    attributes: dict[str, Value] = {**names.location, **{field: hints[field] for field in fields if field in hints}}
    if "fork_of" in hints:
        attributes["fork_of"] = names.repository(str(hints["fork_of"]))
    identifiers = (f"uid:github:{hints['id']}",)
    return Sighting(names.repository(name), Kind.REPOSITORY, identifiers, attributes, (Evidence(f"{names.host}:{name}", RULE),))
