"""From where a stored secret can be had: the coverage scopes in which all of its readers run, or anywhere. Pure."""

from collections.abc import Callable, Iterator

from connectors.iam.directory import Principal, Readers

ANYWHERE = "*"
SCOPES = {
    "sagemaker.amazonaws.com": "aws/{account}",
    "ec2.amazonaws.com": "aws/{account}/ec2",
    "ecs-tasks.amazonaws.com": "aws/{account}/ecs",
    "lambda.amazonaws.com": "aws/{account}/lambda",
    "batch.amazonaws.com": "aws/{account}/batch",
    "codebuild.amazonaws.com": "aws/{account}/codebuild",
    "apprunner.amazonaws.com": "aws/{account}/apprunner",
    "tasks.apprunner.amazonaws.com": "aws/{account}/apprunner",
    "bedrock.amazonaws.com": "aws/{account}/bedrock",
    "pods.eks.amazonaws.com": "kubernetes",
}
"""Where a service runs what assumes its roles. A scope that no source reads counts as unread, which is the truth."""


def usable_from(account: str, readers: Readers | None, is_shared: Callable[[], bool]) -> tuple[str, ...]:
    """The scopes whose consumers have to be looked for. Anywhere, unless every reader is a role that only services can assume.

    `readers` None: not known. `is_shared` is asked last: whether others than this account's identities may read it.
    """
    if readers is None:
        return (ANYWHERE,)
    scopes = {scope for principal in (*readers.named, *readers.anyone) for scope in _scopes(account, principal)}
    if not scopes or ANYWHERE in scopes or is_shared():
        return (ANYWHERE,)
    return tuple(sorted(scopes))


def _scopes(account: str, principal: Principal) -> Iterator[str]:
    if not principal.is_role or not principal.trusts:
        yield ANYWHERE
    for trust in principal.trusts:
        kind, _, name = trust.name.partition(":")
        if kind == "service":
            yield SCOPES.get(name, ANYWHERE).format(account=account)
        elif kind == "oidc" and ".eks." in name and "system:serviceaccount:" in name:
            yield "kubernetes"
        else:
            yield ANYWHERE
