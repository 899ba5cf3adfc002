"""What a GitHub source may be told."""

from collections.abc import Iterator

from pydantic import Field, field_validator

from scanner.contracts import SecretName, SourceSettings


class Settings(SourceSettings):
    """An organisation, or a user, on github.com or GitHub Enterprise. Either `token` or the three `app_*` keys."""

    organisation: str = Field(min_length=1, description="login of the organisation, or of a user")
    token: SecretName = Field(
        default="GITHUB_TOKEN", description="variable, or file:/path, that holds a token; not read where app_id is given"
    )
    app_id: int | None = Field(default=None, description="id of a GitHub App to sign in as, in place of a token")
    app_key: SecretName = Field(default="GITHUB_APP_KEY", description="variable, or file:/path, that holds the App's private key (PEM)")
    app_installation: int | None = Field(default=None, description="id of the App's installation; empty: the organisation's own")
    api_url: str = Field(
        default="https://api.github.com", description="address of the REST API; of GitHub Enterprise: https://<host>/api/v3"
    )
    host: str = Field(
        default="", description="host that names of repositories carry; empty: that of api_url. github.com is left out of names"
    )
    exclude: tuple[str, ...] = Field(default=(), description="patterns of repository names that are not read, and are named in a gap")
    settings: bool = Field(
        default=True, description="read the names of secrets, variables and deploy keys too; false: they are a stated blind spot"
    )
    every_dependabot: bool = Field(
        default=False,
        description="read the Dependabot secrets of every repository, not only where .github/dependabot.yml is: a request each",
    )
    branches: int = Field(
        default=200, ge=1, le=5000, description="branches of a repository whose workflows are read; more are a gap: each may use a secret"
    )
    max_requests: int | None = Field(default=None, ge=1, description="a ceiling on API requests in one run; empty: GitHub's own limits")
    max_bytes: int = Field(default=50_000_000_000, gt=0, description="a ceiling on the bytes read in one run")
    max_clone_bytes: int = Field(default=2_000_000_000, ge=1_000_000, description="a repository that brings more than this is a gap")

    def secrets(self) -> Iterator[str]:
        """Where the token lies, or the App's key: only one of them is read."""
        yield self.token if self.app_id is None else self.app_key

    @field_validator("api_url")
    @classmethod
    def _is_address(cls, value: str) -> str:
        if not value.startswith(("https://", "http://")) or "@" in value:
            raise ValueError("give an address such as https://api.github.com, without a user or token in it")
        return value.rstrip("/")
