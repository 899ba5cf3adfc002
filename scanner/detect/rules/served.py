"""Models that manifests hand to a server: arguments and environment of containers, fields of custom resources, images that are models."""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from scanner.detect import runtime
from scanner.detect.catalogue import servers
from scanner.detect.models import UNRESOLVED, ModelRef, model_ref
from scanner.detect.rules import resources
from scanner.detect.rules.file import File

Served = tuple[ModelRef, int, str]


def models(file: File) -> Iterator[Served]:
    """Each model with its line and rule."""
    for value, line in file.manifests:
        for container in containers(value):
            yield from ((reference, _line(file, reference, line), "manifest.container") for reference in of_container(container))
        yield from _of_resource(file, value, line)
    for document in file.reading.documents:
        services = document.value.get("services") if isinstance(document.value, dict) else None
        for service in services.values() if isinstance(services, dict) else ():
            if isinstance(service, dict):
                yield from ((reference, _line(file, reference, document.line), "compose.service") for reference in of_container(service))


def of_container(container: dict[str, Any]) -> list[ModelRef]:
    """What one container of a manifest or one service of compose serves."""
    image = container.get("image")
    image = image if isinstance(image, str) else ""
    words = [*_words(container.get("entrypoint")), *_words(container.get("command")), *_words(container.get("args"))]
    server = runtime.server_of(image) or runtime.server_of_command(words)
    return runtime.served_models(server, words, _environment(container), image) if server else []


def _words(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    return [str(word) for word in value if isinstance(word, str | int | float)] if isinstance(value, list) else []


def _environment(container: dict[str, Any]) -> dict[str, str]:
    """The plain values of a container's environment, in any of the three ways they are written."""
    found: dict[str, str] = {}
    for key in ("env", "environment"):
        value = container.get(key)
        if isinstance(value, dict):
            found |= {str(name): str(inner) for name, inner in value.items() if isinstance(inner, str | int)}
        for item in value if isinstance(value, list) else ():
            if isinstance(item, dict) and isinstance(item.get("value"), str):
                found[str(item.get("name"))] = item["value"]
            elif isinstance(item, str) and "=" in item:
                name, _, inner = item.partition("=")
                found[name] = inner
    return {name: inner for name, inner in found.items() if not UNRESOLVED.search(inner)}


def containers(value: Any, depth: int = 0) -> Iterator[dict[str, Any]]:
    """Every container below a Kubernetes object, at any depth."""
    if depth > 30:
        return
    if isinstance(value, dict):
        for key, inner in value.items():
            if key in ("containers", "initContainers") and isinstance(inner, list):
                yield from (item for item in inner if isinstance(item, dict))
            else:
                yield from containers(inner, depth + 1)
    elif isinstance(value, list):
        for item in value[:500]:
            yield from containers(item, depth + 1)


def _of_resource(file: File, value: dict[str, Any], line: int) -> Iterator[Served]:
    row = resources.custom(str(value["apiVersion"]), str(value["kind"]))
    if row is None or not row.models:
        return
    for text in _fields(value.get("spec"), frozenset(row.models), 0):
        reference = model_ref(text, row.provider or "unknown")
        if reference is not None and reference.provider != "local" and "." not in reference.model_id.partition("/")[0]:
            yield reference, _line(file, reference, line), f"manifest.{value['kind']}"


def _fields(value: Any, names: frozenset[str], depth: int) -> Iterator[str]:
    if isinstance(value, dict) and depth < 6:
        for key, inner in value.items():
            if key in names and isinstance(inner, str):
                yield inner
            elif key in names and isinstance(inner, list):
                yield from (item for item in inner if isinstance(item, str))
            elif key in ("preset", "inference", "models", "model", "targetModels", "source", "modelHub"):
                yield from _fields(inner, names, depth + 1)
    elif isinstance(value, list) and depth < 6:
        for item in value[:100]:
            yield from _fields(item, names, depth + 1)


def _line(file: File, reference: ModelRef, begin: int) -> int:
    at = 0
    for _ in range(begin - 1):
        at = file.text.find("\n", at) + 1
    return file.line_of(reference.model_id, at) or begin


@lru_cache(maxsize=16_384)
def image_model(text: str) -> ModelRef | None:
    """The model that an image is, where a vendor publishes one image for each model (NVIDIA NIM)."""
    if "/" not in text or " " in text or UNRESOLVED.search(text):
        return None
    name = runtime.server_of(text)
    row = next((row for row in servers() if row.id == name and row.model_image), None)
    return next(iter(runtime.served_models(row.id, [], {}, text)), None) if row and runtime.image_name(text) else None
