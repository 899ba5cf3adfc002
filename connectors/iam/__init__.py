"""AWS IAM, Secrets Manager and Parameter Store: who may act, with which keys, and when those were last used.

No secret's value is ever asked for: names, dates and policies are. docs/sources.md
"""

from collections.abc import Callable, Iterator, Mapping

from connectors._aws import Accounts, Aws, AwsSettings, call
from connectors.iam.directory import Directories
from connectors.iam.identities import Scope, identities
from connectors.iam.keys import access_keys, people, service_credentials
from connectors.iam.secrets import parameters, secrets
from scanner.contracts import Check, Seen, Tools
from scanner.errors import ReadError
from scanner.model import Gap, Kind, Observation, Unit

REGIONAL: Mapping[str, Callable[[Aws, Scope, str, Directories], Iterator[Observation | Gap]]] = {
    "secretsmanager": secrets,
    "ssm": parameters,
}
ENDPOINT = "endpoint:arn:"


class Settings(AwsSettings):
    """One or more accounts' identities and credentials."""


class Iam:
    """One unit for an account's identities and keys, one a region for its secrets and one for its parameters."""

    after: tuple[str, ...] = ("sagemaker",)
    version = "1"

    def __init__(self, settings: Settings, tools: Tools) -> None:
        self.settings = settings
        self.accounts = Accounts(settings, tools, "iam")
        self.directories = Directories()

    def principal(self) -> Mapping[str, str]:
        """The ARN of each account, as STS tells it."""
        return self.accounts.principal()

    def units(self, seen: Seen) -> Iterator[Unit | Gap]:
        """The account, then its regions. Endpoints that were seen say what a policy's wildcard means."""
        arns = sorted(
            one.asset.removeprefix("endpoint:") for one in seen.sightings if one.kind is Kind.ENDPOINT and one.asset.startswith(ENDPOINT)
        )
        for aws in self.accounts.entered():
            if isinstance(aws, Gap):
                yield aws
                continue
            account = aws.account_id
            yield Unit(f"aws/{account}/iam", f"aws/{account}/iam", hints={"account": account, "kind": "iam", "endpoints": tuple(arns)})
            for kind in REGIONAL:
                yield from self.accounts.not_read(aws, f"aws/{account}/{kind}/{{region}}")
                for region in aws.regions.enabled:
                    scope = f"aws/{account}/{kind}/{region}"
                    yield Unit(scope, scope, hints={"account": account, "kind": kind, "region": region})

    def observe(self, unit: Unit) -> Iterator[Observation | Gap]:
        """The account's identities and keys, or one region's secrets or parameters."""
        account, kind, region = (str(unit.hints.get(name, "")) for name in ("account", "kind", "region"))
        endpoints = unit.hints.get("endpoints")
        here = Scope(self.accounts.source, account, unit.scope, self.settings, endpoints if isinstance(endpoints, tuple) else ())
        aws = self.accounts.of(account)
        return REGIONAL[kind](aws, here, region, self.directories) if kind in REGIONAL else self._account(aws, here)

    def _account(self, aws: Aws, here: Scope) -> Iterator[Observation | Gap]:
        directory = self.directories.of(aws)
        persons, gaps = people(aws, here)
        yield from gaps
        yield from identities(directory, here, persons)
        yield from access_keys(aws, here, directory)
        yield from service_credentials(aws, here, directory)

    def check(self) -> Iterator[Check]:
        """The account, and one page of its users."""
        for aws in self.accounts.sessions:
            try:
                call(aws.client("iam"), "GetAccountAuthorizationDetails", Filter=["User"], MaxItems=1)
                yield Check(f"IAM of account {aws.account_id} as {aws.principal}", True)
            except ReadError as error:
                yield Check(
                    f"IAM of {f'account {aws.asked_account}' if aws.asked_account else 'the account of the credentials'}",
                    False,
                    str(error),
                    error.remedy,
                )


def connect(settings: Settings, tools: Tools) -> Iam:
    """The connector. Nothing is sent yet."""
    return Iam(settings, tools)
