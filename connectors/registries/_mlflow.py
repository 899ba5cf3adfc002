"""What MLflow's REST API answers: models and versions as they come, and listings that end.

mlflow.org/docs/latest/api_reference/rest-api.html. Empty fields are left out of every reply, an empty listing is `{}`.
"""

from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

import msgspec

from connectors.registries._http import Client
from scanner.errors import UnexpectedReply

API = "api/2.0/mlflow/"
PROMPT = "mlflow.prompt.is_prompt"
Item = TypeVar("Item")


class Tag(msgspec.Struct, frozen=True):
    """A tag."""

    key: str
    value: str = ""


class Alias(msgspec.Struct, frozen=True):
    """A name for a version that can be moved to another."""

    alias: str
    version: str


class Model(msgspec.Struct, frozen=True):
    """A registered model."""

    name: str
    tags: tuple[Tag, ...] = ()
    aliases: tuple[Alias, ...] = ()
    last_updated_timestamp: int | None = None


class Version(msgspec.Struct, frozen=True):
    """A version. Times are milliseconds since 1970."""

    name: str
    version: str
    tags: tuple[Tag, ...] = ()
    creation_timestamp: int | None = None
    last_updated_timestamp: int | None = None
    current_stage: str = ""
    source: str = ""
    run_id: str = ""
    user_id: str = ""
    status: str = ""


class NotDocumented(ValueError):
    """An item of a listing that is not what MLflow documents."""


def models(client: Client, size: int) -> Iterator[Any]:
    """Every registered model, raw. Raises a ReadError where the listing cannot be read to its end."""
    return _items(client, "registered-models", {"max_results": size, "order_by": ("name ASC",)})


def versions(client: Client, size: int) -> Iterator[Any]:
    """Every version of every model, raw, in an order that no update in the meantime changes."""
    return _items(client, "model-versions", {"max_results": size, "order_by": ("name ASC", "version_number ASC")})


def model(raw: Any) -> Model:
    """A registered model. Raises NotDocumented."""
    return _typed(raw, Model)


def version(raw: Any) -> Version:
    """A version. Raises NotDocumented."""
    return _typed(raw, Version)


def lies_at(client: Client, one: Version) -> str:
    """The address that MLflow itself would fetch a version's files from."""
    body = client.get(f"{API}model-versions/get-download-uri", {"name": one.name, "version": one.version}).body
    uri = body.get("artifact_uri") if isinstance(body, dict) else None
    if not isinstance(uri, str):
        raise UnexpectedReply(f"{one.name} {one.version}: MLflow does not say where it lies")
    return uri


def is_prompt(tags: tuple[Tag, ...]) -> bool:
    """Whether this is a prompt: MLflow keeps those among the models."""
    return any(tag.key == PROMPT and tag.value == "true" for tag in tags)


def _typed(raw: Any, kind: type[Item]) -> Item:
    try:
        return msgspec.convert(raw, kind, strict=False)
    except msgspec.ValidationError as error:
        raise NotDocumented(f"not what MLflow documents: {error}") from error


def _items(client: Client, what: str, asked: Mapping[str, int | tuple[str, ...]]) -> Iterator[Any]:
    key, token, seen = what.replace("-", "_"), "", set[str]()
    while True:
        body = client.get(f"{API}{what}/search", {**asked, **({"page_token": token} if token else {})}).body
        if not isinstance(body, dict) or (body and not {key, "next_page_token"} & body.keys()):
            raise UnexpectedReply(f"{what}/search: not a reply of MLflow's registry", remedy="check url: it is that of the tracking server")
        items = body.get(key, [])
        if not isinstance(items, list):
            raise UnexpectedReply(f"{what}/search: {key} is not a list")
        yield from items
        token = body.get("next_page_token") or ""
        if not token:
            return
        if token in seen:
            raise UnexpectedReply(f"{what}/search: the same page token came twice; the listing is not complete")
        seen.add(token)
