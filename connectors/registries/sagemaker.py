"""SageMaker's model registry: model packages with their approval, their groups, and model cards.

A card that names a model package adds to its record; any other card is a record of its own. docs/registry.md.
"""

import time
from collections.abc import Callable, Generator, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple, TypeVar

from pydantic import Field

from connectors._aws import Accounts, Aws, AwsSettings, call, labels, pages, utc
from connectors.registries import _cards
from connectors.registries._cards import Card
from connectors.registries._cells import tagged
from connectors.registries._entries import Entries
from connectors.registries._packages import group_of, own_card, package_of
from scanner.contracts import Registry, Tools
from scanner.errors import OverLimit, ReadError, UnexpectedReply
from scanner.model import Gap, Reason, Record, State

CONNECTOR = "sagemaker-registry"
SERVICE = "sagemaker"
Reply = Mapping[str, Any]
Told = TypeVar("Told")
STATES = {
    "PendingManualApproval": State.PROPOSED, "Approved": State.APPROVED, "Rejected": State.REJECTED,
    "Draft": State.PROPOSED, "PendingReview": State.PROPOSED, "Archived": State.RETIRED,
}  # fmt: skip


class Settings(AwsSettings):
    """Whose registry, and what its tags mean."""

    name: str = Field(default="sagemaker", description="how reports call this registry")
    states: Mapping[str, State] = Field(default=STATES, description="what the approval of a package and the status of a card mean")
    default_state: State = Field(default=State.PROPOSED, description="state of a package that has no approval, and of an empty group")
    fields: Mapping[str, str] = Field(
        default={}, description="field of a record = tag or metadata key, such as { owner = 'team' }; others are read from gnomon.<field>"
    )
    separators: str = Field(default=";|\n", min_length=1, description="signs between the items of a list in one tag")


def connect(settings: Settings, tools: Tools) -> Registry:
    """The registries of the accounts and regions in the settings."""
    return SageMaker(settings, tools)


class Here(NamedTuple):
    """One account in one region."""

    aws: Aws
    region: str
    entries: Entries

    def listed(self, operation: str, key: str, **parameters: object) -> Iterator[Reply]:
        """Every item of a listing."""
        return pages(self.aws.client(SERVICE, self.region), operation, key, **parameters)

    def asked(self, operation: str, **parameters: object) -> Reply:
        """One reply."""
        return call(self.aws.client(SERVICE, self.region), operation, **parameters)

    def tags(self, arn: str) -> list[Mapping[str, str]]:
        """The tags of a thing."""
        return [{"Key": tag["Key"], "Value": tag["Value"]} for tag in self.listed("ListTags", "Tags", ResourceArn=arn)]


