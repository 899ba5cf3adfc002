"""truth.toml as values, and what each server of the estate is planted with. Vendor-neutral: no server is started here."""

import tomllib
import uuid
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.estate.kubernetes import objects as made

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
        """The findings that a run must have: `expect`, `blocked` (a story's `expect` where it says nothing else) or `lost`."""
        rows = (story.get(run, [] if run == "lost" else story["expect"]) for story in self.stories)
        return sorted(tuple(row) for each in rows for row in each)  # type: ignore[misc]  # three strings

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
    """The API objects of one cluster, with uids of its own."""
    for each in _objects(world, cluster):
        for named in (each["metadata"], *each["metadata"].get("ownerReferences", ())):
            named["uid"] = str(uuid.uuid5(uuid.NAMESPACE_URL, f"{cluster}/{named['uid']}"))
        yield each


def _objects(world: World, cluster: str) -> Iterator[Object]:
    mine = [workload for workload in world.every("workload") if workload["cluster"] == cluster]
    namespaces = sorted({workload["namespace"] for workload in mine} | {"default", "kube-system"})
    for name in namespaces:
        yield made.namespace(name)
        yield made.account("default", name)
    for workload in mine:
        yield from _workload(workload)


def _workload(planted: Mapping[str, Any]) -> Iterator[Object]:
    kind, name, namespace = planted.get("kind", "Deployment"), planted["name"], planted["namespace"]
    account = planted.get("service_account", "default")
    if account != "default":
        yield made.account(account, namespace, **planted.get("account_annotations", {}))
    container = _container(planted)
    if kind == "CronJob":
        suspend = planted.get("suspend", False)
        yield made.cronjob(name, namespace, container, schedule=planted["schedule"], suspend=suspend, serviceAccountName=account)
        return
    replicas = planted.get("replicas", 1)
    controller = made.deployment(name, namespace, container, replicas=replicas, kind=kind, account=account)
    yield from made.rolled_out(controller) if replicas else [controller]
    if "exposed" in planted:
        public = planted["exposed"] == "public"
        yield made.service(name, namespace, "LoadBalancer" if public else "ClusterIP", ip="203.0.113.7" if public else "")
    if planted.get("autoscaled"):
        yield made.scaledobject(name, namespace, name)


def _container(planted: Mapping[str, Any]) -> Object:
    gpu = {"resources": {"limits": {"nvidia.com/gpu": str(planted["gpu"])}}} if "gpu" in planted else {}
    return made.container(
        planted["image"], args=planted.get("args", ()), env=planted.get("env"), secret_env=planted.get("secret_env"), **gpu
    )
