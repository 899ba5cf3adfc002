"""The GraphQL side: plain dictionaries that graphql-core walks along GitHub's own schema."""

import base64
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from graphql import GraphQLError, graphql_sync

from tests.estate.github import contract
from tests.estate.github.specs import Organisation, Repository

if TYPE_CHECKING:
    from tests.estate.github.state import State, Viewer

Json = dict[str, Any]


def execute(state: "State", viewer: "Viewer", query: str, variables: Json) -> Json:
    """The reply of POST /graphql: data, errors, or both."""
    result = graphql_sync(contract.graphql_schema(), query, _root(state, viewer), variable_values=variables)
    reply: Json = {"data": result.data}
    if result.errors:
        reply["errors"] = [{"message": error.message, "path": error.path, **(error.extensions or {})} for error in result.errors]
        reply["errors"] = [{"type": error.pop("type", "undefined"), **error} for error in reply["errors"]]
    return reply


def _root(state: "State", viewer: "Viewer") -> Json:
    def owner(_info: Any, login: str) -> Json:
        found = state.organisation(login)
        if found is None:
            raise _error("NOT_FOUND", f"Could not resolve to a RepositoryOwner with the login of '{login}'.")
        return _owner(state, viewer, found)

    def organisation(info: Any, login: str) -> Json:
        return owner(info, login)

    limit = {"cost": 1, "remaining": state.remaining, "resetAt": "2026-11-21T08:00:00Z", "limit": 5000, "used": 5000 - state.remaining}
    return {
        "repositoryOwner": owner,
        "organization": organisation,
        "nodes": lambda _info, ids: [_by_id(state, viewer, wanted) for wanted in ids],
        "rateLimit": lambda _info, dryRun=False: {**limit, "nodeCount": 1},
        "viewer": {"login": viewer.login},
    }


def _by_id(state: "State", viewer: "Viewer", wanted: str) -> Json | None:
    every = ((owner, repository) for owner in state.organisations for repository in owner.repositories if viewer.sees(repository.name))
    found = (_repository(state, viewer, owner, repository) for owner, repository in every if _id(owner, repository) == wanted)
    return next(found, None)


def _id(owner: Organisation, repository: Repository) -> str:
    return node_id("R", repository.node or f"{owner.login}/{repository.name}")


def _owner(state: "State", viewer: "Viewer", spec: Organisation) -> Json:
    return {
        "__typename": "User" if spec.user else "Organization",
        "id": node_id("O", spec.login),
        "login": spec.login,
        "repositories": lambda _info, **arguments: _page(
            [repository for repository in spec.repositories if viewer.sees(repository.name)],
            arguments,
            lambda repository: _repository(state, viewer, spec, repository),
            total=None,
        ),
        "viewerIsAMember": viewer.member,
        "membersWithRole": lambda _info, **arguments: _page(spec.members, arguments, _person),
        "teams": lambda _info, **arguments: _page(list(spec.teams), arguments, lambda slug: _team(spec, slug)),
    }


def _person(login: str) -> Json:
    return {"__typename": "User", "id": node_id("U", login), "login": login}


def _team(spec: Organisation, slug: str) -> Json:
    return {
        "__typename": "Team", "id": node_id("T", f"{spec.login}/{slug}"), "slug": slug, "name": slug,
        "members": lambda _info, **arguments: _page(spec.teams[slug], arguments, _person),
    }  # fmt: skip


def _repository(state: "State", viewer: "Viewer", owner: Organisation, spec: Repository) -> Json:
    oid = state.head(owner.login, spec.name)
    branch = {"name": spec.default_branch, "target": {"__typename": "Commit", "oid": oid, "id": node_id("C", str(oid))}}
    parent_owner, _, parent_name = (spec.fork_of or "").partition("/")
    return {
        "__typename": "Repository",
        "id": _id(owner, spec),
        "databaseId": 1,
        "name": spec.name,
        "nameWithOwner": f"{owner.login}/{spec.name}",
        "owner": {"__typename": "User" if owner.user else "Organization", "login": owner.login},
        "isArchived": spec.archived,
        "isFork": spec.fork_of is not None,
        "isEmpty": oid is None,
        "isDisabled": False,
        "isPrivate": spec.visibility != "public",
        "visibility": spec.visibility.upper(),
        "parent": {"__typename": "Repository", "name": parent_name, "nameWithOwner": f"{parent_owner}/{parent_name}", "isPrivate": False}
        if spec.fork_of
        else None,
        "createdAt": spec.created,
        "pushedAt": spec.pushed,
        "updatedAt": spec.pushed,
        "diskUsage": sum(map(len, spec.files.values())) // 1024,
        "defaultBranchRef": branch if oid else None,
        "refs": lambda _info, **arguments: _page(
            [*([spec.default_branch] if oid else []), *spec.branches], arguments, lambda name: {"name": name}
        ),
        "languages": lambda _info, **arguments: _page(spec.languages, arguments, lambda name: {"name": name}),
        "object": lambda _info, expression=None, oid=None: _object(spec, expression),
        "environments": lambda _info, **arguments: (
            viewer.permitted("environments")
            and _page(spec.environments, arguments, lambda entry: {"id": node_id("EN", entry.name), "name": entry.name})
        ),
        "deployKeys": lambda _info, **arguments: (
            viewer.permitted("administration")
            and _page(spec.deploy_keys, arguments, lambda key: {"id": node_id("DK", str(key.id)), "title": key.title})
        ),
        "releases": lambda _info, **arguments: _page(spec.releases, arguments, _release),
    }


def _release(release: Any) -> Json:
    return {
        "id": node_id("RE", release.tag), "tagName": release.tag, "createdAt": release.created, "isDraft": False,
        "releaseAssets": lambda _info, **arguments: _page(
            release.assets, arguments, lambda asset: {"id": node_id("RA", asset.name), "name": asset.name, "size": asset.size}
        ),
    }  # fmt: skip


def _object(spec: Repository, expression: str | None) -> Json | None:
    path = (expression or "").partition(":")[2]
    if path in spec.files:
        return {"__typename": "Blob", "oid": "0" * 40}
    if any(name.startswith(path + "/") for name in spec.files):
        return {"__typename": "Tree", "oid": "0" * 40}
    return None


def _page(entries: Sequence[Any], arguments: Json, node: Callable[[Any], Json], total: int | None = None) -> Json:
    first = arguments.get("first")
    if first is None or not 1 <= first <= 100:
        raise _error("MISSING_PAGINATION_BOUNDARIES", "You must provide a `first` value between 1 and 100 records.")
    start = int(base64.b64decode(arguments["after"])) if arguments.get("after") else 0
    shown = entries[start : start + first]
    end = start + len(shown)
    return {
        "totalCount": len(entries) if total is None else total,
        "totalSize": 0,
        "pageInfo": {
            "hasNextPage": end < len(entries),
            "hasPreviousPage": start > 0,
            "endCursor": base64.b64encode(str(end).encode()).decode(),
        },
        "nodes": [node(entry) for entry in shown],
    }


def node_id(kind: str, text: str) -> str:
    return f"{kind}_k{base64.urlsafe_b64encode(text.encode()).decode().rstrip('=')}"


def _error(kind: str, message: str) -> GraphQLError:
    return GraphQLError(message, extensions={"type": kind})


def forbidden() -> GraphQLError:
    """What GitHub says to an App or a fine-grained token without the permission of a field."""
    return _error("FORBIDDEN", "Resource not accessible by personal access token")
