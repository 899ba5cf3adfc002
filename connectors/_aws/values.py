"""AWS's values in our vocabulary."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from connectors._aws.settings import AwsSettings
from scanner.errors import ReadError
from scanner.model import Gap, Value


def utc(when: datetime | None) -> str | None:
    """ISO 8601 UTC, to the second, as docs/vocabulary.md has it."""
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if when else None


def known(**attributes: Value) -> dict[str, Value]:
    """Attributes without those that are not known: absent means unknown."""
    return {name: value for name, value in attributes.items() if value not in (None, "", ())}


def account_of(arn: str) -> str:
    """The account in an ARN; empty where it has none (an S3 bucket's)."""
    parts = arn.split(":", 5)
    return parts[4] if len(parts) > 4 else ""


def region_of(arn: str) -> str:
    """The region in an ARN; empty for a global resource."""
    parts = arn.split(":", 5)
    return parts[3] if len(parts) > 4 else ""


def gap_of(source: str, scope: str, error: ReadError) -> Gap:
    """What an error leaves unread."""
    return Gap(source, scope, error.reason, str(error), error.remedy)


def labels(settings: AwsSettings, tags: Iterable[Mapping[str, str]]) -> dict[str, Value]:
    """`environment` and `owner`, from the tags the settings name; the settings' own environment where no tag says."""
    values = {tag["Key"].casefold(): tag["Value"] for tag in tags if tag.get("Value")}
    environment = _first(values, settings.environment_tags) or settings.environment
    return known(environment=environment, owner=_first(values, settings.owner_tags))


def _first(values: Mapping[str, str], keys: Iterable[str]) -> str:
    return next((values[key.casefold()] for key in keys if key.casefold() in values), "")
