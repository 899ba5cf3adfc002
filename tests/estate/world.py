"""truth.toml as values, and what each server of the estate is planted with. Vendor-neutral: no server is started here."""

import hashlib
import tomllib
import uuid
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

TRUTH = Path(__file__).with_name("truth.toml")
Story = dict[str, Any]
Object = dict[str, Any]
Row = tuple[str, str, str]


class World:
    """The whole planted estate."""

    def __init__(self, path: Path = TRUTH, now: datetime | None = None) -> None:
        loaded = tomllib.loads(path.read_text("utf-8"))
        self.now = now or datetime.now(UTC)
        self.estate: dict[str, Any] = loaded["estate"]
        self.stories: list[Story] = [_expanded(story) for story in loaded["story"]]

    def when(self, offset: str) -> datetime:
        """`-40d` as a moment."""
        return self.now + timedelta(days=int(offset.removesuffix("d")))

    def every(self, part: str) -> Iterator[dict[str, Any]]:
        """All `[[story.<part>]]` tables."""
        for story in self.stories:
            yield from story.get(part, ())

    def expected(self, run: str = "expect") -> list[Row]:
        """The findings that a run must have; `blocked` replaces a story's rows where it gives any."""
        return sorted(tuple(row) for story in self.stories for row in story.get(run, story["expect"]))  # type: ignore[misc]  # three strings

    def files(self) -> dict[str, dict[str, str]]:
        """Every repository's files."""
        found: dict[str, dict[str, str]] = {name: _ordinary(name) for name in self.estate.get("quiet", ())}
        for story in self.stories:
            for name, files in story.get("files", {}).items():
                found.setdefault(name, {"README.md": f"# {name}\n"}).update({path: text.lstrip("\n") for path, text in files.items()})
        return found


def _ordinary(name: str) -> dict[str, str]:
    short = name.partition("/")[2]
    code = f"def main() -> None:\n    print({short!r})\n\n\nif __name__ == '__main__':\n    main()\n"
    return {"README.md": f"# {short}\n", "src/main.py": code, "requirements.txt": "requests==2.32.3\nsqlalchemy==2.0.36\n"}


def _expanded(story: Story) -> Story:
    """`served = ["name-version"]` stands for a record, its weights and a Deployment that loads them, all as approved."""
    for each in story.get("served", ()):
        name, _, version = each.rpartition("-")
        key = f"{name}/{version}/model.safetensors"
        uri = f"s3://ml-prod/{key}"
        story.setdefault("record", []).append({"id": each, "name": name, "version": version, "state": "deployed", "identifiers": [uri]})
        story.setdefault("object", []).append({"bucket": "ml-prod", "key": key, "make": "safetensors"})
        workload = {
            "cluster": "prod-eu",
            "namespace": "models",
            "name": name,
            "image": f"ghcr.io/acme/{name}:{version}",
            "env": {"MODEL_URI": uri},
        }
        story.setdefault("workload", []).append(workload)
    return story


def iso(moment: datetime) -> str:
    """As Kubernetes and the registry write it."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


COMPLETE: Mapping[str, Any] = {
    "framework": "pytorch 2.7",
    "use_case": "customer operations",
    "business_purpose": "Does the work that its name says for the teams of Acme",
    "owner": "ml-platform",
    "owner_person": "jdoe",
    "approver": "m-governance",
    "risk_class": "limited",
    "source_repository": "repo:acme/models",
    "source_commit": "5f2c1e0",
    "review_due": "+200d",
}
DATES = ("review_due", "retire_on", "retired", "record_updated", "model_changed", "offboard_by", "hold_until")


def records(world: World) -> Iterator[dict[str, Any]]:
    """The registry's records, complete but for what a story takes away."""
    for story in world.stories:
        for planted in story.get("record", ()):
            lacks = planted.get("lacks", ())
            record = {**COMPLETE, **planted}
            dated = {key: iso(world.when(value))[:10] if key in DATES else value for key, value in record.items()}
            yield {key: value for key, value in dated.items() if key != "lacks" and key not in lacks}


def objects(world: World, cluster: str) -> Iterator[Object]:
    """The API objects of one cluster."""
    mine = [workload for workload in world.every("workload") if workload["cluster"] == cluster]
    namespaces = sorted({workload["namespace"] for workload in mine} | {"default", "kube-system"})
    yield from (_object("v1", "Namespace", name, None, {}) for name in namespaces)
    yield from (_object("v1", "ServiceAccount", "default", name, {}) for name in namespaces)
    for workload in mine:
        yield from _workload(workload)


