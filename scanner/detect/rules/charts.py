"""Charts' values, task definitions and templates: an image of a known server, or an image and a model side by side."""

import re
from collections.abc import Iterator
from typing import Any

from scanner.contracts import Fact
from scanner.detect import runtime
from scanner.detect.reading.literal import Literal
from scanner.detect.rules.file import File, fact
from scanner.detect.rules.slots import squeezed

SIDE_BY_SIDE = frozenset({"modelurl", "modelid", "hfmodelid", "modelnameorpath", "basemodel", "storageuri", "modelname", "model"})
IMAGE_KEYS = frozenset(
    {
        "image",
        "images",
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
SERVING_ROLES = ("server", "gateway")


def by_image(file: File) -> Iterator[Fact]:
    """A chart's values, a task definition, a template: an image of a known server under a key for images."""
    seen: set[str] = set()
    for literal in file.reading.literals:
        server = _image_server(literal)
        if server is not None and server not in seen:
            seen.add(server)
            attributes = {"resource": f"values/{server}", "images": (literal.text,)}
            yield fact("deployment", "values.image", literal.line, name=server, attributes=attributes)


def by_values(file: File) -> Iterator[Fact]:
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
    named = {re.sub(r"[^a-z]", "", key.lower()) for key in (literal.key, *literal.path[-1:])}
    if not named & IMAGE_KEYS or literal.callee == "key" or "/" not in literal.text:
        return None
    server = runtime.server_of(literal.text)
    row = runtime.server(server) if server else None
    return row.id if row is not None and row.role in SERVING_ROLES and row.ai else None
