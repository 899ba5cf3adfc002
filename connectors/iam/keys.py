"""What authenticates as a user: access keys, and the API keys that IAM calls service-specific credentials."""

from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from connectors._aws import Aws, Gone, call, gap_of, known, pages, utc
from connectors.iam.directory import Directory, Principal
from connectors.iam.identities import Scope
from connectors.iam.policies import services
from scanner.errors import AccessDenied
from scanner.model import Evidence, Gap, Kind, Link, Observation, Relation, Sighting, Value

Reply = Mapping[str, Any]
AT_ONCE = 4  # IAM answers about fifteen such requests a second
ANYWHERE = ("*",)
"""A key works wherever it was copied to."""


class Refusals:
    """Remembers the operations that were denied: the next thousand users need not be asked as well. One gap for each."""

    def __init__(self, here: Scope) -> None:
        self.here = here
        self.denied: dict[str, AccessDenied] = {}

    def gaps(self) -> Iterator[Gap]:
        """What stayed unread."""
        return (gap_of(self.here.source, f"{self.here.scope}/{what}", error) for what, error in sorted(self.denied.items()))


def people(aws: Aws, here: Scope) -> tuple[frozenset[str], tuple[Gap, ...]]:
    """The ARNs of users that have signed in with a password."""
    try:
        listed = pages(aws.client("iam"), "ListUsers", "Users", MaxItems=1000)
        return frozenset(user["Arn"] for user in listed if user.get("PasswordLastUsed")), ()
    except AccessDenied as error:
        return frozenset(), (gap_of(here.source, f"{here.scope}/users", error),)


def access_keys(aws: Aws, here: Scope, directory: Directory) -> Iterator[Observation | Gap]:
    """Every user's access keys, each with when it was last used."""
    refusals = Refusals(here)
    users = [principal for principal in directory.principals if not principal.is_role]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for told in pool.map(lambda user: _of_user(aws, here, user, refusals), users):
            yield from told
    yield from refusals.gaps()


def _of_user(aws: Aws, here: Scope, user: Principal, refusals: Refusals) -> list[Observation | Gap]:
    if "access-keys" in refusals.denied:
        return []
    try:
        keys = list(pages(aws.client("iam"), "ListAccessKeys", "AccessKeyMetadata", UserName=user.name))
    except AccessDenied as error:
        refusals.denied.setdefault("access-keys", error)
        return []
    except Gone as error:
        return [gap_of(here.source, f"{here.scope}/{user.name}", error)]
    return [told for key in keys for told in _key(aws, here, user, key, refusals)]


def _key(aws: Aws, here: Scope, user: Principal, key: Reply, refusals: Refusals) -> Iterable[Observation]:
    number = str(key["AccessKeyId"])
    asset = f"credential:aws/{here.account}/access-key/{number}"
    told = known(
        platform="aws",
        account=here.account,
        type="access-key",
        provider="aws",
        created=utc(key.get("CreateDate")),
        status=_status(key),
        usable_from=ANYWHERE,
        scopes=services(user.mine),
        **_last_used(aws, number, refusals),
    )
    evidence = (Evidence(f"{user.arn}:access-key/{number}", "iam-access-key"),)
    yield Sighting(asset, Kind.CREDENTIAL, (f"uid:aws:{number}",), told, evidence)
    yield Link(f"identity:{user.arn}", Relation.HOLDS, asset, evidence)


def _status(key: Reply) -> str:
    return "active" if key["Status"] == "Active" else "inactive"


def _last_used(aws: Aws, number: str, refusals: Refusals) -> dict[str, Value]:
    """AWS's own record. A key that was never used comes without a date; one that we may not ask for comes without a record."""
    if "access-key-last-used" in refusals.denied:
        return {}
    try:
        used = call(aws.client("iam"), "GetAccessKeyLastUsed", AccessKeyId=number)["AccessKeyLastUsed"]
    except AccessDenied as error:
        refusals.denied.setdefault("access-key-last-used", error)
        return {}
    except Gone:
        return {}
    return known(last_used=utc(used.get("LastUsedDate")), last_used_known=True, last_used_source="iam:GetAccessKeyLastUsed")


def service_credentials(aws: Aws, here: Scope, directory: Directory) -> Iterator[Observation | Gap]:
    """Every user's service-specific credentials, Bedrock's API keys among them. IAM keeps no record of their use."""
    arns = {principal.name: principal.arn for principal in directory.principals if not principal.is_role}
    try:
        for row in pages(aws.client("iam"), "ListServiceSpecificCredentials", "ServiceSpecificCredentials", AllUsers=True):
            yield from _service_credential(here, row, arns)
    except AccessDenied as error:
        yield gap_of(here.source, f"{here.scope}/service-specific-credentials", error)


def _service_credential(here: Scope, row: Reply, arns: Mapping[str, str]) -> Iterator[Observation]:
    number, user = str(row["ServiceSpecificCredentialId"]), str(row["UserName"])
    service = str(row["ServiceName"]).partition(".")[0]
    asset, arn = f"credential:aws/{here.account}/service-specific/{number}", arns.get(user, f"arn:aws:iam::{here.account}:user/{user}")
    told = known(
        platform="aws",
        account=here.account,
        type="service-specific",
        provider="bedrock" if service == "bedrock" else "aws",
        created=utc(row.get("CreateDate")),
        expires=utc(row.get("ExpirationDate")),
        status=_status(row),
        usable_from=ANYWHERE,
        scopes=(service,),
    )
    evidence = (Evidence(f"{arn}:service-specific-credential/{number}", "iam-service-specific-credential"),)
    yield Sighting(asset, Kind.CREDENTIAL, (f"uid:aws:{number}",), told, evidence)
    yield Link(f"identity:{arn}", Relation.HOLDS, asset, evidence)
