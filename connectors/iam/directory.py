"""Everyone in an account and what each may do: one paged call, read once and shared by the units that need it."""

import threading
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from connectors._aws import Aws, replies
from connectors.iam.policies import Statement, allowed, everything, matches, readable, statements
from connectors.iam.trust import Trust, trusts
from scanner.errors import ReadError

Reply = Mapping[str, Any]
KINDS = ("User", "Role", "Group", "LocalManagedPolicy", "AWSManagedPolicy")
LISTS = ("UserDetailList", "RoleDetailList", "GroupDetailList", "Policies")


class Principal(NamedTuple):
    """A user or a role. `boundary` is empty where it has none; `unread` names policies that could not be read."""

    arn: str
    name: str
    detail: Reply
    mine: tuple[Statement, ...]
    boundary: tuple[Statement, ...]
    trusts: tuple[Trust, ...]
    unread: tuple[str, ...]

    @property
    def is_role(self) -> bool:
        """A role rather than a user."""
        return "RoleName" in self.detail

    @property
    def may_do_everything(self) -> bool:
        """An administrator: `*` on `*`, and no boundary that narrows it."""
        return everything(self.mine) and (not self.boundary or everything(self.boundary))

    def may(self, *actions: str) -> frozenset[str]:
        """The resource patterns on which it may do any of these."""
        return allowed(self.mine, self.boundary, *actions)


class Readers(NamedTuple):
    """Who may read one thing: those whose policies name it, and whether anyone else may, through a wildcard over everything."""

    named: tuple[Principal, ...]
    anyone: tuple[Principal, ...]


class Directory(NamedTuple):
    """One account's users and roles, in order of ARN."""

    principals: tuple[Principal, ...]

    def readers(self, arn: str, *actions: str) -> Readers:
        """Who may do one of these actions to a thing."""
        named, anyone = [], []
        for principal in self.principals:
            fitting = [pattern for pattern in principal.may(*actions) if matches(pattern, arn)]
            if any(_names(pattern) for pattern in fitting):
                named.append(principal)
            elif fitting:
                anyone.append(principal)
        return Readers(tuple(named), tuple(anyone))


def _names(pattern: str) -> bool:
    """Whether a pattern names things of its kind: `...:secret:prod/*` does, `...:secret:*` does not."""
    return pattern.rpartition(":")[2].strip("*?/") not in ("", "parameter", "secret")


class Directories:
    """The directory of each account, read at the first need. A failure is remembered too, and raised again."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._read: dict[str, Directory | ReadError] = {}

    def of(self, aws: Aws) -> Directory:
        """The directory of an account. Raises the ReadError with which reading it ended."""
        with self._lock:
            if aws.account_id not in self._read:
                self._read[aws.account_id] = _attempt(aws)
            found = self._read[aws.account_id]
        if isinstance(found, ReadError):
            raise found
        return found


def _attempt(aws: Aws) -> Directory | ReadError:
    try:
        return read(aws)
    except ReadError as error:
        return error


def read(aws: Aws) -> Directory:
    """The directory as AWS has it now."""
    lists: dict[str, list[Reply]] = {name: [] for name in LISTS}
    for page in replies(aws.client("iam"), "GetAccountAuthorizationDetails", Filter=KINDS, MaxItems=1000):
        for name in LISTS:
            lists[name] += page[name]
    managed = {policy["Arn"]: _default(policy) for policy in lists["Policies"]}
    groups = {group["GroupName"]: group for group in lists["GroupDetailList"]}
    people = [_user(user, groups, managed) for user in lists["UserDetailList"]]
    roles = [_principal(role, role["RoleName"], [role], "RolePolicyList", managed) for role in lists["RoleDetailList"]]
    return Directory(tuple(sorted((*people, *roles), key=lambda principal: principal.arn)))


def _default(policy: Reply) -> object:
    return next((version.get("Document") for version in policy.get("PolicyVersionList", []) if version.get("IsDefaultVersion")), None)


def _user(user: Reply, groups: Mapping[str, Reply], managed: Mapping[str, object]) -> Principal:
    holders = [user, *(groups[name] for name in user.get("GroupList", []) if name in groups)]
    return _principal(user, user["UserName"], holders, "UserPolicyList", managed)


def _principal(detail: Reply, name: str, holders: Iterable[Reply], inline: str, managed: Mapping[str, object]) -> Principal:
    documents: dict[str, object] = {}
    for holder in holders:
        rows = [*holder.get(inline, []), *holder.get("GroupPolicyList", [])]
        documents |= {f"{holder['Arn']} {row['PolicyName']}": row.get("PolicyDocument") for row in rows}
        documents |= {row["PolicyArn"]: managed.get(row["PolicyArn"]) for row in holder.get("AttachedManagedPolicies", [])}
    boundary = detail.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn")
    unread = tuple(sorted(label for label, document in documents.items() if not readable(document)))
    return Principal(
        arn=detail["Arn"],
        name=name,
        detail=detail,
        mine=statements(documents.values()),
        boundary=statements([managed[boundary]]) if managed.get(boundary) else (),
        trusts=trusts(detail.get("AssumeRolePolicyDocument")),
        unread=unread,
    )
