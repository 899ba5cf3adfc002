"""Every repository in one GraphQL page per hundred, as units. docs.github.com/graphql: RepositoryOwner.repositories."""

import fnmatch
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from connectors.github.account import Account
from connectors.github.client import Client
from connectors.github.settings import Settings
from scanner.detect.artifacts import is_artifact
from scanner.errors import AccessDenied, UnexpectedReply, Unreachable
from scanner.model import Gap, Reason, Unit, Value

PAGE, SMALLEST, TOGETHER = 100, 10, 25
LEFT_OUT = "`settings` is false: secrets, variables and deploy keys are not read"
MODELS = " fragment Models on Release { tagName releaseAssets(first: 20) { nodes { name size } } }"
PLAIN = """
id name nameWithOwner isArchived isFork isEmpty isDisabled visibility createdAt pushedAt
parent { nameWithOwner }
defaultBranchRef { name target { oid } }
languages(first: 10, orderBy: {field: SIZE, direction: DESC}) { nodes { name } }
refs(refPrefix: "refs/heads/", first: 1) { totalCount }
workflows: object(expression: "HEAD:.github/workflows") { oid }
dependabot: object(expression: "HEAD:.github/dependabot.yml") { oid }
dependabotYaml: object(expression: "HEAD:.github/dependabot.yaml") { oid }
releases(first: 5, orderBy: {field: CREATED_AT, direction: DESC}) { totalCount nodes { ...Models } }
"""
ADMIN = "environments(first: 100) { totalCount nodes { name } } deployKeys(first: 1) { totalCount }"
"""Fields that need more than reading. One that is refused takes its whole repository out of the page, so they can be left out."""
QUERY = """query($login: String!, $after: String, $first: Int!) {
  repositoryOwner(login: $login) { __typename login
    repositories(first: $first, after: $after, ownerAffiliations: [OWNER], orderBy: {field: CREATED_AT, direction: ASC}) {
      totalCount pageInfo { hasNextPage endCursor } nodes { %s } } } }"""
OLDER = """query($ids: [ID!]!) { nodes(ids: $ids) { ... on Repository { id
  releases(first: 100, orderBy: {field: CREATED_AT, direction: DESC}) { totalCount nodes { ...Models } } } } }"""


class Page(msgspec.Struct, frozen=True):
    """Part of the listing. `errors` came beside the data."""

    organisation: bool
    login: str
    total: int
    nodes: tuple[Mapping[str, Any], ...]
    after: str | None
    errors: tuple[str, ...] = ()