class SageMaker:
    """Reads one region after another; one that cannot be read is a gap, and the others are read."""

    def __init__(self, settings: Settings, tools: Tools) -> None:
        self._settings = settings
        self._accounts = Accounts(settings, tools, CONNECTOR)
        self._until = 0.0

    def records(self) -> Iterator[Record | Gap]:
        """A record of each model package, of each card without one, and of each group that is empty."""
        entries = Entries(self._settings.name, self._settings.states, "mend it in SageMaker and scan again")
        self._until = time.monotonic() + self._settings.max_seconds
        for aws in self._accounts.entered():
            if isinstance(aws, Gap):
                yield aws
                continue
            for region in aws.regions.off:
                yield entries.gap(f"aws/{aws.account_id}/{region}", f"{region} is not enabled", Reason.NOT_SERVED)
            for region in aws.regions.enabled:
                yield from self._region(Here(aws, region, entries))

    def _region(self, here: Here) -> Iterator[Record | Gap]:
        try:
            cards = yield from self._cards(here)
            packages = yield from self._packages(here, {card.package: card for card in cards if card.package})
        except ReadError as error:
            yield self._unread(here, "", error)
            return
        for card in cards:
            if card.package not in packages:
                yield from here.entries.of(_cards.itself(card), card.arn)

    def _cards(self, here: Here) -> Generator[Gap, None, list[Card]]:
        """Every card; where they cannot be read, the packages still are."""
        cards: list[Card] = []
        try:
            for told in self._each(here, here.listed("ListModelCards", "ModelCardSummaries"), "ModelCardName", _card):
                if isinstance(told, Gap):
                    yield told
                else:
                    cards.append(told)
        except ReadError as error:
            yield self._unread(here, "/model-cards", error)
        return cards

    def _unread(self, here: Here, below: str, error: ReadError) -> Gap:
        name = self._settings.name
        return Gap(name, f"registry/{name}/aws/{here.aws.account_id}/{here.region}{below}", _reason(error), str(error), error.remedy)

    def _packages(self, here: Here, cards: Mapping[str, Card]) -> Generator[Record | Gap, None, set[str]]:
        """The records of all packages and of empty groups; returns the packages' ARNs."""
        groups = {group["ModelPackageGroupName"]: group for group in here.listed("ListModelPackageGroups", "ModelPackageGroupSummaryList")}
        tags = {name: here.tags(str(group["ModelPackageGroupArn"])) for name, group in groups.items()}
        filled, found = set[str](), set[str]()
        listed = _noting(here.listed("ListModelPackages", "ModelPackageSummaryList", ModelPackageType="Both"), filled)
        for package in self._each(here, listed, "ModelPackageArn", _package):
            if isinstance(package, Gap):
                yield package
                continue
            arn, group = str(package["ModelPackageArn"]), package.get("ModelPackageGroupName")
            found.add(arn)
            own = tags.get(group, []) if group else here.tags(arn)
            yield from self._told(here, arn, self._tagged(here, own, package), package, cards.get(arn))
        for name in sorted(groups.keys() - filled):
            raw = group_of(groups[name], self._tagged(here, tags[name], {}), self._settings.default_state.value)
            yield from here.entries.of(raw, str(groups[name]["ModelPackageGroupArn"]))
        return found

    def _told(self, here: Here, arn: str, said: Mapping[str, Any], package: Reply, card: Card | None) -> Iterator[Record | Gap]:
        try:
            card = own_card(package) or card
        except UnexpectedReply as error:
            yield here.entries.gap(arn, str(error), error.reason)
        yield from here.entries.of(package_of(package, said, card, self._settings.default_state.value), arn)

    def _tagged(self, here: Here, tags: list[Mapping[str, str]], package: Reply) -> dict[str, Any]:
        """Tags cannot be set on a version of a group; its metadata can, and say more than the group's tags."""
        metadata = package.get("CustomerMetadataProperties") or {}
        known = {tag["Key"]: tag["Value"] for tag in tags} | {str(key): str(value) for key, value in metadata.items()}
        owner = labels(here.aws.settings, [{"Key": key, "Value": value} for key, value in known.items()]).get("owner")
        return {**({"owner": owner} if owner else {}), **tagged(known, self._settings.fields, self._settings.separators)}

    def _each(self, here: Here, listed: Iterator[Reply], key: str, read: Callable[[Here, str], Told]) -> Iterator[Told | Gap]:
        """Describes several at once, in order. One that is gone or not what AWS documents is a gap of its own; a refusal ends all."""

        def one(name: str) -> Told | Gap:
            if time.monotonic() > self._until:
                raise OverLimit(f"takes longer than max_seconds ({self._settings.max_seconds:.0f})")
            try:
                return read(here, name)
            except UnexpectedReply as error:
                return here.entries.gap(name, str(error), _reason(error))

        names, broke_off = _until_it_breaks(listed, key)
        with ThreadPoolExecutor(self._settings.concurrency) as pool:
            yield from pool.map(one, names)
        if broke_off:
            raise broke_off


def _reason(error: ReadError) -> Reason:
    """A thing that went away before it was described is a record that nobody has read, not a part of one."""
    return Reason.UNEXPECTED if error.reason is Reason.PARTIAL else error.reason


def _until_it_breaks(listed: Iterator[Reply], key: str) -> tuple[list[str], ReadError | None]:
    """What a listing named, and why it did not come to its end."""
    names: list[str] = []
    try:
        for item in listed:
            names.append(str(item[key]))  # noqa: PERF401 - what came before an error counts
    except ReadError as error:
        return names, error
    return names, None


def _noting(listed: Iterator[Reply], filled: set[str]) -> Iterator[Reply]:
    """The listing, with the groups that have a package noted on the way."""
    for summary in listed:
        filled.add(str(summary.get("ModelPackageGroupName") or ""))
        yield summary


def _package(here: Here, arn: str) -> Reply:
    return here.asked("DescribeModelPackage", ModelPackageName=arn)


def _card(here: Here, name: str) -> Card:
    reply = here.asked("DescribeModelCard", ModelCardName=name)
    content = _cards.content_of(str(reply["Content"]), name)
    changed = utc(reply.get("LastModifiedTime"))
    return Card(str(reply["ModelCardArn"]), name, str(reply["ModelCardStatus"]), content, utc(reply["CreationTime"]), changed)
