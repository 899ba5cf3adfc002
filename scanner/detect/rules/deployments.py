"""Deployments: manifests at rest that serve a model, in every tool's own terms."""

import re
from collections.abc import Iterator
from typing import Any

from scanner.contracts import Fact
from scanner.detect import runtime
from scanner.detect.models import UNRESOLVED
from scanner.detect.rules import charts, clouds, resources, scripts, served
from scanner.detect.rules.charts import SERVING_ROLES
from scanner.detect.rules.file import File, fact

WORKFLOW = re.compile(
    r"(^|/)\.(github|gitlab)[/-]|(^|/)(\.gitlab-ci\.yml|azure-pipelines[^/]*\.ya?ml|bitbucket-pipelines\.yml|cloudbuild\.ya?ml|mkdocs\.ya?ml)$|(^|/)\.circleci/"
)


def facts(file: File) -> Iterator[Fact]:
    """Each resource of the file that deploys AI."""
    if file.kind in ("prose", "python", "notebook", "markup") and not file.reading.documents:
        yield from clouds.in_code(file)
    elif file.ending in ("tf", "hcl"):
        yield from clouds.in_terraform(file)
        yield from charts.by_image(file)
    elif file.kind == "slashed" and file.ending == "bicep":
        yield from clouds.typed(file)
    elif file.reading.documents or file.kind in ("yaml", "json"):
        yield from _in_documents(file)
    elif file.kind == "grammar":
        yield from clouds.in_code(file)
    elif file.kind in ("shell", "env"):
        yield from scripts.facts(file)


def _in_documents(file: File) -> Iterator[Fact]:
    found = [*_kubernetes(file), *_compose(file), *clouds.typed(file)]
    yield from found
    if not found and not WORKFLOW.search(file.path):
        yield from charts.by_image(file)
        yield from charts.by_values(file)


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
