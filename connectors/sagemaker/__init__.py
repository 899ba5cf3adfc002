"""AWS SageMaker: endpoints and what they serve, model packages, notebooks and jobs; every page of every region asked for.

What an endpoint runs follows from its configuration, its models and its inference components; environment values are read
only where the catalogue names the field. docs/sources.md
"""

from collections.abc import Callable, Iterator, Mapping

from connectors._aws import Accounts, AwsSettings, pages
from connectors.sagemaker.components import components
from connectors.sagemaker.endpoints import endpoints
from connectors.sagemaker.here import Here
from connectors.sagemaker.jobs import jobs
from connectors.sagemaker.notebooks import notebooks
from connectors.sagemaker.packages import packages
from scanner.contracts import Check, Seen, Tools
from scanner.errors import ReadError
from scanner.model import Gap, Observation, Unit

KINDS: Mapping[str, Callable[[Here], Iterator[Observation | Gap]]] = {
    "endpoints": endpoints,
    "inference-components": components,
    "model-packages": packages,
    "notebooks": notebooks,
    "jobs": jobs,
}


class Settings(AwsSettings):
    """One or more accounts' SageMaker."""


class SageMaker:
    """Units are the kinds of thing in a region: what one permission hides does not hide the rest."""

    after: tuple[str, ...] = ()
    version = "1"

    def __init__(self, settings: Settings, tools: Tools) -> None:
        self.accounts = Accounts(settings, tools, "sagemaker")

    def principal(self) -> Mapping[str, str]:
        """The ARN of each account, as STS tells it."""
        return self.accounts.principal()

    def units(self, seen: Seen) -> Iterator[Unit | Gap]:  # noqa: ARG002 - the contract's; this source comes after no other
        """Every kind in every region that is enabled. What is behind a listing is read in `observe`."""
        for aws in self.accounts.entered():
            if isinstance(aws, Gap):
                yield aws
                continue
            yield from self.accounts.not_read(aws, f"aws/{aws.account_id}/{{region}}/sagemaker")
            for region in aws.regions.enabled:
                for kind in KINDS:
                    scope = f"aws/{aws.account_id}/{region}/sagemaker/{kind}"
                    yield Unit(key=scope, scope=scope, hints={"account": aws.account_id, "region": region, "kind": kind})

    def observe(self, unit: Unit) -> Iterator[Observation | Gap]:
        """One kind of thing in one region."""
        account, region, kind = (str(unit.hints[name]) for name in ("account", "region", "kind"))
        return KINDS[kind](Here(self.accounts.of(account), account, region, self.accounts.source, unit.scope))

    def check(self) -> Iterator[Check]:
        """The account, and one listing in its first region."""
        for aws in self.accounts.sessions:
            try:
                region = aws.regions.enabled[0]
                next(pages(aws.client("sagemaker", region), "ListEndpoints", "Endpoints", MaxResults=1), None)
                yield Check(f"SageMaker of account {aws.account_id} as {aws.principal}", True, f"{len(aws.regions.enabled)} regions")
            except ReadError as error:
                yield Check(
                    f"SageMaker of {f'account {aws.asked_account}' if aws.asked_account else 'the account of the credentials'}",
                    False,
                    str(error),
                    error.remedy,
                )


def connect(settings: Settings, tools: Tools) -> SageMaker:
    """The connector. Nothing is sent yet."""
    return SageMaker(settings, tools)
