"""Where a unit is: one account, one region, and how to ask it."""

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple, TypeVar

from connectors._aws import Aws, call, gap_of, labels, pages
from scanner.errors import NotServed, ReadError, Throttled, Unreachable
from scanner.model import Gap, Observation, Value

AT_ONCE = 4  # SageMaker's Describe operations allow about ten a second
Told = TypeVar("Told")
Reply = Mapping[str, Any]


class Here(NamedTuple):
    """One account, one region, one unit."""

    aws: Aws
    account: str
    region: str
    source: str
    scope: str

    def call(self, operation: str, **parameters: object) -> Reply:
        """One reply of SageMaker."""
        return call(self.aws.client("sagemaker", self.region), operation, **parameters)

    def pages(self, operation: str, key: str, **parameters: object) -> Iterator[Reply]:
        """Every item of a listing."""
        return pages(self.aws.client("sagemaker", self.region), operation, key, MaxResults=100, **parameters)

    def attributes(self, tags: list[Mapping[str, str]] | None = None) -> dict[str, Value]:
        """Where a thing is, and what its tags say of it."""
        return {"platform": "aws", "account": self.account, "region": self.region, **labels(self.aws.settings, tags or [])}

    def tags(self, arn: str) -> list[Mapping[str, str]]:
        """The tags of a thing."""
        return [{"Key": tag["Key"], "Value": tag["Value"]} for tag in self.pages("ListTags", "Tags", ResourceArn=arn)]

    def each(
        self, names: Iterator[Told], read: Callable[[Told], list[Observation | Gap]], named: Callable[[Told], str]
    ) -> Iterator[Observation | Gap]:
        """Reads several things at once, in order. One that cannot be read is a gap of its own; no answer at all ends the unit."""

        def one(item: Told) -> list[Observation | Gap]:
            try:
                return read(item)
            except (Throttled, Unreachable, NotServed):
                raise
            except ReadError as error:
                return [gap_of(self.source, f"{self.scope}/{named(item)}", error)]

        with ThreadPoolExecutor(AT_ONCE) as pool:
            for told in pool.map(one, names):
                yield from told
