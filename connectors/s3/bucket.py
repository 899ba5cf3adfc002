"""What is said of a bucket as a whole: its region, its labels, whether anyone may read it."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from connectors._aws import Aws, Gone, call, labels
from scanner.errors import AccessDenied, NotServed, ReadError
from scanner.model import Value

EVERYONE = "http://acs.amazonaws.com/groups/global/AllUsers"
READS = ("READ", "FULL_CONTROL")
Reply = Mapping[str, Any]


class Facts(NamedTuple):
    """Attributes for every artifact in the bucket, and the permissions that were missing."""

    attributes: Mapping[str, Value]
    missing: tuple[str, ...]


class _Asker:
    """Asks one question after another; remembers which were denied."""

    def __init__(self, client: Any, bucket: str) -> None:
        self.client = client
        self.bucket = bucket
        self.missing: list[str] = []

    def ask(self, operation: str, **more: object) -> Reply | None:
        """The answer; an empty one where nothing is configured, None where it is not known."""
        try:
            return call(self.client, operation, Bucket=self.bucket, **more)
        except Gone:
            return {}
        except NotServed:
            return None
        except AccessDenied as error:
            self.missing.append(error.remedy.removeprefix("allow "))
            return None
        except ReadError as error:
            self.missing.append(str(error))
            return None


def facts(aws: Aws, client: Any, bucket: str) -> Facts:
    """What the bucket's settings say; each that may not be read is left unknown and named."""
    asker = _Asker(client, bucket)
    tags = (asker.ask("GetBucketTagging") or {}).get("TagSet", ())
    block = _blocks(aws, asker)
    policy, acl, owns = asker.ask("GetBucketPolicyStatus"), asker.ask("GetBucketAcl"), asker.ask("GetBucketOwnershipControls")
    told = {"public": _public(block, policy, owns), "public_listing": _listed(block, acl, owns), **labels(aws.settings, tags)}
    return Facts({name: value for name, value in told.items() if value is not None}, tuple(sorted(set(asker.missing))))


def _blocks(aws: Aws, asker: _Asker) -> Reply | None:
    """The account's and the bucket's blocks together: what either forbids is forbidden. None where neither could be read."""
    own = asker.ask("GetPublicAccessBlock")
    if aws.settings.endpoint_url:
        return None if own is None else own.get("PublicAccessBlockConfiguration", {})
    whole = _of_account(aws, asker)
    both = [reply.get("PublicAccessBlockConfiguration", {}) for reply in (own, whole) if reply is not None]
    return {name: True for reply in both for name, on in reply.items() if on} if both else None


def _of_account(aws: Aws, asker: _Asker) -> Reply | None:
    try:
        return call(aws.client("s3control"), "GetPublicAccessBlock", AccountId=aws.account_id)
    except Gone:
        return {}
    except ReadError as error:
        asker.missing.append(error.remedy.removeprefix("allow ") or str(error))
        return None


def _public(block: Reply | None, policy: Reply | None, owns: Reply | None) -> bool | None:
    """True where a policy lets anyone in and nothing forbids it; False where neither a policy nor any object's ACL can; else unknown."""
    by_policy = None if policy is None else bool(policy.get("PolicyStatus", {}).get("IsPublic"))
    if by_policy and (block or {}).get("RestrictPublicBuckets"):
        by_policy = False
    if by_policy:
        return None if block is None else True
    acl_off = bool((block or {}).get("IgnorePublicAcls")) or _enforced(owns)
    return False if acl_off and (by_policy is False or (block or {}).get("RestrictPublicBuckets")) else None


def _listed(block: Reply | None, acl: Reply | None, owns: Reply | None) -> bool | None:
    """Whether the bucket's own ACL lets anyone list it."""
    if (block or {}).get("IgnorePublicAcls") or _enforced(owns):
        return False
    if acl is None:
        return None
    open_to_all = any(
        grant.get("Grantee", {}).get("URI") == EVERYONE and grant.get("Permission") in READS for grant in acl.get("Grants", ())
    )
    return None if open_to_all and block is None else open_to_all


def _enforced(owns: Reply | None) -> bool:
    rules = (owns or {}).get("OwnershipControls", {}).get("Rules", ())
    return any(rule.get("ObjectOwnership") == "BucketOwnerEnforced" for rule in rules)
