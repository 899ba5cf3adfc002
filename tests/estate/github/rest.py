"""The REST side: each reply is built from the specs, filled up to the shape that GitHub describes, and held against it."""

import hashlib
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from tests.estate.github import contract
from tests.estate.github.graph import node_id
from tests.estate.github.specs import App, DeployKey, Environment, Organisation, Release, Repository, Secret, secret
from tests.estate.github.state import State, Viewer

Json = Any
PAGED = {"secrets", "variables", "repositories", "environments", "installations"}


class Asked(msgspec.Struct, frozen=True):
    """One request, taken apart. `parts` are the path's variables."""

    state: State
    viewer: Viewer
    parts: Mapping[str, str]
    app: App | None
    token: str

    @property
    def owner(self) -> Organisation:
        found = self.state.organisation(self.parts.get("org") or self.parts.get("owner") or self.parts.get("username") or "")
        if found is None:
            raise NotFound
        return found

    @property
    def repository(self) -> Repository:
        found = self.state.repository(self.owner.login, self.parts["repo"])
        if found is None or not self.viewer.sees(found.name):
            raise NotFound
        return found

    @property
    def environment(self) -> Environment:
        found = next((entry for entry in self.repository.environments if entry.name == self.parts["environment_name"]), None)
        if found is None:
            raise NotFound
        return found


class NotFound(Exception):
    """GitHub says 404 also where it may not say 403."""


class Denied(Exception):
    """A permission is missing; the message is its name."""


def answer(asked: Asked, method: str, template: str) -> Json:
    """The whole reply, before paging."""
    permission, build = ROUTES[(method, template)]
    if permission in asked.viewer.denied:
        raise Denied(permission)
    body = build(asked)
    schema = contract.schema_of(template, method.lower(), "201" if method == "POST" else "200")
    return contract.filled(schema, body) if schema else body


def _secrets(entries: tuple[str | Secret, ...], *, organisation: bool = False) -> Json:
    named = [secret(entry) for entry in entries]
    plain = [{"name": entry.name, "created_at": entry.created, "updated_at": entry.updated} for entry in named]
    if organisation:
        plain = [{**row, "visibility": entry.visibility} for row, entry in zip(plain, named, strict=True)]
    return {"total_count": len(plain), "secrets": plain}


def _variables(entries: Mapping[str, str], *, organisation: bool = False) -> Json:
    shared = {"created_at": "2025-01-15T09:00:00Z", "updated_at": "2025-01-15T09:00:00Z"} | ({"visibility": "all"} if organisation else {})
    return {"total_count": len(entries), "variables": [{"name": name, "value": value, **shared} for name, value in entries.items()]}


def _selected(asked: Asked, entries: tuple[str | Secret, ...]) -> Json:
    found = next((one for entry in entries if (one := secret(entry)).name == asked.parts["secret_name"]), None)
    if found is None or found.visibility != "selected":
        raise NotFound
    rows = [_minimal(asked.owner, name) for name in found.selected]
    return {"total_count": len(rows), "repositories": rows}


def _minimal(owner: Organisation, name: str) -> Json:
    return {"id": 1, "node_id": node_id("R", name), "name": name, "full_name": f"{owner.login}/{name}", "private": True}


def _key(entry: DeployKey) -> Json:
    return {
        "id": entry.id, "key": "ssh-ed25519 AAAA", "url": "https://example.org/", "title": entry.title, "verified": True,
        "created_at": entry.created, "read_only": entry.read_only, "last_used": entry.last_used, "enabled": True,
    }  # fmt: skip


def _release(entry: Release) -> Json:
    assets = [
        {"name": asset.name, "size": asset.size, "digest": f"sha256:{asset.sha256}" if asset.sha256 else None, "state": "uploaded"}
        for asset in entry.assets
    ]
    return {"tag_name": entry.tag, "created_at": entry.created, "draft": False, "assets": assets}


def _organisation(asked: Asked) -> Json:
    private = sum(entry.visibility != "public" for entry in asked.owner.repositories)
    counted = {"total_private_repos": private} if asked.viewer.member else {}
    return {"login": asked.owner.login, "public_repos": len(asked.owner.repositories) - private, **counted}


def _user(asked: Asked) -> Json:
    if asked.viewer.app:
        raise Denied("metadata")
    own = asked.state.organisation(asked.viewer.login)
    if own is None or not own.user:
        return {"login": asked.viewer.login, "user_view_type": "public", "type": "User"}
    private = sum(entry.visibility != "public" for entry in own.repositories)
    counted = {"owned_private_repos": private, "total_private_repos": private}
    return {"login": asked.viewer.login, "user_view_type": "private", "type": "User", **counted}