def _workload(planted: Mapping[str, Any]) -> Iterator[Object]:
    kind, name, namespace = planted.get("kind", "Deployment"), planted["name"], planted["namespace"]
    labels = {"app": name}
    pod = _pod(planted)
    template = {"metadata": {"labels": labels}, "spec": pod}
    account = planted.get("service_account")
    if account:
        yield _object("v1", "ServiceAccount", account, namespace, {}, annotations=planted.get("account_annotations", {}))
    if kind == "CronJob":
        job = {"template": template}
        spec = {"schedule": planted["schedule"], "jobTemplate": {"spec": job}, "suspend": planted.get("suspend", False)}
        yield _object("batch/v1", "CronJob", name, namespace, {"spec": spec}, labels)
        return
    replicas = planted.get("replicas", 1)
    spec = {"replicas": replicas, "selector": {"matchLabels": labels}, "template": template}
    if kind == "StatefulSet":
        spec["serviceName"] = name
    yield _object("apps/v1", kind, name, namespace, {"spec": spec, "status": {"replicas": replicas, "readyReplicas": replicas}}, labels)
    yield from _pods(planted, pod, labels, replicas)
    if "exposed" in planted:
        yield from _exposed(planted, labels)
    if planted.get("autoscaled"):
        target = {"apiVersion": "apps/v1", "kind": kind, "name": name}
        yield _object("keda.sh/v1alpha1", "ScaledObject", name, namespace, {"spec": {"scaleTargetRef": target, "minReplicaCount": 0}})


def _pods(planted: Mapping[str, Any], pod: Object, labels: Mapping[str, str], replicas: int) -> Iterator[Object]:
    name, namespace = planted["name"], planted["namespace"]
    owner = {"apiVersion": "apps/v1", "kind": "Deployment", "name": name, "uid": _uid("deployment", namespace, name), "controller": True}
    set_name = f"{name}-6d4f"
    if not replicas:
        return
    body = {"spec": {"replicas": replicas, "selector": {"matchLabels": labels}, "template": {"metadata": {"labels": labels}, "spec": pod}}}
    yield _object("apps/v1", "ReplicaSet", set_name, namespace, body, labels, owners=[owner])
    mine = {
        "apiVersion": "apps/v1",
        "kind": "ReplicaSet",
        "name": set_name,
        "uid": _uid("replicaset", namespace, set_name),
        "controller": True,
    }
    digest = planted.get("digest", _digest(planted["image"]))
    status = {"phase": "Running", "containerStatuses": [_container_status(planted, digest)]}
    yield _object("v1", "Pod", f"{set_name}-x2x", namespace, {"spec": pod, "status": status}, labels, owners=[mine])


def _container_status(planted: Mapping[str, Any], digest: str) -> Object:
    image = planted["image"]
    name = image.rpartition(":")[0] or image
    return {
        "name": "main", "image": image, "imageID": f"{name}@sha256:{digest}", "ready": True, "restartCount": 0,
        "containerID": f"containerd://{digest}", "started": True, "state": {"running": {}},
    }  # fmt: skip


def _pod(planted: Mapping[str, Any]) -> Object:
    plain = [{"name": name, "value": value} for name, value in planted.get("env", {}).items()]
    secret = [_secret_reference(name, value) for name, value in planted.get("secret_env", {}).items()]
    container: Object = {"name": "main", "image": planted["image"], "env": plain + secret}
    if "args" in planted:
        container["args"] = planted["args"]
    if "gpu" in planted:
        container["resources"] = {"limits": {"nvidia.com/gpu": str(planted["gpu"])}}
    return {"containers": [container], "serviceAccountName": planted.get("service_account", "default"), "restartPolicy": "Always"}


def _secret_reference(name: str, place: str) -> Object:
    secret, _, key = place.partition("/")
    return {"name": name, "valueFrom": {"secretKeyRef": {"name": secret, "key": key or name}}}


def _exposed(planted: Mapping[str, Any], labels: Mapping[str, str]) -> Iterator[Object]:
    name, namespace, public = planted["name"], planted["namespace"], planted["exposed"] == "public"
    port = {"port": 80, "targetPort": planted.get("port", 8000)}
    spec = {"selector": labels, "ports": [port], "type": "LoadBalancer" if public else "ClusterIP", "clusterIP": "10.0.0.10"}
    status = {"loadBalancer": {"ingress": [{"ip": "203.0.113.7"}]}} if public else {"loadBalancer": {}}
    yield _object("v1", "Service", name, namespace, {"spec": spec, "status": status}, labels)


def _object(
    version: str, kind: str, name: str, namespace: str | None, body: Object, labels: Mapping[str, str] | None = None,
    owners: list[Object] | None = None, annotations: Mapping[str, str] | None = None,
) -> Object:  # fmt: skip
    metadata: Object = {
        "name": name,
        "uid": _uid(kind.lower(), namespace or "", name),
        "resourceVersion": "100",
        "creationTimestamp": "2026-01-10T08:00:00Z",
    }
    metadata |= {"namespace": namespace} if namespace else {}
    metadata |= {"labels": dict(labels)} if labels else {}
    metadata |= {"annotations": dict(annotations)} if annotations else {}
    metadata |= {"ownerReferences": owners} if owners else {}
    return {"apiVersion": version, "kind": kind, "metadata": metadata, **body}


def _uid(kind: str, namespace: str, name: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{kind}/{namespace}/{name}"))


def _digest(image: str) -> str:
    return hashlib.sha256(image.encode()).hexdigest()
