"""Which places have to be read whole before a record may be called gone: rule 2 of docs/verdicts.md."""

from collections.abc import Iterator

from scanner.coverage import Can
from scanner.coverage.places import platforms
from scanner.judge.case import Case
from scanner.model import ApprovedScope, Record, Sight


def may_run(case: Case, record: Record, *, running: bool = False) -> list[str]:
    """The unread ones among the places that a record may run in; among all that can run models where it names none.

    `running`: only where it can run, not where its code lies.
    """
    if case.blind:
        return [case.blind]
    scopes = list(_scopes(case, record.approved_scope))
    code = [] if running else [f"github/{name.removeprefix('repo:')}#content" for name in record.approved_scope.repositories]
    missing = case.looked.whole([*scopes, *code])[1]
    return missing if scopes else sorted({*missing, *case.unread("run")})  # a repository says where its code lies, not where it runs


def could_hold(case: Case) -> list[str]:
    """The unread ones among all places that could hold a copy or a deployment, platforms without a source included."""
    if case.blind:
        return [case.blind]
    return sorted(case.unread("run") | case.unread("store"))


def could_consume(case: Case) -> list[str]:
    """The unread ones among all places where a consumer of a credential could run, platforms without a source included."""
    return sorted(case.unread("run") | ({case.blind} if case.blind else set()))


def _scopes(case: Case, scope: ApprovedScope) -> Iterator[str]:
    yield from _clusters(scope)
    for account in scope.accounts:
        yield from _account(case, account, scope.regions)
    if scope.accounts:
        yield from _unread_services(case)
    for endpoint in scope.endpoints:
        yield from _endpoint(endpoint)


def _clusters(scope: ApprovedScope) -> Iterator[str]:
    for cluster in scope.clusters:
        names = [name.partition("/") for name in scope.namespaces]
        own = [rest or first for first, slash, rest in names if not slash or first == cluster]
        plain = [name for name in own if "*" not in name]
        yield from (f"kubernetes/{cluster}/{name}" for name in plain) if plain and len(plain) == len(names) else (f"kubernetes/{cluster}",)


def _account(case: Case, account: str, regions: tuple[str, ...]) -> Iterator[str]:
    if regions:
        yield from (f"aws/{account}/{region}/sagemaker" for region in regions)
    else:
        paths = (scope.path for scope in case.coverage.scopes)
        known = [path for path in paths if path.startswith(f"aws/{account}/") and path.endswith("/sagemaker")]
        yield from known or (f"aws/{account}",)


def _unread_services(case: Case) -> Iterator[str]:
    """An account runs models on more than SageMaker: what no source reads of it, and the organisation has not said that it does not use."""
    services = {platform.name for platform in platforms() if platform.group == "aws" and Can.RUN in platform.can}
    yield from (each.path for each in case.coverage.scopes if each.sight is Sight.NO_SOURCE and each.path in services)


def _endpoint(endpoint: str) -> Iterator[str]:
    name = endpoint.removeprefix("endpoint:")
    if name.startswith("arn:"):
        _, _, _, region, account, *_ = [*name.split(":"), "", "", "", "", ""]
        yield f"aws/{account}/{region}/sagemaker"
    elif "://" in name:
        yield f"endpoints/{name.partition('://')[2].partition('/')[0]}"
    else:
        yield f"kubernetes/{'/'.join(name.split('/')[:2])}"
