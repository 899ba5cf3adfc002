"""Who reads a repository's secrets: its workflows on every branch, its Dependabot, and those who are handed all of them at once.

A workflow names a secret without saying who holds it, and runs from the branch that was pushed to. Missing a reader would call a
secret orphaned that is used; so whatever may be read counts as read.
"""

import re
from collections.abc import Iterator
from urllib.parse import quote

import msgspec

from connectors import _git, _tree
from connectors._blobs import Blobs
from connectors.github.account import Account
from connectors.github.conditional import Reader
from connectors.github.settings import Settings
from scanner.contracts import Facts, Tools
from scanner.detect.sightings import observations
from scanner.errors import AccessDenied, NotServed
from scanner.model import Evidence, Gap, Learned, Link, Observation, Reason, Relation, Unit

WORKFLOWS = ".github/workflows/"
DEPENDABOT = (".github/dependabot.yml", ".github/dependabot.yaml")
TEXT = 4 << 20
ALL_SECRETS = re.compile(rb"secrets\s*:\s*[\"']?inherit|toJSON\(\s*secrets\s*\)|\bsecrets\[", re.IGNORECASE)
"""Handed on as a whole, or named only when the workflow runs."""
NAMED = re.compile(rb"\bsecrets\.(\w+)")
ALL_READ = "github-all-secrets-1"
RULE = "github-secrets"
Told = Observation | Gap | Learned


class Readers:
    """The readers in one repository; `tree` is its clone."""

    def __init__(self, settings: Settings, tools: Tools, account: Account, tree: Blobs, place: _tree.Place, unit: Unit) -> None:
        self.settings, self.tools, self.account, self.place, self.unit = settings, tools, account, place, unit
        self.tree, self.git = tree, tree.git
        self.name = str(unit.hints["name"])
        self.key, self.above = f"credential:github/{self.name}", f"credential:github/{self.name.partition('/')[0]}"

    def told(self, one: Told) -> Iterator[Told]:
        """An observation, with a link to each who may hold the secret that it reads."""
        if not isinstance(one, Link) or one.relation is not Relation.READS or not one.target.startswith(f"{self.key}/actions/"):
            yield one
            return
        secret = one.target.removeprefix(f"{self.key}/actions/")
        yield from (msgspec.structs.replace(one, target=f"{holder}/{secret}") for holder in self._holders())

    def _holders(self) -> list[str]:
        environments = self.unit.hints.get("environments")
        named = [f"{self.key}/environment/{each}" for each in environments] if isinstance(environments, tuple) else []
        return [f"{self.key}/actions", f"{self.above}/actions", *named]

    def elsewhere(self, commit: str) -> Iterator[Told]:
        """Readers on other branches, Dependabot, and readers of everything."""
        if not (self.unit.hints.get("workflows") or self.unit.hints.get("dependabot") or self.unit.hints.get("branches") not in (0, 1)):
            return
        tips, gaps = ([], []) if self.place.archived else self._tips(commit)
        yield from gaps
        if tips:
            _git.fetch_trees(self.git, *tips)
        here = {entry.oid: entry.path for path in (WORKFLOWS, *DEPENDABOT) for entry in self._entries(commit, path)}
        there = {entry.oid: (entry.path, tip) for tip in tips for entry in self._entries(tip, WORKFLOWS) if entry.oid not in here}
        self.tree.bring([_tree.File(path, None, oid) for oid, path in [*here.items(), *((oid, at[0]) for oid, at in there.items())]])
        everything = False
        for blob in _git.blobs(self.git, [*here, *there], TEXT):
            everything = everything or ALL_SECRETS.search(blob.data) is not None
            if blob.oid in there:
                yield from self._on_branch(blob, *there[blob.oid])
            elif here[blob.oid] in DEPENDABOT:
                yield from self._dependabot(blob, commit, here[blob.oid])
        if everything:
            yield from self._everything(commit)

    def _entries(self, commit: str, path: str) -> Iterator[_git.Entry]:
        return (entry for entry in _git.entries(self.git, commit, sizes=False, under=path) if not entry.symlink)

    def _tips(self, commit: str) -> tuple[list[str], list[Gap]]:
        if self.unit.hints.get("branches") in (0, 1):
            return [], []
        heads = self.git.run("ls-remote", "--heads", "origin").decode("utf-8", "replace").splitlines()
        tips = list(dict.fromkeys(oid for line in heads if (oid := line.partition("\t")[0]) != commit))
        read = tips[: self.settings.branches]
        scope, detail = f"{self.place.scope}/{WORKFLOWS.rstrip('/')}", f"workflows of {len(tips) - len(read)} more branches were not read"
        remedy = "raise `branches` of this source, or delete branches that are merged"
        return read, [Gap(self.place.source, scope, Reason.LIMIT, detail, remedy)] if len(tips) > len(read) else []

    def _where(self, commit: str) -> str:
        return f"{self.place.where.partition('@')[0]}@{commit[:12]}"

    def _on_branch(self, blob: _git.Blob, path: str, tip: str) -> Iterator[Told]:
        location = {"source": self.place.source, "scope": f"{self.place.scope}/{_tree.shown(path)}"}
        for _, findings in self.tools.detector.detect([(_tree.shown(path), blob.data)]):
            for one in observations(self.place.owner, self._where(tip), _tree.shown(path), findings, location):
                if isinstance(one, Gap) or (isinstance(one, Link) and one.relation is Relation.READS):
                    yield from self.told(one)

    def _dependabot(self, blob: _git.Blob, commit: str, path: str) -> Iterator[Told]:
        evidence = (Evidence(f"{self._where(commit)}:{path}", RULE),)
        for name in sorted(set(NAMED.findall(blob.data))):
            for holder in (self.key, self.above):
                yield self._reads(f"{holder}/dependabot/{name.decode()}", evidence)

    def _everything(self, commit: str) -> Iterator[Told]:
        """Every secret there is now is read; and it is remembered that those to come are too (`all_are_read`)."""
        evidence = (Evidence(f"{self._where(commit)}:{WORKFLOWS.rstrip('/')}", RULE),)
        reader = Reader(self.account.client, self.account, self.tools.facts)
        for holder, path in self._lists():
            try:
                names = [str(row["name"]) for row in reader.rows(path, "secrets")]
            except (AccessDenied, NotServed):
                continue  # said where secrets are listed, which is then refused as well
            yield from (self._reads(f"{holder}/{name}", evidence) for name in names)
        yield from reader.learned
        yield Learned(bytes.fromhex(str(self.unit.hints["head"])), ALL_READ, b"1")

    def _lists(self) -> Iterator[tuple[str, str]]:
        repository, organisation = f"/repos/{quote(self.name)}", f"/orgs/{quote(self.name.partition('/')[0])}"
        yield f"{self.key}/actions", f"{repository}/actions/secrets"
        yield f"{self.above}/actions", f"{organisation}/actions/secrets"
        environments = self.unit.hints.get("environments")
        for each in environments if isinstance(environments, tuple) else ():
            yield f"{self.key}/environment/{each}", f"{repository}/environments/{quote(each, safe='')}/secrets"

    def _reads(self, secret: str, evidence: tuple[Evidence, ...]) -> Link:
        return Link(f"repo:{self.place.owner}", Relation.READS, secret, evidence)


def all_are_read(facts: Facts, unit: Unit) -> bool:
    """Whether the content at this HEAD hands on all its secrets, so that nobody can list who reads which."""
    head = unit.hints.get("head")
    return isinstance(head, str) and facts.get(bytes.fromhex(head), ALL_READ) is not None
