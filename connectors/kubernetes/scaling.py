"""Whether a workload runs: invocable or scheduled, even where nothing of it is up at this moment."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from connectors.kubernetes.controllers import Top
from connectors.kubernetes.kinds import KindRow, Object, number, says, table
from connectors.kubernetes.listing import Listed
from connectors.kubernetes.place import marks, name_of
from scanner.model import Value

HPA = ("autoscaling", "HorizontalPodAutoscaler")
SCALERS = (HPA, ("keda.sh", "ScaledObject"), ("http.keda.sh", "HTTPScaledObject"))


class Scaler(NamedTuple):
    """An autoscaler: `from_zero` where it starts the first replica by itself."""

    name: str
    from_zero: bool
    held_at_zero: bool


def scalers(listed: Listed) -> Mapping[Top, Scaler]:
    """Each autoscaler by the workload that it scales."""
    found: dict[Top, Scaler] = {}
    for row, item in listed.of("scaler"):
        spec = item.get("spec") or {}
        target = spec.get("scaleTargetRef") or {}
        kind = str(target.get("kind") or "Deployment").lower()
        name = target.get("name") or target.get("deployment")
        top = (kind, str(name))
        if name and (top not in found or row.kind != "HorizontalPodAutoscaler"):  # KEDA makes an HPA of its own
            found[top] = _scaler(row, item)
    return found


def _scaler(row: KindRow, item: Object) -> Scaler:
    name = f"{row.name}/{name_of(item)}"
    if row.kind == "HorizontalPodAutoscaler":
        # An HPA leaves a workload alone that was set to zero, unless its own minimum is zero.
        return Scaler(name, number(item, "spec.minReplicas") == 0, held_at_zero=False)
    notes = marks(item)
    paused = notes.get("autoscaling.keda.sh/paused-replicas") == "0"
    frozen = str(notes.get("autoscaling.keda.sh/paused", "false")).lower() == "true" and not notes.get(
        "autoscaling.keda.sh/paused-replicas"
    )
    return Scaler(name, from_zero=not (paused or frozen), held_at_zero=paused)


def state(row: KindRow, item: Object, scaler: Scaler | None, listed: Listed) -> dict[str, Value]:
    """`running`, `replicas`, and what scales, schedules or suspends it."""
    spec, told = item.get("spec") or {}, dict[str, Value]()
    if says(marks(item), table().stopped):
        return {"running": False, "replicas": 0}
    if row.name in ("cronjob", "cronworkflow"):
        suspended = spec.get("suspend") is True
        schedule = spec.get("schedule") or ", ".join(map(str, spec.get("schedules") or ()))
        return {"running": not suspended, "suspended": suspended, "schedule": schedule or None}
    if row.name == "job":
        return _job(item)
    if row.name == "daemonset":
        return {"running": True, "replicas": number(item, "status.desiredNumberScheduled")}
    if scaler is not None:
        told["scaled_by"] = scaler.name
    elif row.scales_to_zero:
        told["scaled_by"] = row.name
    replicas = number(item, row.replicas) if row.replicas else None
    if row.does == "workload" and replicas is None and row.replicas:
        replicas = 1  # the API's own default
    told["replicas"] = replicas
    return told | {"running": _runs(row, replicas, scaler, listed)}


def _job(item: Object) -> dict[str, Value]:
    conditions = (item.get("status") or {}).get("conditions") or ()
    done = any(one.get("type") in ("Complete", "Failed", "SuccessCriteriaMet") and one.get("status") == "True" for one in conditions)
    suspended = (item.get("spec") or {}).get("suspend") is True
    return {"running": not done and not suspended, "suspended": suspended or None}


def _runs(row: KindRow, replicas: int | None, scaler: Scaler | None, listed: Listed) -> bool | None:
    """False only where it is sure that somebody set it to zero."""
    if scaler is not None and scaler.held_at_zero:
        return False
    if replicas != 0 or row.scales_to_zero or (scaler is not None and scaler.from_zero):
        return True
    blind = any(kind in listed.unread for kind in SCALERS)
    return None if blind and scaler is None else False


def ready(item: Object) -> str | None:
    """What a custom resource says of itself."""
    conditions: list[Any] = (item.get("status") or {}).get("conditions") or []
    found = next((one for one in conditions if isinstance(one, dict) and one.get("type") == "Ready"), None)
    return {"True": "ready", "False": "not-ready"}.get(str(found.get("status")), "unknown") if found else None
