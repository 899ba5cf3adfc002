"""GitHub's own descriptions of its API: what the emulator answers is held against them, reply by reply.

The OpenAPI description is cut down to the operations that are served (tests/estate/vendor/README.md).
"""

import gzip
import json
import re
from functools import cache
from pathlib import Path
from typing import Any

VENDOR = Path(__file__).parent.parent / "vendor"
Schema = dict[str, Any]


@cache
def openapi() -> Schema:
    return _nullable(json.loads(gzip.decompress((VENDOR / "github-openapi.json.gz").read_bytes())))  # type: ignore[no-any-return]  # JSON


@cache
def graphql_schema() -> Any:
    from graphql import build_schema

    text = gzip.decompress((VENDOR / "github-schema.graphql.gz").read_bytes()).decode()
    return build_schema(text, assume_valid=True, no_location=True)  # GitHub's own text defines one field twice


@cache
def operations() -> tuple[tuple[re.Pattern[str], str], ...]:
    """Every path that is described, as a pattern, literal segments first."""
    paths = sorted(openapi()["paths"], key=lambda path: (path.count("{"), path))
    return tuple((re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", path) + "$"), path) for path in paths)


def fault(path: str, method: str, status: int, body: Any) -> str | None:
    """Why GitHub would not answer so, or None."""
    validator = _validator(path, method.lower(), str(status))
    if validator is None:
        return f"{method} {path}: {status} is not described"
    wrong = next(iter(validator.iter_errors(body)), None)
    return None if wrong is None else f"{method} {path}: {wrong.message} at {list(wrong.instance_path)}"


def schema_of(path: str, method: str, status: str) -> Schema | None:
    reply = openapi()["paths"][path][method]["responses"].get(status)
    while reply and "$ref" in reply:
        reply = _at(reply["$ref"])
    return reply["content"]["application/json"]["schema"] if reply and "content" in reply else None


@cache
def _validator(path: str, method: str, status: str) -> Any:
    import jsonschema_rs

    schema = schema_of(path, method, status)
    if schema is None:
        return None
    return jsonschema_rs.Draft202012Validator({**schema, "components": openapi()["components"]})


def filled(schema: Schema, given: Any) -> Any:
    """`given` with every field that the schema requires and it lacks, in the least form that the schema allows."""
    schema = _resolved(schema, least=given is None)
    if not isinstance(given, dict):
        return [filled(schema["items"], entry) for entry in given] if isinstance(given, list) else given
    known = schema.get("properties", {})
    whole = {name: filled(known[name], value) if name in known else value for name, value in given.items()}
    return {**{name: _least(known[name]) for name in schema.get("required", ()) if name not in given}, **whole}


def _least(schema: Schema) -> Any:
    schema = _resolved(schema)
    kind = schema.get("type", "object")
    kinds = kind if isinstance(kind, list) else [kind]
    if "null" in kinds:
        return None
    if "enum" in schema:
        return schema["enum"][0]
    text = {"date-time": "2025-01-15T09:00:00Z", "uri": "https://example.org/", "email": "estate@example.org"}
    least = {"string": text.get(schema.get("format", ""), "x"), "integer": 1, "number": 1, "boolean": False, "array": []}
    return filled(schema, {}) if kinds[0] == "object" else least[kinds[0]]


def _resolved(schema: Schema, *, least: bool = True) -> Schema:
    """Without references and alternatives: null where it may be and `least` is asked for, else the first that is not."""
    while True:
        if "$ref" in schema:
            schema = _at(schema["$ref"])
        elif alternatives := schema.get("oneOf") or schema.get("anyOf"):
            schema = next((one for one in alternatives if (one == {"type": "null"}) is least), alternatives[0])
        elif "allOf" in schema and "properties" not in schema:
            parts = [_resolved(part, least=least) for part in schema["allOf"]]
            properties = {name: value for part in parts for name, value in part.get("properties", {}).items()}
            return {"type": "object", "properties": properties, "required": [name for part in parts for name in part.get("required", ())]}
        else:
            return schema


def _at(reference: str) -> Schema:
    place: Any = openapi()
    for part in reference.removeprefix("#/").split("/"):
        place = place[part]
    return place  # type: ignore[no-any-return]  # JSON


def _nullable(node: Any) -> Any:
    """OpenAPI 3.0's `nullable` in the words of JSON Schema."""
    if isinstance(node, list):
        return [_nullable(entry) for entry in node]
    if not isinstance(node, dict):
        return node
    plain = {key: _nullable(value) for key, value in node.items() if key != "nullable" or not isinstance(value, bool)}
    if node.get("nullable") is not True:
        return plain
    if isinstance(plain.get("type"), str) and "enum" not in plain:
        return {**plain, "type": [plain["type"], "null"]}
    return {"anyOf": [{"type": "null"}, plain]}
