"""Deployments: manifests at rest that serve a model, in every tool's own terms."""

import re
from collections.abc import Iterator
from typing import Any

from scanner.contracts import Fact
from scanner.detect import runtime
from scanner.detect.models import UNRESOLVED
from scanner.detect.reading.literal import Literal
from scanner.detect.rules import resources, served
from scanner.detect.rules.file import File, fact
from scanner.detect.rules.slots import squeezed

SIDE_BY_SIDE = frozenset({"modelurl", "modelid", "hfmodelid", "modelnameorpath", "basemodel", "storageuri", "modelname", "model"})
SERVING_ROLES = ("server", "gateway")
IMAGE_KEYS = frozenset(
    {
        "image",
        "repository",
        "imagename",
        "imageuri",
        "ecrimageuri",
        "containerimage",
        "publicnimimage",
        "modelimage",
        "imagerepository",
        "ngcimage",
        "fullname",
        "dockerimage",
        "imageurl",
    }
)
CRONS = (
    "CronJob",
    "Job",
    "Pod",
    "Deployment",
    "StatefulSet",
    "DaemonSet",
    "ReplicaSet",
    "ReplicationController",
    "Service",
    "LeaderWorkerSet",
    "Rollout",
    "RayCluster",
    "RayJob",
    "RayService",
    "Workflow",
    "WorkflowTemplate",
    "CronWorkflow",
    "Configuration",
    "DeploymentConfig",
    "JobSet",
    "Kustomization",
    "HelmRelease",
    "Application",
)
WORKFLOW = re.compile(
    r"(^|/)\.(github|gitlab)[/-]|(^|/)(\.gitlab-ci\.yml|azure-pipelines[^/]*\.ya?ml|bitbucket-pipelines\.yml|cloudbuild\.ya?ml|mkdocs\.ya?ml)$|(^|/)\.circleci/"
)


def facts(file: File) -> Iterator[Fact]:
    """Each resource of the file that deploys AI."""
    if file.kind in ("prose", "python", "notebook", "markup") and not file.reading.documents:
        yield from _in_code(file)
    elif file.ending in ("tf", "hcl"):
        yield from _in_terraform(file)
    elif file.kind == "slashed" and file.ending == "bicep":
        yield from _typed(file)
    elif file.reading.documents or file.kind in ("yaml", "json"):
        yield from _in_documents(file)
    elif file.kind == "grammar":
        yield from _in_code(file)
    elif file.kind in ("shell", "env"):
        yield from _in_commands(file)


def _in_documents(file: File) -> Iterator[Fact]:
    found = [*_kubernetes(file), *_compose(file), *_typed(file)]
    yield from found
    if not found and not WORKFLOW.search(file.path):
        yield from _by_image(file)
        yield from _by_values(file)


# ---- Kubernetes


def _kubernetes(file: File) -> Iterator[Fact]:
    for value, line in file.manifests:
        kind, name = str(value["kind"]), _name(value)
        custom = resources.custom(str(value["apiVersion"]), kind)
        servers, images = _servers(value)
        if custom is not None and not custom.agent:
            server = servers[0] if servers and custom.server in ("kserve", "ray-serve", "seldon") and servers[0] == "nim" else custom.server
            yield _deployment(server, f"{kind}/{name}", line, value, images)
        elif servers and custom is None and kind != "CustomResourceDefinition":
            yield _deployment(servers[0], f"{kind}/{name}", line, value, images)


def _name(value: dict[str, Any]) -> str:
    metadata = value.get("metadata")
    name = metadata.get("name") or metadata.get("generateName") if isinstance(metadata, dict) else None
    return str(name or "unnamed")


def _deployment(server: str, resource: str, line: int, value: dict[str, Any], images: list[str]) -> Fact:
    metadata = value.get("metadata")
    namespace = metadata.get("namespace") if isinstance(metadata, dict) else None
    attributes: dict[str, Any] = {"resource": resource}
    if images:
        attributes["images"] = tuple(dict.fromkeys(images))[:20]
    if isinstance(namespace, str) and not UNRESOLVED.search(namespace):
        attributes["namespace"] = namespace
    return fact("deployment", f"manifest.{resource.split('/', maxsplit=1)[0]}", line, name=server, attributes=attributes)


