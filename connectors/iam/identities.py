"""Users and roles as identities: who may become them, and which AI they may invoke."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from connectors._aws import AwsSettings, known, labels, utc
from connectors.iam.directory import Directory, Principal
from connectors.iam.policies import matches, services
from scanner.model import Confidence, Evidence, Gap, Kind, Link, Observation, Reason, Relation, Sighting, Value

BEDROCK = ("bedrock:InvokeModel", "bedrock:InvokeModelWithResponseStream", "bedrock:InvokeAgent")
SAGEMAKER = ("sagemaker:InvokeEndpoint", "sagemaker:InvokeEndpointAsync", "sagemaker:InvokeEndpointWithResponseStream")
WEIGHTS = ("s3:GetObject",)
SINGLE_SIGN_ON = "/aws-reserved/sso.amazonaws.com/"


class Scope(NamedTuple):
    """The account whose directory it is. `endpoints` are the ARNs of the SageMaker endpoints that an earlier source saw."""

    source: str
    account: str
    scope: str
    settings: AwsSettings
    endpoints: tuple[str, ...]


def identities(directory: Directory, here: Scope, people: frozenset[str]) -> Iterator[Observation | Gap]:
    """Every user and role with its links. `people` are the ARNs of users that sign in with a password."""
    for principal in directory.principals:
        evidence = (Evidence(principal.arn, "iam-identity"),)
        yield Sighting(f"identity:{principal.arn}", Kind.IDENTITY, (principal.arn,), _attributes(principal, here, people), evidence)
        yield from _becomes(principal)
        yield from _may(principal, here)
        if principal.unread:
            detail = f"policies that are not in IAM's format: {', '.join(principal.unread)}"
            yield Gap(here.source, f"{here.scope}/{principal.name}", Reason.UNPARSED, detail)


def _attributes(principal: Principal, here: Scope, people: frozenset[str]) -> dict[str, Value]:
    detail, used = principal.detail, principal.detail.get("RoleLastUsed")
    return known(
        platform="aws",
        account=here.account,
        type="iam-role" if principal.is_role else "iam-user",
        created=utc(detail.get("CreateDate")),
        last_used=utc((used or {}).get("LastUsedDate")),
        last_used_known=True if used is not None else None,
        trusts=tuple(trust.name for trust in principal.trusts),
        over_privileged=True if principal.may_do_everything else None,
        human=True if principal.arn in people or SINGLE_SIGN_ON in principal.arn else None,
        opens=services(principal.mine),
        **labels(here.settings, detail.get("Tags", [])),
    )


def _becomes(principal: Principal) -> Iterator[Link]:
    evidence = (Evidence(f"{principal.arn}:AssumeRolePolicyDocument", "iam-trust"),)
    for trust in principal.trusts:
        if trust.source:
            yield Link(trust.source, Relation.ASSUMES, f"identity:{principal.arn}", evidence)


def _may(principal: Principal, here: Scope) -> Iterator[Link]:
    """What it is allowed to call or load: a permission, not a use, so it is inferred."""
    source, evidence = f"identity:{principal.arn}", (Evidence(principal.arn, "iam-allows", Confidence.INFERRED),)
    called = {target for pattern in principal.may(*BEDROCK) for target in _bedrock(pattern, here.account)}
    called |= {target for pattern in principal.may(*SAGEMAKER) for target in _sagemaker(pattern, here)}
    yield from (Link(source, Relation.INVOKES, target, evidence) for target in sorted(called))
    loaded = {target for pattern in principal.may(*WEIGHTS) for target in _prefix(pattern)}
    yield from (Link(source, Relation.LOADS, target, evidence) for target in sorted(loaded))


def _bedrock(pattern: str, account: str) -> Iterable[str]:
    """A model by its ARN where the pattern names one; else Bedrock as a whole."""
    name = pattern.rpartition("/")[2]
    if pattern.startswith("arn:") and ":bedrock:" in pattern and name and not set(name) & {"*", "?"}:
        return (pattern,)
    return (f"endpoint:aws/{account}/bedrock",) if _reaches(pattern, "bedrock") else ()


def _sagemaker(pattern: str, here: Scope) -> Iterable[str]:
    """The endpoints that the pattern names; SageMaker as a whole where it names none that was seen: they may be gone, or elsewhere."""
    name = pattern.rpartition("/")[2]
    if not _reaches(pattern, "sagemaker"):
        return ()
    if ":endpoint/" in pattern and name and not set(pattern) & {"*", "?"}:
        return (f"endpoint:{pattern}",)
    meant = tuple(f"endpoint:{arn}" for arn in here.endpoints if matches(pattern, arn)) if name.strip("*?") else ()
    return meant or (f"endpoint:aws/{here.account}/sagemaker",)


def _reaches(pattern: str, service: str) -> bool:
    """Whether things of the service can be what the pattern means."""
    parts = pattern.split(":")
    return pattern == "*" or (len(parts) > 2 and matches(parts[2], service))


def _prefix(pattern: str) -> Iterable[str]:
    """A part of a bucket that is named up to a wildcard. A whole bucket is not taken for weights: backups read those."""
    path = pattern.partition(":s3:::")[2]
    bucket, _, key = path.partition("/")
    literal = key.split("*")[0].split("?")[0].split("$")[0]
    if not bucket or set(bucket) & {"*", "?", "$"} or not literal.strip("/"):
        return ()
    return (
        (f"s3://{bucket}/{literal}" if literal == key else f"s3://{bucket}/{literal.rpartition('/')[0]}/",)
        if "/" in literal or literal == key
        else ()
    )
