"""The accounts of one source: what each AWS connector does alike with several of them."""

from collections.abc import Iterator, Mapping

from connectors._aws.access import Aws, sessions
from connectors._aws.settings import AwsSettings
from connectors._aws.values import gap_of
from scanner.contracts import Tools
from scanner.errors import ReadError
from scanner.model import Gap, Reason


class Accounts:
    """One session per account. Nothing is sent before it is asked."""

    def __init__(self, settings: AwsSettings, tools: Tools, connector: str) -> None:
        self.source = settings.name or connector
        self.sessions = sessions(settings, tools, connector)

    def principal(self) -> Mapping[str, str]:
        """The ARN of each account, as STS tells it; an account that cannot be entered is left out, and blinds no other."""
        return dict(entry for aws in self.sessions for entry in principal_of(aws))

    def of(self, account: str) -> Aws:
        """The session of an account."""
        return next(aws for aws in self.sessions if aws.asked_account in ("", account))

    def entered(self) -> Iterator[Aws | Gap]:
        """Every account that lets us in; a gap for one that does not, under the source's name where not even its number is known."""
        for aws in self.sessions:
            try:
                _ = aws.account_id, aws.principal, aws.regions
            except ReadError as error:
                yield gap_of(self.source, f"aws/{aws.asked_account or self.source}", error)
            else:
                yield aws

    def not_read(self, aws: Aws, scope: str) -> Iterator[Gap]:
        """A gap for each region that is not enabled, and for each that the config leaves out; `scope` holds {region}."""
        for region in (*aws.regions.off, *aws.regions.closed):
            yield Gap(self.source, scope.format(region=region), Reason.NOT_SERVED, f"{region} is not enabled for account {aws.account_id}")
        for region in aws.regions.left_out:
            yield Gap(self.source, scope.format(region=region), Reason.SKIPPED, f"{region} is not among `regions`")


def principal_of(aws: Aws) -> Iterator[tuple[str, str]]:
    """The coverage path of an account and who we are in it; nothing where it lets nobody in."""
    try:
        yield f"aws/{aws.account_id}", aws.principal
    except ReadError:
        return
