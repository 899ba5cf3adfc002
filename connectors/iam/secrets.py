"""Names of what Secrets Manager and Parameter Store keep, and when it was last read. Values are never asked for."""

from collections.abc import Iterator, Mapping
from typing import Any

from connectors._aws import Aws, call, gap_of, known, labels, pages, utc
from connectors.iam.directory import Directories, Directory, Readers
from connectors.iam.identities import Scope
from connectors.iam.usable import usable_from
from scanner.detect.runtime import credential_name
from scanner.errors import ReadError
from scanner.model import Confidence, Evidence, Gap, Kind, Link, Observation, Relation, Sighting

Reply = Mapping[str, Any]
NOBODY = Readers((), ())


def secrets(aws: Aws, here: Scope, region: str, directories: Directories) -> Iterator[Observation | Gap]:
    """Every secret of a region, those that wait for their deletion too."""
    directory, gaps = _directory(aws, here, directories)
    yield from gaps
    for secret in pages(aws.client("secretsmanager", region), "ListSecrets", "SecretList", IncludePlannedDeletion=True, MaxResults=100):
        yield from _secret(aws, here, region, secret, directory)


def _directory(aws: Aws, here: Scope, directories: Directories) -> tuple[Directory | None, tuple[Gap, ...]]:
    """The account's directory; without it, who may read a secret is not known, and says so."""
    try:
        return directories.of(aws), ()
    except ReadError as error:
        return None, (gap_of(here.source, f"{here.scope}/readers", error),)


def _secret(aws: Aws, here: Scope, region: str, secret: Reply, directory: Directory | None) -> Iterator[Observation]:
    arn, name = str(secret["ARN"]), str(secret["Name"])
    readers = directory.readers(arn, "secretsmanager:GetSecretValue") if directory else None
    told = known(
        platform="aws",
        account=here.account,
        region=region,
        type="secret",
        provider=credential_name(name),
        created=utc(secret.get("CreatedDate")),
        updated=utc(secret.get("LastChangedDate")),
        rotated=utc(secret.get("LastRotatedDate")),
        last_used=utc(secret.get("LastAccessedDate")),
        last_used_known=True,
        last_used_source="secretsmanager:ListSecrets",
        status="inactive" if secret.get("DeletedDate") else "active",
        usable_from=usable_from(here.account, readers, lambda: _is_shared(aws, region, arn)),
        **labels(here.settings, secret.get("Tags", [])),
    )
    yield Sighting(f"credential:{arn}", Kind.CREDENTIAL, (arn,), told, (Evidence(arn, "secretsmanager-secret"),))
    yield from _read_by(arn, readers or NOBODY)


def _is_shared(aws: Aws, region: str, arn: str) -> bool:
    """Whether a resource policy of its own lets others in. What cannot be read may."""
    try:
        return bool(call(aws.client("secretsmanager", region), "GetResourcePolicy", SecretId=arn).get("ResourcePolicy"))
    except ReadError:
        return True


def _read_by(arn: str, readers: Readers) -> Iterator[Link]:
    for principal in readers.named:
        evidence = (Evidence(principal.arn, "iam-allows", Confidence.INFERRED),)
        yield Link(f"identity:{principal.arn}", Relation.READS, f"credential:{arn}", evidence)


def parameters(aws: Aws, here: Scope, region: str, directories: Directories) -> Iterator[Observation | Gap]:
    """Every encrypted parameter of a region. AWS keeps no record of when one was last read."""
    directory, gaps = _directory(aws, here, directories)
    yield from gaps
    only = [{"Key": "Type", "Option": "Equals", "Values": ["SecureString"]}]
    for parameter in pages(aws.client("ssm", region), "DescribeParameters", "Parameters", ParameterFilters=only, MaxResults=50):
        yield from _parameter(aws, here, region, parameter, directory)


def _parameter(aws: Aws, here: Scope, region: str, parameter: Reply, directory: Directory | None) -> Iterator[Observation]:
    name = str(parameter["Name"])
    partition = aws.client("ssm", region).meta.partition
    arn = str(parameter.get("ARN") or f"arn:{partition}:ssm:{region}:{here.account}:parameter/{name.removeprefix('/')}")
    readers = directory.readers(arn, "ssm:GetParameter", "ssm:GetParameters", "ssm:GetParametersByPath") if directory else None
    told = known(
        platform="aws",
        account=here.account,
        region=region,
        type="parameter",
        provider=credential_name(name),
        updated=utc(parameter.get("LastModifiedDate")),
        status="active",
        usable_from=usable_from(here.account, readers, lambda: parameter.get("Tier") == "Advanced"),
    )
    yield Sighting(f"credential:{arn}", Kind.CREDENTIAL, (arn,), told, (Evidence(arn, "ssm-parameter"),))
    yield from _read_by(arn, readers or NOBODY)
