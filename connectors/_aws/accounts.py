"""The accounts of one source: what each AWS connector does alike with several of them."""

from collections.abc import Iterator

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

    def principal(self) -> str:
        """The ARNs, as STS tells them; an account that cannot be entered is named as such."""
        return ", ".join(_principal(aws) for aws in self.sessions)

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

    def closed(self, aws: Aws, scope: str) -> Iterator[Gap]:
        """A gap for each region that was asked for by name and is not enabled; `scope` holds {region}."""
        for region in aws.regions.off:
            yield Gap(self.source, scope.format(region=region), Reason.NOT_SERVED, f"{region} is not enabled for account {aws.account_id}")


def _principal(aws: Aws) -> str:
    try:
        return aws.principal
    except ReadError:
        return f"nobody in {aws.asked_account or 'an unknown account'}"
