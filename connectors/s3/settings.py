"""What the operator may set for an S3 source."""

from pydantic import Field

from connectors._aws import AwsSettings
from scanner.contracts import SecretName


class Settings(AwsSettings):
    """An AWS account's buckets, or those of any store that speaks S3 (endpoint_url)."""

    buckets: tuple[str, ...] = Field(default=(), description="buckets to read, or bucket/prefix; empty: every bucket the account lists")
    exclude: tuple[str, ...] = Field(
        default=(), description="buckets not to read, by name or pattern such as logs-*; each is named as skipped"
    )
    path_style: bool | None = Field(default=None, description="addresses as host/bucket; empty: only where endpoint_url is given")
    listers: int = Field(default=8, ge=1, le=64, description="listing requests of one bucket at the same time")
    readers: int = Field(default=8, ge=1, le=64, description="ranged reads of one bucket at the same time")
    max_keys: int = Field(default=10_000_000, ge=1, description="keys listed in one bucket, until the rest is a gap")
    max_probes: int = Field(
        default=20_000, ge=0, description="models and likely models read by ranges in one bucket, until the rest is a gap"
    )
    max_unnamed: int = Field(default=200, ge=0, description="keys over 1 MiB without a suffix whose head is looked at, per bucket")
    sample_key_env: SecretName = Field(
        default="",
        description="variable, or file:/path, with a secret for sampled digests (18 small reads per model over 1 MiB); empty: none",
    )
