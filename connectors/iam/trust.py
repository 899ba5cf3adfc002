"""Who may become a role: its trust policy, read as names. Pure.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from connectors.iam.policies import strings

GITHUB = "token.actions.githubusercontent.com"
REPOSITORY = re.compile(r"repo:([\w.-]+)/([\w.-]+):")
BECOMES = re.compile(r"(?i)^(sts:assumerole.*|sts:\*|\*)$")


class Trust(NamedTuple):
    """One who may become the role.

    `name` is as the inventory shows it: `service:ec2.amazonaws.com`, `account:111122223333`, an ARN, `oidc:<provider>:<subject>`,
    `saml:<arn>`, `*`. `source` is the key of the asset it is, where we know one.
    """

    name: str
    source: str | None = None


def trusts(document: object) -> tuple[Trust, ...]:
    """All who may become the role, each once, in order of name."""
    rows = document.get("Statement", []) if isinstance(document, Mapping) else []
    found = {trust for row in (rows if isinstance(rows, list) else [rows]) for trust in _of_statement(row)}
    return tuple(sorted(found, key=lambda trust: (trust.name, trust.source or "")))


def _of_statement(row: Any) -> Iterator[Trust]:
    if (
        not isinstance(row, Mapping)
        or row.get("Effect") != "Allow"
        or not any(BECOMES.match(action) for action in strings(row.get("Action")))
    ):
        return
    principal = row.get("Principal")
    if not isinstance(principal, Mapping):
        yield Trust("*")
        return
    yield from (Trust(f"service:{name}") for name in strings(principal.get("Service")))
    for name in strings(principal.get("AWS")):
        yield _of_aws(name)
    for name in strings(principal.get("Federated")):
        yield from _of_federation(name, row.get("Condition"))


def _of_aws(name: str) -> Trust:
    if re.fullmatch(r"\d{12}", name):
        return Trust(f"account:{name}")
    if root := re.fullmatch(r"arn:[\w-]+:iam::(\d{12}):root", name):
        return Trust(f"account:{root[1]}")
    if re.fullmatch(r"arn:[\w-]+:iam::\d{12}:(role|user)/.+", name):
        return Trust(name, f"identity:{name}")
    return Trust(name)


def _of_federation(name: str, condition: object) -> Iterator[Trust]:
    provider = name.partition(":oidc-provider/")[2]
    if not provider:
        yield Trust(f"saml:{name}" if ":saml-provider/" in name else f"federated:{name}")
        return
    for subject in _subjects(provider, condition) or ("*",):
        repository = REPOSITORY.match(subject) if provider == GITHUB else None
        yield Trust(f"oidc:{provider}:{subject}", f"repo:{repository[1]}/{repository[2]}" if repository else None)


def _subjects(provider: str, condition: object) -> tuple[str, ...]:
    """The subjects that a condition asks for by any operator that compares strings."""
    if not isinstance(condition, Mapping):
        return ()
    tests = [test for operator, test in condition.items() if "String" in operator and "Not" not in operator and isinstance(test, Mapping)]
    return tuple(
        subject for test in tests for key, value in test.items() if key.lower() == f"{provider}:sub".lower() for subject in strings(value)
    )
