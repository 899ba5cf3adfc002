"""Any registry that answers JSON over HTTP: a listing, how it goes on, and where in an item each field of a record stands.

docs/registry.md has a worked example for a Collibra-like catalogue.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Self
from urllib.parse import quote

from pydantic import Field, model_validator

from connectors.registries._cells import FIELDS, put
from connectors.registries._entries import Entries
from connectors.registries._http import Client, HttpSettings, Reply
from connectors.registries._paging import Paging, pages
from connectors.registries._paths import Path, found
from scanner.contracts import Registry, Tools
from scanner.errors import UnexpectedReply
from scanner.model import Gap, Reason, Record, State

EXAMPLE = {"id": "id", "name": "name", "version": "version", "state": "status.name", "owner": "owner", "identifiers": "identifiers"}
DETAIL = "{id}"


class Settings(HttpSettings):
    """Where the listing is, and what its items mean."""

    name: str = Field(default="rest", description="how reports call this registry")
    path: str = Field(default="", description="path and query of the listing, below url", examples=["/api/v1/models?type=model"])
    items: Path = Field(default="", description="where a reply holds its list of items, such as results; empty: the reply is the list")
    total: Path = Field(default="", description="where a reply says how many items there are in all; checked against what came")
    fields: Mapping[str, Path] = Field(description="field of a record = its place in an item: /a/b or a.b", examples=[EXAMPLE])
    states: Mapping[str, State] = Field(
        default={}, description="the registry's words for a state, such as { 'Under Review' = 'proposed', Accepted = 'approved' }"
    )
    separators: str = Field(default=";|\n", min_length=1, description="signs between the items of a list that comes as one text")
    detail: str = Field(
        default="", description="path of more about one item, {id} standing for its id; read for each, found under `detail`"
    )
    paging: Paging = Field(default=Paging(), description="how the listing comes in parts")
    max_records: int = Field(default=200_000, ge=1, description="a longer listing is cut off here, and named in a gap")

    @model_validator(mode="after")
    def _known(self) -> Self:
        unknown = next((field for field in self.fields if field not in FIELDS and field != "state"), None)
        if unknown:
            raise ValueError(f"fields: a record has no field {unknown!r}")
        if "state" not in self.fields or not {"id", "name"} & self.fields.keys():
            raise ValueError("fields needs the places of `name` (or `id`) and `state`")
        if self.detail and (DETAIL not in self.detail or "id" not in self.fields):
            raise ValueError("detail needs {id} in it, and fields.id")
        return self


def connect(settings: Settings, tools: Tools) -> Registry:
    """The registry behind one address."""
    return Rest(settings, tools)


class Rest:
    """Reads the listing page by page, and where asked for, each item by itself."""

    def __init__(self, settings: Settings, tools: Tools) -> None:
        self._settings, self._tools = settings, tools

    def records(self) -> Iterator[Record | Gap]:
        """A record of each item. Raises a ReadError where the listing cannot be read to its end."""
        client = Client(self._settings, self._tools)
        entries = Entries(
            self._settings.name, self._settings.states, "mend it in the registry, or `fields` and `states` in the config", foreign=True
        )
        count, total = 0, 0
        for items, reply in pages(client, self._settings.path, self._settings.paging, self._listed):
            total = max(total, self._total(reply))
            for item in items:
                count += 1
                if count > self._settings.max_records:
                    yield entries.gap("", f"more than max_records ({self._settings.max_records})", Reason.LIMIT)
                    return
                yield from self._record(client, entries, item, count)
        if count < total:
            yield entries.gap("", f"{count} items came of the {total} that the registry says there are", Reason.PARTIAL)

    def _listed(self, reply: Reply) -> list[Any]:
        items = found(self._settings.items, reply.body)
        if isinstance(items, list):
            return items
        raise UnexpectedReply(f"there is no list at {self._settings.items or 'the top of the reply'}", remedy="check path and items")

    def _total(self, reply: Reply) -> int:
        if not self._settings.total:
            return 0
        total = found(self._settings.total, reply.body)
        if isinstance(total, bool) or not isinstance(total, int):
            raise UnexpectedReply(f"there is no number at {self._settings.total}", remedy="check total")
        return total

    def _record(self, client: Client, entries: Entries, item: Any, number: int) -> Iterator[Record | Gap]:
        key = found(self._settings.fields["id"], item) if "id" in self._settings.fields else None
        at = str(key) if isinstance(key, (str, int)) else f"item {number}"
        if self._settings.detail and key is not None and isinstance(item, dict):
            try:
                item = {**item, "detail": client.get(self._settings.detail.replace(DETAIL, quote(at, safe=""))).body}
            except UnexpectedReply as error:
                yield entries.gap(at, str(error), error.reason)
        yield from entries.of(self._raw(item), f"{self._settings.url.rstrip('/')}#{at}", at)

    def _raw(self, item: Any) -> dict[str, Any]:
        raw: dict[str, Any] = {}
        for field, path in self._settings.fields.items():
            value = found(path, item)
            if value is not None:
                put(raw, field, value, self._settings.separators)
        return raw
