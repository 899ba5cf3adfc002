"""Built-in API objects held against the kubernetes client's own models: what they would drop or refuse is no real object."""

import json
from collections.abc import Mapping
from typing import Any

GROUPS = ("", "apps", "batch", "autoscaling", "networking.k8s.io")


def checked(item: Mapping[str, Any]) -> dict[str, Any]:
    """The object as an API server gives it. Raises AssertionError naming the field that no API server would give."""
    version = str(item["apiVersion"])
    group = version.partition("/")[0] if "/" in version else ""
    if group not in GROUPS:
        return dict(item)
    from kubernetes.client import ApiClient, models

    name = f"V{version.rpartition('/')[2].removeprefix('v')}{item['kind']}".replace("beta", "beta")
    name = f"V1{item['kind']}" if "beta" in name else name
    assert hasattr(models, name), f"the client has no model {name}"
    client = ApiClient()
    made = client.sanitize_for_serialization(client.deserialize(json.dumps(item), name, "application/json"))
    lost = list(_lost(item, made, str(item["kind"])))
    assert not lost, f"no API server gives these fields: {', '.join(lost)}"
    return dict(item)


def _lost(given: Any, kept: Any, path: str) -> list[str]:
    if isinstance(given, Mapping):
        here = [f"{path}.{name}" for name, value in given.items() if value is not None and not (isinstance(kept, Mapping) and name in kept)]
        inner = [
            lost
            for name, value in given.items()
            if isinstance(kept, Mapping) and name in kept
            for lost in _lost(value, kept[name], f"{path}.{name}")
        ]
        return here + inner
    if isinstance(given, list):
        if not isinstance(kept, list) or len(kept) != len(given):
            return [path]
        return [lost for number, value in enumerate(given) for lost in _lost(value, kept[number], f"{path}[{number}]")]
    return [] if isinstance(kept, type(given)) or path.endswith("imestamp") or path.endswith("Time") else [path]
