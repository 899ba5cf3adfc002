"""What an emulated GitHub holds, as plain values that truth files and tests can write down."""

from collections.abc import Mapping

import msgspec

CREATED = "2025-01-15T09:00:00Z"
PUSHED = "2026-11-01T12:00:00Z"


class Secret(msgspec.Struct, frozen=True):
    """The name of a secret. `visibility` and `selected` count for organisation secrets only."""

    name: str
    created: str = CREATED
    updated: str = CREATED
    visibility: str = "all"
    selected: tuple[str, ...] = ()


class DeployKey(msgspec.Struct, frozen=True):
    id: int
    title: str
    read_only: bool = True
    created: str = CREATED
    last_used: str | None = None


class Environment(msgspec.Struct, frozen=True):
    name: str
    secrets: tuple[str | Secret, ...] = ()
    variables: Mapping[str, str] = {}


class ReleaseAsset(msgspec.Struct, frozen=True):
    name: str
    size: int
    sha256: str | None = None


class Release(msgspec.Struct, frozen=True):
    tag: str
    assets: tuple[ReleaseAsset, ...] = ()
    created: str = CREATED


class Repository(msgspec.Struct, frozen=True):
    """`files` by path; an empty mapping is a repository without a commit. `branches` hold whole trees of other branches."""

    name: str
    files: Mapping[str, bytes] = {}
    archived: bool = False
    fork_of: str | None = None
    visibility: str = "private"
    environments: tuple[Environment, ...] = ()
    secrets: tuple[str | Secret, ...] = ()
    dependabot: tuple[str | Secret, ...] = ()
    variables: Mapping[str, str] = {}
    deploy_keys: tuple[DeployKey, ...] = ()
    releases: tuple[Release, ...] = ()
    languages: tuple[str, ...] = ()
    pushed: str = PUSHED
    created: str = CREATED
    default_branch: str = "main"
    branches: Mapping[str, Mapping[str, bytes]] = {}
    symlinks: Mapping[str, str] = {}
    node: str = ""
    """Set it to keep the node id through a rename."""


class Organisation(msgspec.Struct, frozen=True):
    """An organisation, or a user where `user` is true."""

    login: str
    repositories: tuple[Repository, ...] = ()
    members: tuple[str, ...] = ()
    teams: Mapping[str, tuple[str, ...]] = {}
    secrets: tuple[str | Secret, ...] = ()
    dependabot: tuple[str | Secret, ...] = ()
    variables: Mapping[str, str] = {}
    user: bool = False


class App(msgspec.Struct, frozen=True):
    """A GitHub App installed on the first organisation. `selected`: the only repositories it sees; None: all."""

    id: int = 4711
    slug: str = "gnomon"
    installation: int = 99
    permissions: Mapping[str, str] = msgspec.field(default_factory=lambda: {"contents": "read", "metadata": "read", "secrets": "read"})
    selected: tuple[str, ...] | None = None


def secret(given: str | Secret) -> Secret:
    return given if isinstance(given, Secret) else Secret(given)
