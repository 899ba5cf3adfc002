"""Assets, records and dates in plain words."""

from datetime import datetime

from scanner.model import Asset, Kind, Observed, Place, Record

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
    return f"the {asset.kind} {tail(asset.key)}" if asset.kind in (Kind.WORKLOAD, Kind.ENDPOINT) else tail(asset.key)


def tail(key: str) -> str:
    """A key without its kind."""
    return key.partition(":")[2]


def place_name(asset: Asset, place: Place | None = None) -> str:
    """`in the deployment gateway (prod-eu/llm)`, `at https://…`, `in s3://…`, `of acme/payments`."""
    name = tail(asset.key)
    if asset.kind is Kind.WORKLOAD and name.count("/") == 3:
        cluster, namespace, kind, own = name.split("/")
        return f"in the {kind} {own} ({cluster}/{namespace})"
    if asset.kind is Kind.ENDPOINT:
        return f"at {name}"
    if asset.kind is Kind.REPOSITORY:
        return f"of {name}" if place is None or place.observed is Observed.CODED else f"in {name}"
    return f"in {name}"


def day(when: str | None) -> str:
    """` on 3 March 2026`; nothing where the day is not known."""
    if not when:
        return ""
    try:
        moment = datetime.fromisoformat(when)
    except ValueError:
        return ""
    return f" on {moment.day} {MONTHS[moment.month - 1]} {moment.year}"
