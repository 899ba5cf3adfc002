"""Assets, records and dates in plain words."""

import re
from datetime import datetime

from scanner.model import Asset, Kind, Record

MONTHS = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"]
CREDENTIALS = {
    "access-key": "access key", "service-specific": "service credential", "secret": "secret", "parameter": "parameter",
    "kubernetes-secret": "secret", "actions-secret": "Actions secret", "dependabot-secret": "Dependabot secret", "deploy-key": "deploy key",
    "leak": "key",
}  # fmt: skip
SHAPES = (
    (re.compile(r"aws/(?P<account>\d+)/[\w-]+/(?P<id>[^/]+)"), "{id} (account {account})"),
    (re.compile(r"github/(?P<owner>[^/]+(?:/[^/]+)?)/environment/(?P<env>[^/]+)/(?P<id>[^/]+)"), "{id} of {owner}, environment {env}"),
    (re.compile(r"github/(?P<owner>[^/]+(?:/[^/]+)?)/(?:actions|dependabot|deploy-key)/(?P<id>[^/]+)"), "{id} of {owner}"),
    (re.compile(r"(?P<place>[^/]+/[^/]+)/secret/(?P<id>[^/]+)"), "{id} ({place})"),
    (
        re.compile(r"arn:aws:\w+:(?P<region>[\w-]*):(?P<account>\d*):(?:secret|parameter)[:/](?P<id>.+)"),
        "{id} (account {account}, {region})",
    ),
    (re.compile(r"(?P<place>.+):leak/\S+"), "of a provider in {place}"),
)
"""A credential's key, and how people call what it names."""


def record_name(record: Record) -> str:
    """`fraud-scorer 1.4`."""
    return f"{record.name} {record.version}" if record.version else record.name


def model_name(asset: Asset) -> str:
    """What people call a model, an artifact or the thing itself."""
    provider, model = asset.attributes.get("provider"), asset.attributes.get("model_id")
    if asset.kind is Kind.MODEL and isinstance(model, str):
        return f"{provider}/{model}" if provider and not model.startswith(f"{provider}/") else model
    if asset.kind is Kind.CREDENTIAL:
        return _credential(asset)
    if asset.kind is Kind.IDENTITY:
        return f"the identity {tail(asset.key)}"
    if asset.kind is Kind.ARTIFACT:
        return re.split("[/:]", asset.key.rstrip("/"))[-1]  # its place says the rest
    return f"the {asset.kind} {tail(asset.key)}" if asset.kind in (Kind.WORKLOAD, Kind.ENDPOINT) else tail(asset.key)


def _credential(asset: Asset) -> str:
    """`the access key AKIA… (account 1111)`, `the Actions secret OPENAI_API_KEY of acme/payments`, `the secret hf (prod-eu/llm)`."""
    word, name = CREDENTIALS.get(str(asset.attributes.get("type"))), tail(asset.key)
    for shape, said in SHAPES:
        if word and (found := shape.fullmatch(name)):
            return f"the {word} {said.format(**found.groupdict())}"
    return f"the credential {name}"


def tail(key: str) -> str:
    """A key without its kind."""
    return key.partition(":")[2]


def place_name(asset: Asset) -> str:
    """`in the deployment gateway (prod-eu/llm)`, `at https://…`, `in s3://…`, `in acme/payments`. A model is where its owner is."""
    kind, _, name = (_owner(asset) if asset.kind is Kind.MODEL else asset.key).partition(":")
    if kind == Kind.WORKLOAD and name.count("/") == 3:
        cluster, namespace, controller, own = name.split("/")
        return f"in the {controller} {own} ({cluster}/{namespace})"
    return f"at {name}" if kind == Kind.ENDPOINT else f"in {name or kind}"


def _owner(model: Asset) -> str:
    """The key of what names a model; a repository without its `repo:` (docs/vocabulary.md)."""
    owner, named, _ = tail(model.key).partition(f":{model.attributes.get('provider')}/")
    return owner if named else model.key


def day(when: str | None) -> str:
    """` on 3 March 2026`; nothing where the day is not known."""
    if not when:
        return ""
    try:
        moment = datetime.fromisoformat(when)
    except ValueError:
        return ""
    return f" on {moment.day} {MONTHS[moment.month - 1]} {moment.year}"
