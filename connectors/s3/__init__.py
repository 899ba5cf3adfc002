"""Models in S3 buckets: listed in parallel, told apart by ranged reads, never downloaded."""

from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

from connectors._aws import Aws, Gone, call, gap_of, pages, sessions, utc
from connectors.s3.bucket import facts
from connectors.s3.reading import Place, observed
from connectors.s3.settings import Settings
from scanner.contracts import Check, Seen, Tools
from scanner.detect.artifacts import VERSION
from scanner.errors import AccessDenied, ReadError
from scanner.model import Gap, Learned, Observation, Reason, Unit

__all__ = ["Settings", "connect"]


def connect(settings: Settings, tools: Tools) -> "S3":
    """The connector. Nothing is sent yet."""
    return S3(settings, tools)


class S3:
    """Units are buckets, or prefixes of them where the settings name some."""

    after: tuple[str, ...] = ()
    version = f"s3-1 {VERSION}"

    def __init__(self, settings: Settings, tools: Tools) -> None:
        self.settings = settings
        self.tools = tools
        self.name = settings.name or "s3"
        self.sessions = sessions(settings, tools, "s3")

    def principal(self) -> Mapping[str, str]:
        """The STS ARN of each account that lets us in; where a store has no STS, its host and the name of the key's variable."""
        return {f"aws/{account}": self._principal(account, aws) for account, aws in self._accounts.items()}

    def units(self, seen: Seen) -> Iterator[Unit | Gap]:  # noqa: ARG002 - the contract's signature
        """Each bucket, once. One that the account may not even list by name is found only where the settings name it."""
        yield from self._closed
        for account, aws in self._accounts.items():
            for bucket, hints in self._buckets(aws):
                yield self._unit(account, aws, bucket, hints)
            if self.settings.buckets:
                yield from self._left_out(account, aws)

    def observe(self, unit: Unit) -> Iterator[Observation | Gap | Learned]:
        """The models in one bucket."""
        account, _, name = unit.key.partition("/")
        bucket, _, prefix = name.partition("/")
        aws = self._accounts[account]
        region = str(unit.hints.get("region") or self._region(aws, bucket))
        client = self._client(aws, region)
        known = facts(aws, client, bucket)
        if known.missing:
            yield self._blind(f"aws/{account}/s3/{bucket}#settings", known.missing)
        where = {"platform": "aws", "account": account, "region": region, "bucket": bucket}
        yield from observed(Place(self.name, client, bucket, prefix, unit.scope, {**known.attributes, **where}), self.settings, self.tools)

    def check(self) -> Iterator[Check]:
        """Who we are, whether buckets may be listed, and whether the named ones may be read."""
        for aws in self.sessions:
            yield _tried("who we are", lambda aws=aws: self._principal(self._account(aws), aws))
            if not self.settings.buckets:
                yield _tried("list buckets", lambda aws=aws: f"{len(list(self._listed(aws)))} buckets")
            for name in self.settings.buckets:
                yield _tried(f"list {name}", lambda aws=aws, name=name: self._one_key(aws, name))

    def _buckets(self, aws: Aws) -> Iterator[tuple[str, Mapping[str, str]]]:
        if self.settings.buckets:
            yield from ((name.strip("/"), {}) for name in sorted(set(self.settings.buckets)))
            return
        for bucket in sorted(self._listed(aws), key=lambda one: str(one["Name"])):
            created, region = utc(bucket.get("CreationDate")), bucket.get("BucketRegion")
            yield bucket["Name"], {name: value for name, value in (("region", region), ("created", created)) if value}

    def _left_out(self, account: str, aws: Aws) -> Iterator[Gap]:
        """What `buckets` does not name: by name where buckets may be listed, else the rest of the account at once."""
        read = {name.strip("/") for name in self.settings.buckets}
        for name in sorted({name.partition("/")[0] for name in read} - read):
            yield Gap(self.name, f"aws/{account}/s3/{name}", Reason.SKIPPED, "only the prefixes that `buckets` names are read")
        try:
            there = {str(bucket["Name"]) for bucket in self._listed(aws)}
        except ReadError as error:
            detail = f"only `buckets` are read, and which others there are is not known: {error}"
            yield Gap(self.name, f"aws/{account}/s3", Reason.SKIPPED, detail, error.remedy)
            return
        for name in sorted(there - {name.partition("/")[0] for name in read}):
            yield Gap(self.name, f"aws/{account}/s3/{name}", Reason.SKIPPED, "not among `buckets`")

    def _listed(self, aws: Aws) -> Iterator[Mapping[str, Any]]:
        """MaxBuckets asks for pages, and makes AWS tell each bucket's region."""
        more = {} if self.settings.endpoint_url else {"MaxBuckets": 1000}
        return pages(self._client(aws, aws.home), "ListBuckets", "Buckets", **more)

    def _unit(self, account: str, aws: Aws, name: str, hints: Mapping[str, str]) -> Unit | Gap:
        scope = f"aws/{account}/s3/{name}"
        bucket = name.partition("/")[0]
        if any(fnmatchcase(bucket, pattern) for pattern in self.settings.exclude):
            return Gap(self.name, scope, Reason.SKIPPED, "named in `exclude`")
        if self.settings.regions and hints.get("region", aws.home) not in self.settings.regions:
            return Gap(self.name, scope, Reason.SKIPPED, f"lies in {hints['region']}, which is not among `regions`")
        return Unit(f"{account}/{name}", scope, None, hints)

    def _client(self, aws: Aws, region: str) -> Any:
        path_style = self.settings.path_style if self.settings.path_style is not None else bool(self.settings.endpoint_url)
        return aws.client("s3", region, s3={"addressing_style": "path" if path_style else "auto"})

    def _region(self, aws: Aws, bucket: str) -> str:
        """Where a bucket lies. To whom that is denied, the home region answers, or sends on."""
        if self.settings.endpoint_url:
            return aws.home
        try:
            return str(call(self._client(aws, aws.home), "HeadBucket", Bucket=bucket).get("BucketRegion") or aws.home)
        except AccessDenied:
            return aws.home
        except Gone as error:
            raise Gone(f"{bucket}: there is no such bucket (any more)", remedy="take it out of `buckets` if it was named there") from error

    @property
    def _accounts(self) -> Mapping[str, Aws]:
        """Sessions by account; a store that knows no STS stands under its host and port."""
        return self._entered[0]

    @property
    def _closed(self) -> tuple[Gap, ...]:
        """One for each of several accounts that lets nobody in."""
        return self._entered[1]

    @cached_property
    def _entered(self) -> tuple[Mapping[str, Aws], tuple[Gap, ...]]:
        """Accounts by number, and those that are closed. Raises a ReadError where the only one is."""
        open_: dict[str, Aws] = {}
        closed: list[Gap] = []
        for aws in self.sessions:
            try:
                account = self._account(aws)
                _ = self._principal(account, aws)
                open_[account] = aws
            except ReadError as error:
                if len(self.sessions) == 1:
                    raise
                closed.append(gap_of(self.name, f"aws/{aws.asked_account}/s3", error))
        return open_, tuple(closed)

    def _account(self, aws: Aws) -> str:
        try:
            return aws.account_id
        except ReadError:
            if not self.settings.endpoint_url:
                raise
            return self._host()

    def _principal(self, account: str, aws: Aws) -> str:
        if account != self._host():
            return aws.principal
        return f"{account}:{self.settings.access_key_env or self.settings.profile or 'chain'}"

    def _host(self) -> str:
        return urlsplit(self.settings.endpoint_url).netloc.rpartition("@")[2]

    def _one_key(self, aws: Aws, name: str) -> str:
        bucket, _, prefix = name.partition("/")
        client = self._client(aws, self._region(aws, bucket))
        call(client, "ListObjectsV2", Bucket=bucket, Prefix=prefix, MaxKeys=1)
        return "may be listed"

    def _blind(self, scope: str, missing: tuple[str, ...]) -> Gap:
        detail = f"its labels and who may read it are not all known: {', '.join(missing)}"
        return Gap(self.name, scope, Reason.DENIED, detail, f"allow {', '.join(missing)}")


def _tried(what: str, attempt: Any) -> Check:
    try:
        return Check(what, True, str(attempt()))
    except ReadError as error:
        return Check(what, False, str(error), error.remedy)