def _servers(value: Any) -> tuple[list[str], list[str]]:
    """The servers that the containers anywhere below start, and all their images."""
    servers: list[str] = []
    images: list[str] = []
    for container in served.containers(value):
        image = container.get("image")
        words = [str(word) for key in ("command", "args") for word in (container.get(key) or ()) if isinstance(container.get(key), list)]
        if isinstance(image, str) and not UNRESOLVED.search(image):
            images.append(image)
        server = (runtime.server_of(image) if isinstance(image, str) else None) or (runtime.server_of_command(words) if words else None)
        row = runtime.server(server) if server else None
        if row is not None and row.role in SERVING_ROLES and (row.ai or runtime.server_of_command(words)):
            servers.append(row.id)
    return servers, images


# ---- compose


def _compose(file: File) -> Iterator[Fact]:
    for document in file.reading.documents:
        value = document.value
        if not isinstance(value, dict) or "apiVersion" in value:
            continue
        services = value.get("services")
        for name, service in services.items() if isinstance(services, dict) else ():
            if isinstance(service, dict):
                yield from _service(file, str(name), service)
        models = value.get("models")
        if isinstance(models, dict) and (isinstance(services, dict) or "compose" in file.name):
            yield from (_model_runner(file, str(name)) for name, model in models.items() if isinstance(model, dict) and "model" in model)


def _service(file: File, name: str, service: dict[str, Any]) -> Iterator[Fact]:
    image = service.get("image")
    image = re.sub(r"\$\{[^}:]*:-?([^}]*)\}", r"\1", image) if isinstance(image, str) else ""
    command = service.get("command")
    words = [str(word) for word in command] if isinstance(command, list) else [command] if isinstance(command, str) else []
    server = runtime.server_of(image) or (runtime.server_of_command(words) if words else None)
    row = runtime.server(server) if server else None
    provider = service.get("provider")
    if isinstance(provider, dict) and provider.get("type") == "model":
        yield _model_runner(file, name)
    elif row is not None and row.role in SERVING_ROLES and row.ai:
        images = {"images": (image,)} if image and not UNRESOLVED.search(image) else {}
        yield fact(
            "deployment", "compose.service", file.line_of(f"{name}:"), name=row.id, attributes={"resource": f"service/{name}", **images}
        )


def _model_runner(file: File, name: str) -> Fact:
    return fact(
        "deployment", "compose.model", file.line_of(f"{name}:"), name="docker-model-runner", attributes={"resource": f"model/{name}"}
    )


# ---- charts and anything else that names an image


def _by_image(file: File) -> Iterator[Fact]:
    """A chart's values, a task definition, a template: an image of a known server under a key for images."""
    seen: set[str] = set()
    for literal in file.reading.literals:
        server = _image_server(literal)
        if server is not None and server not in seen:
            seen.add(server)
            attributes = {"resource": f"values/{server}", "images": (literal.text,)}
            yield fact("deployment", "values.image", literal.line, name=server, attributes=attributes)


def _by_values(file: File) -> Iterator[Fact]:
    """A chart's values that set an image and a model side by side, whoever made the image."""
    for document in file.reading.documents if file.kind == "yaml" else ():
        for table in _tables(document.value, 0):
            names = {squeezed(str(key)) for key, value in table.items() if isinstance(value, str) and "/" in value}
            if names & SIDE_BY_SIDE and names & IMAGE_KEYS:
                yield fact(
                    "deployment",
                    "values.model",
                    file.line_of(str(next(iter(table)))),
                    name="model-server",
                    attributes={"resource": "values/model"},
                )
                return


def _tables(value: Any, depth: int) -> Iterator[dict[str, Any]]:
    if depth > 12:
        return
    if isinstance(value, dict):
        yield value
        for inner in value.values():
            yield from _tables(inner, depth + 1)
    elif isinstance(value, list):
        for item in value[:200]:
            yield from _tables(item, depth + 1)