class Listing:
    """One walk over an owner's repositories."""

    def __init__(self, settings: Settings, client: Client, account: Account, source: str) -> None:
        self.settings, self.client, self.account, self.source = settings, client, account, source
        self.scope = f"github/{settings.organisation}"
        self.fields = PLAIN + ADMIN
        self.size = PAGE

    def units(self) -> Iterator[Unit | Gap]:
        """Units of all repositories, then of the organisation; a Gap where the listing is not all there is."""
        seen = private = 0
        page = None
        for page in self.pages():
            releases = self._releases(page.nodes)
            for node in page.nodes:
                seen += 1
                private += node.get("visibility") != "PUBLIC"
                yield from self.repository(node, releases[str(node["id"])])
            yield from (self._gap(Reason.PARTIAL, f"the listing came with an error: {error}") for error in page.errors)
        if page is None:
            return
        if seen < page.total:
            yield self._gap(Reason.PARTIAL, f"the listing gave {seen} of {page.total} repositories", "run again; then check the token")
        yield from self._hidden(page, private)
        if page.organisation:
            yield from self._of_organisation()

    def _of_organisation(self) -> Iterator[Unit | Gap]:
        yield Unit(f"{self.scope}#members", f"{self.scope}#members")
        if self.settings.settings:
            yield Unit(f"{self.scope}#secrets", f"{self.scope}#secrets")
        else:
            yield self._gap(Reason.SKIPPED, LEFT_OUT, scope=f"{self.scope}#secrets")

    def pages(self) -> Iterator[Page]:
        """Every page; smaller ones where GitHub cannot make a large one in time."""
        after: str | None = None
        while True:
            page = self._page(after)
            yield page
            if page.after is None:
                return
            after = page.after

    def _page(self, after: str | None) -> Page:
        try:
            data, errors = self._asked(after)
        except Unreachable:
            if self.size <= SMALLEST:
                raise
            self.size = max(SMALLEST, self.size // 4)
            return self._page(after)
        if errors and self.fields != PLAIN:
            self.fields = PLAIN
            return self._page(after)
        return self._parsed(data, errors)

    def _asked(self, after: str | None) -> tuple[Mapping[str, Any], list[Mapping[str, Any]]]:
        variables = {"login": self.settings.organisation, "after": after, "first": self.size}
        return self.client.graphql(QUERY % self.fields + MODELS, variables, self.account.header())

    def _parsed(self, data: Mapping[str, Any], errors: list[Mapping[str, Any]]) -> Page:
        owner = data.get("repositoryOwner")
        if owner is None:
            raise AccessDenied(
                f"no organisation or user {self.settings.organisation!r} is visible to the token",
                remedy="check `organisation`, and the token's access",
            )
        try:
            listed = owner["repositories"]
            info = listed["pageInfo"]
            nodes = tuple(node for node in listed["nodes"] if node is not None)
            after = info["endCursor"] if info["hasNextPage"] else None
            kinds = tuple(sorted({str(error.get("type") or "unnamed") for error in errors}))
            return Page(owner["__typename"] == "Organization", owner["login"], listed["totalCount"], nodes, after, kinds)
        except (KeyError, TypeError) as error:
            raise UnexpectedReply("GitHub's listing has not the shape that it documents", remedy="check api_url") from error

    def repository(self, node: Mapping[str, Any], releases: Mapping[str, Any]) -> Iterator[Unit | Gap]:
        """The units of one repository."""
        scope = f"{self.scope}/{node['name']}"
        if any(fnmatch.fnmatchcase(node["name"], pattern) for pattern in self.settings.exclude):
            yield self._gap(Reason.SKIPPED, "excluded by the config", scope=scope)
            return
        hints = hints_of(node, releases)
        yield Unit(f"{scope}#content", f"{scope}#content", revision(hints), hints)
        if self.settings.settings:
            yield Unit(f"{scope}#settings", f"{scope}#settings", None, hints)
        else:
            yield self._gap(Reason.SKIPPED, LEFT_OUT, scope=f"{scope}#settings")

    def _releases(self, nodes: Sequence[Mapping[str, Any]]) -> Mapping[str, Mapping[str, Any]]:
        """The releases of each repository: those of the listing, or all of them where it holds only the newest, some at a time."""
        found = {str(node["id"]): node.get("releases") or {} for node in nodes}
        more = [key for key, releases in found.items() if _more(releases)]
        for start in range(0, len(more), TOGETHER):
            data, _ = self.client.graphql(OLDER + MODELS, {"ids": more[start : start + TOGETHER]}, self.account.header())
            found |= {node["id"]: node["releases"] for node in data.get("nodes") or () if node and node.get("releases")}
        return found

    def _hidden(self, page: Page, private: int) -> Iterator[Gap]:
        """A token sees what its owner sees. Whether that is all, only the organisation's own numbers can say."""
        if self.account.sees_all is False:
            yield self._gap(Reason.PARTIAL, "the App sees selected repositories only", "install it on all repositories")
        if self.account.sees_all is not None:
            return
        if not page.organisation:
            yield from self._of_user(page.login, private)
            return
        body = self.client.get(f"/orgs/{page.login}", self.account.header()).body
        counted = body.get("total_private_repos") if isinstance(body, dict) else None
        remedy = "use an owner's token, or an App that is installed on all repositories"
        if not isinstance(counted, int):
            yield self._gap(Reason.PARTIAL, "the token may not know how many private repositories there are", remedy)
        elif private < counted:
            yield self._gap(Reason.PARTIAL, f"the token sees {private} of {counted} private repositories", remedy)

    def _of_user(self, login: str, private: int) -> Iterator[Gap]:
        """A user's private repositories are in sight of that user's own token alone, and of a fine-grained one in part."""
        remedy = f"use a token of {login} with access to all repositories, or an App that is installed on all of them"
        try:
            body = self.client.get("/user", self.account.header()).body
        except AccessDenied:
            body = None
        own = isinstance(body, dict) and str(body.get("login", "")).lower() == login.lower()
        counted = body.get("owned_private_repos") if own and isinstance(body, dict) else None
        if not isinstance(counted, int):
            yield self._gap(Reason.PARTIAL, f"the token may not know how many private repositories {login} has", remedy)
        elif private < counted:
            yield self._gap(Reason.PARTIAL, f"the token sees {private} of {counted} private repositories", remedy)

    def _gap(self, reason: Reason, detail: str, remedy: str = "", *, scope: str | None = None) -> Gap:
        return Gap(self.source, scope or self.scope, reason, detail, remedy)


def hints_of(node: Mapping[str, Any], releases: Mapping[str, Any]) -> dict[str, Value]:
    """What the listing knows of a repository, as the units carry it; what it could not know is left out."""
    branch = node.get("defaultBranchRef") or {}
    environments, keys = node.get("environments"), node.get("deployKeys")
    hints: dict[str, Value] = {
        "archived": bool(node.get("isArchived")),
        "branches": (node.get("refs") or {}).get("totalCount", 0),
        "created": node.get("createdAt"),
        "default_branch": branch.get("name"),
        "dependabot": bool(node.get("dependabot") or node.get("dependabotYaml")),
        "disabled": bool(node.get("isDisabled")),
        "fork": bool(node.get("isFork")),
        "fork_of": (node.get("parent") or {}).get("nameWithOwner"),
        "head": (branch.get("target") or {}).get("oid"),
        "id": node["id"],
        "languages": tuple(language["name"] for language in (node.get("languages") or {}).get("nodes") or ()),
        "name": node["nameWithOwner"],
        "pushed": node.get("pushedAt"),
        "releases": _models(releases),
        "visibility": str(node.get("visibility", "")).lower(),
        "workflows": bool(node.get("workflows")),
    }
    if environments is not None and environments["totalCount"] <= len(environments["nodes"]):
        hints["environments"] = tuple(entry["name"] for entry in environments["nodes"])
    if keys is not None:
        hints["deploy_keys"] = keys["totalCount"]
    return {name: value for name, value in hints.items() if value is not None}


def _models(releases: Mapping[str, Any]) -> tuple[str, ...]:
    """`tag/name/bytes` of each release asset that is a model by its name."""
    found = [(str(release["tagName"]), asset) for release in releases.get("nodes") or () for asset in release["releaseAssets"]["nodes"]]
    return tuple(f"{tag}/{asset['name']}/{asset['size']}" for tag, asset in found if is_artifact(asset["name"], asset["size"]))


def _more(releases: Mapping[str, Any]) -> bool:
    """Whether there are older releases, of a repository that puts files into them."""
    nodes = releases.get("nodes") or ()
    return releases.get("totalCount", 0) > len(nodes) and any(release["releaseAssets"]["nodes"] for release in nodes)


def revision(hints: Mapping[str, Value]) -> str:
    """HEAD, and what else the content's reading depends on; the last push too where other branches may hold workflows."""
    branches = hints.get("branches")
    several = isinstance(branches, int) and branches > 1
    named = (hints.get(name) for name in ("releases", "archived", "fork_of", "environments"))
    rest = (*named, hints.get("pushed") if several else None)
    return f"{hints.get('head', 'empty')}+{hashlib.sha256(repr(rest).encode()).hexdigest()[:12]}"