def _installation(asked: Asked) -> Json:
    app = _app(asked)
    selection = "all" if app.selected is None else "selected"
    return {
        "id": app.installation, "app_id": app.id, "app_slug": app.slug, "repository_selection": selection, "target_type": "Organization",
        "permissions": dict(app.permissions), "account": {"login": asked.state.organisations[0].login},
    }  # fmt: skip


def _app(asked: Asked) -> App:
    if asked.app is None:
        raise Denied("an App")
    return asked.app


def _token(asked: Asked) -> Json:
    app = _app(asked)
    selection = "all" if app.selected is None else "selected"
    body = {
        "token": asked.token,
        "expires_at": "2099-01-01T00:00:00Z",
        "permissions": dict(app.permissions),
        "repository_selection": selection,
    }
    if str(app.installation) != asked.parts["installation_id"]:
        raise NotFound
    return body


ORG, REPO, ENV = "/orgs/{org}", "/repos/{owner}/{repo}", "/repos/{owner}/{repo}/environments/{environment_name}"
ROUTES: dict[tuple[str, str], tuple[str, Callable[[Asked], Json]]] = {
    ("GET", "/user"): ("", _user),
    ("GET", "/rate_limit"): ("", lambda asked: {}),
    ("GET", "/app"): ("", lambda asked: {"id": _app(asked).id, "slug": _app(asked).slug, "name": _app(asked).slug}),
    ("GET", "/app/installations"): ("", lambda asked: [_installation(asked)]),
    ("POST", "/app/installations/{installation_id}/access_tokens"): ("", _token),
    ("GET", f"{ORG}/installation"): ("", _installation),
    ("GET", "/users/{username}/installation"): ("", _installation),
    ("GET", ORG): ("", _organisation),
    ("GET", f"{ORG}/actions/secrets"): ("organization_secrets", lambda asked: _secrets(asked.owner.secrets, organisation=True)),
    ("GET", f"{ORG}/actions/variables"): (
        "organization_actions_variables",
        lambda asked: _variables(asked.owner.variables, organisation=True),
    ),
    ("GET", f"{ORG}/dependabot/secrets"): (
        "organization_dependabot_secrets",
        lambda asked: _secrets(asked.owner.dependabot, organisation=True),
    ),
    ("GET", f"{ORG}/actions/secrets/{{secret_name}}/repositories"): (
        "organization_secrets",
        lambda asked: _selected(asked, asked.owner.secrets),
    ),
    ("GET", f"{ORG}/dependabot/secrets/{{secret_name}}/repositories"): (
        "organization_dependabot_secrets",
        lambda asked: _selected(asked, asked.owner.dependabot),
    ),
    ("GET", f"{REPO}/actions/secrets"): ("secrets", lambda asked: _secrets(asked.repository.secrets)),
    ("GET", f"{REPO}/actions/variables"): ("actions_variables", lambda asked: _variables(asked.repository.variables)),
    ("GET", f"{REPO}/dependabot/secrets"): ("dependabot_secrets", lambda asked: _secrets(asked.repository.dependabot)),
    ("GET", f"{REPO}/environments"): (
        "actions",
        lambda asked: {
            "total_count": len(asked.repository.environments),
            "environments": [{"name": entry.name} for entry in asked.repository.environments],
        },
    ),
    ("GET", f"{ENV}/secrets"): ("environments", lambda asked: _secrets(asked.environment.secrets)),
    ("GET", f"{ENV}/variables"): ("environments", lambda asked: _variables(asked.environment.variables)),
    ("GET", f"{REPO}/keys"): ("administration", lambda asked: [_key(entry) for entry in asked.repository.deploy_keys]),
    ("GET", f"{REPO}/releases"): ("", lambda asked: [_release(entry) for entry in asked.repository.releases]),
}


def page(body: Json, per_page: int, number: int) -> tuple[Json, bool]:
    """One page of a reply and whether more follow."""
    if isinstance(body, list):
        return body[(number - 1) * per_page : number * per_page], number * per_page < len(body)
    name = next((key for key in PAGED if isinstance(body, dict) and key in body), None)
    if name is None:
        return body, False
    shown, more = page(body[name], per_page, number)
    return {**body, name: shown}, more


def etag(body: bytes) -> str:
    return f'W/"{hashlib.sha256(body).hexdigest()}"'
