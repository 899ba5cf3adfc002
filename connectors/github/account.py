"""Who we are on GitHub: a token, or an App's installation. Neither is ever part of an address, an argument list or a message."""

import base64
import threading
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

from connectors.github.client import Client
from connectors.github.settings import Settings
from scanner.contracts import Tools
from scanner.errors import AccessDenied, ConfigError, UnexpectedReply

EARLY = timedelta(minutes=5)


class Account:
    """Signs requests. What it learns of itself is asked once."""

    def __init__(self, settings: Settings, tools: Tools, client: Client) -> None:
        self.settings, self.tools, self.client = settings, tools, client
        self.lock = threading.RLock()
        self._token = ""
        self._until = datetime.min.replace(tzinfo=UTC)
        self._installation: Mapping[str, Any] | None = None
        self._principal: str | None = None

    @property
    def is_app(self) -> bool:
        """Whether we sign in as an App."""
        return self.settings.app_id is not None

    def header(self) -> str:
        """The Authorization header of the API."""
        return f"Bearer {self.token()}"

    def git_header(self) -> str:
        """The header that git sends; it reaches git by the environment."""
        pair = base64.b64encode(f"x-access-token:{self.token()}".encode()).decode()
        return f"Authorization: Basic {pair}"

    def token(self) -> str:
        """A token that is valid for some minutes yet."""
        if not self.is_app:
            return self._token or self._given()
        with self.lock:
            if datetime.now(UTC) + EARLY > self._until:
                self._renew()
            return self._token

    def _given(self) -> str:
        self._token = self.tools.secret(self.settings.token)
        if not self._token.isprintable() or " " in self._token:
            raise ConfigError(f"what {self.settings.token} holds is no token: it has spaces or line breaks in it")
        return self._token

    def _renew(self) -> None:
        path = f"/app/installations/{self.installation()['id']}/access_tokens"
        body = self.client.get(path, self._signed(), method="POST").body
        try:
            self._token, self._until = body["token"], datetime.fromisoformat(body["expires_at"])
        except (KeyError, TypeError, ValueError) as error:
            raise UnexpectedReply("GitHub gave the App no token") from error

    def installation(self) -> Mapping[str, Any]:
        """The App's installation on the organisation, as GitHub describes it."""
        with self.lock:
            if self._installation is None:
                self._installation = self._found()
            return self._installation

    def _found(self) -> Mapping[str, Any]:
        login = quote(self.settings.organisation, safe="")
        try:
            found = self.client.get(f"/orgs/{login}/installation", self._signed()).body
        except AccessDenied:
            found = self.client.get(f"/users/{login}/installation", self._signed()).body
        if not isinstance(found, dict) or "id" not in found:
            raise UnexpectedReply("GitHub's description of the App's installation has no id")
        given = self.settings.app_installation
        if given is not None and given != found["id"]:
            raise AccessDenied(
                f"the App's installation on {self.settings.organisation} is not {given}", remedy="leave app_installation out"
            )
        return found

    def _signed(self) -> str:
        from github.Auth import AppAuth  # imported here: PyGithub takes a quarter of a second
        from jwt import PyJWTError

        try:
            return f"Bearer {AppAuth(str(self.settings.app_id), self.tools.secret(self.settings.app_key)).token}"
        except (ValueError, PyJWTError) as error:
            raise ConfigError(f"what {self.settings.app_key} holds is no private key in PEM form") from error

    def principal(self) -> str:
        """Login and scopes of a token; slug, permissions and selection of an App."""
        with self.lock:
            if self._principal is None:
                self._principal = self._app_principal() if self.is_app else self._token_principal()
            return self._principal

    def _app_principal(self) -> str:
        found = self.installation()
        permissions = found.get("permissions")
        granted = ",".join(f"{name}={level}" for name, level in sorted(permissions.items())) if isinstance(permissions, dict) else "?"
        return f"github app {found.get('app_slug')}#{found['id']} {found.get('repository_selection')} {granted}"

    def _token_principal(self) -> str:
        try:
            reply = self.client.get("/user", self.header())
        except AccessDenied as denied:
            if "accept the token" in str(denied):
                raise
            return "github installation token"  # of a workflow run: it is nobody's
        login = reply.body.get("login") if isinstance(reply.body, dict) else None
        if not isinstance(login, str):
            raise UnexpectedReply("GitHub does not say whose token it is", remedy="check api_url")
        scopes = reply.headers.get("x-oauth-scopes")
        expires = reply.headers.get("github-authentication-token-expiration")
        kind = "fine-grained" if scopes is None else ",".join(sorted(filter(None, (scope.strip() for scope in scopes.split(",")))))
        return f"github {login} [{kind}]" + (f" until {expires}" if expires else "")

    @property
    def sees_all(self) -> bool | None:
        """Whether every repository is in sight; None where only the numbers can say."""
        return self.installation().get("repository_selection") == "all" if self.is_app else None

    def may(self, permission: str) -> bool | None:
        """Whether an App was granted a permission; None for a token, which does not say."""
        permissions = self.installation().get("permissions") if self.is_app else None
        return permission in permissions if isinstance(permissions, dict) else None
