"""Assets, records and dates in plain words."""

import re
from datetime import datetime

from scanner.model import Asset, Kind, Record

MONTHS = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"]


def record_name(record: Record) -> str:
    """`fraud-scorer 1.4`."""
    return f"{record.name} {record.version}" if record.version else record.name


def model_name(asset: Asset) -> str:
    """What people call a model, an artifact or the thing itself."""
    provider, model = asset.attributes.get("provider"), asset.attributes.get("model_id")
    if asset.kind is Kind.MODEL and isinstance(model, str):
        return f"{provider}/{model}" if provider and not model.startswith(f"{provider}/") else model
    if asset.kind is Kind.CREDENTIAL:
        return f"the credential {tail(asset.key)}"
    if asset.kind is Kind.IDENTITY:
        return f"the identity {tail(asset.key)}"
    if asset.kind is Kind.ARTIFACT:
        return re.split("[/:]", asset.key.rstrip("/"))[-1]  # its place says the rest
    return f"the {asset.kind} {tail(asset.key)}" if asset.kind in (Kind.WORKLOAD, Kind.ENDPOINT) else tail(asset.key)


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