def _image_server(literal: Literal) -> str | None:
    if re.sub(r"[^a-z]", "", literal.key.lower()) not in IMAGE_KEYS or literal.callee == "key" or "/" not in literal.text:
        return None
    server = runtime.server_of(literal.text)
    row = runtime.server(server) if server else None
    return row.id if row is not None and row.role in SERVING_ROLES and row.ai else None


# ---- clouds


def _in_terraform(file: File) -> Iterator[Fact]:
    pattern = re.compile(r"^\s*resource\s+\"([a-z0-9_]+)\"\s+\"([\w-]+)\"", re.MULTILINE)
    for found in pattern.finditer(file.text):
        row = resources.terraform(found[1])
        if row is not None and (not row.ai_only or re.search(row.ai_only, file.text)):
            line = file.text.count("\n", 0, found.start(1)) + 1
            yield fact("deployment", "terraform.resource", line, name=row.server, attributes={"resource": f"{found[1]}/{found[2]}"})
    yield from _by_image(file)


def _typed(file: File) -> Iterator[Fact]:
    """CloudFormation, SAM and ARM by their types, Bicep by its resources."""
    bicep = r"^\s*resource\s+(\w+)\s+'([^']+)'"
    for found in re.finditer(bicep, file.text, re.MULTILINE) if file.ending == "bicep" else ():
        yield from _of_type(file, found[2], found[1], file.text.count("\n", 0, found.start(1)) + 1)
    model = re.search(r"[\"']?format[\"']?\s*:\s*[\"']OpenAI[\"']", file.text)
    if model:
        yield fact(
            "deployment",
            "template.model",
            file.text.count("\n", 0, model.start()) + 1,
            name="azure-openai",
            attributes={"resource": "deployment/model"},
        )
    for literal in file.reading.literals if file.ending != "bicep" else ():
        if literal.key in ("Type", "type") and ("::" in literal.text or literal.text.startswith("Microsoft.")):
            yield from _of_type(file, literal.text, literal.path[-1] if literal.path else "resource", literal.line)


def _of_type(file: File, name: str, resource: str, line: int) -> Iterator[Fact]:
    row = resources.typed(name)
    if row is not None and (not row.ai_only or re.search(row.ai_only, file.text)):
        kind = name.partition("@")[0].rpartition("/")[2]
        yield fact("deployment", "template.type", line, name=row.server, attributes={"resource": f"{kind}/{resource}"})


def _in_code(file: File) -> Iterator[Fact]:
    """CDK and Pulumi: constructs by their names."""
    if file.kind in ("prose", "markup") or not re.search(r"aws[-_]cdk|pulumi|constructs|cdktf", file.text):
        return
    for row in resources.clouds():
        found = re.search(row.code, file.text) if row.code else None
        if found:
            line = file.text.count("\n", 0, found.start()) + 1
            yield fact("deployment", "construct", line, name=row.server, attributes={"resource": f"construct/{found[0]}"})


# ---- scripts

RUN = re.compile(r"\b(?:docker|podman|nerdctl)\s+(?:container\s+)?run\b(.*)")


def _in_commands(file: File) -> Iterator[Fact]:
    seen: set[str] = set()
    for command, line in file.reading.commands:
        server = _started(command)
        row = runtime.server(server) if server else None
        if row is not None and row.role in SERVING_ROLES and row.ai and row.id not in seen:
            seen.add(row.id)
            yield fact("deployment", "script.run", line, sure=False, name=row.id, attributes={"resource": f"script/{row.id}"})


def _started(command: str) -> str | None:
    run = RUN.search(command)
    if run:
        return next((server for word in run[1].split() if "/" in word and (server := runtime.server_of(word.strip("\"'")))), None)
    return (
        runtime.server_of_command([command]) if re.search(r"\bserve\b|entrypoints|launch_server|llama-server|launcher", command) else None
    )
