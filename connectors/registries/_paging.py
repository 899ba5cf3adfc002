"""How a listing goes on: by a next link, a cursor, a page's number or an offset. A listing that ends is whole, any other raises."""

import hashlib
from collections.abc import Callable, Iterator
from enum import StrEnum
from typing import Any, Self

import msgspec
from pydantic import Field, model_validator

from connectors.registries._addresses import joined
from connectors.registries._http import Client, Reply
from connectors.registries._paths import Path, found
from scanner.contracts import PluginSettings
from scanner.errors import UnexpectedReply

MORE = (
    "next",
    "nextPage",
    "next_page",
    "nextPageToken",
    "next_page_token",
    "nextToken",
    "nextCursor",
    "next_cursor",
    "nextLink",
    "@odata.nextLink",
)
"""What replies call the way to the next page: where the config knows of none and one of these says there is more, we say so."""


class How(StrEnum):
    """The ways in which registries give a listing in parts."""

    NONE = "none"
    NEXT = "next"
    CURSOR = "cursor"
    PAGE = "page"
    OFFSET = "offset"


class Paging(PluginSettings):
    """How the registry gives its listing in parts."""

    how: How = Field(default=How.NONE, description="none, next (a link), cursor (a token), page (a number) or offset (a count)")
    next: Path = Field(default="", description="where a reply names the next link or the cursor; empty, for next: the Link header")
    parameter: str = Field(default="", description="query parameter for the cursor, the page's number or the offset")
    first: int = Field(default=1, ge=0, description="number of the first page")
    size_parameter: str = Field(default="", description="query parameter for the size of a page; empty: the registry's own size")
    size: int = Field(default=100, ge=1, description="items asked for at once, through size_parameter")

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.how in (How.CURSOR, How.PAGE, How.OFFSET) and not self.parameter:
            raise ValueError(f"how = {self.how.value!r} needs `parameter`, the query parameter that asks for the next part")
        if self.how is How.CURSOR and not self.next:
            raise ValueError("how = 'cursor' needs `next`, the place of the cursor in a reply")
        return self


Listed = tuple[list[Any], Reply]


def pages(client: Client, address: str, paging: Paging, items_of: Callable[[Reply], list[Any]]) -> Iterator[Listed]:
    """Every page with its items. Raises a ReadError where it cannot be read to its end, or comes round again."""
    size = {paging.size_parameter: paging.size} if paging.size_parameter else {}
    if paging.how in (How.PAGE, How.OFFSET):
        return _counted(client, address, paging, size, items_of)
    return _linked(client, address, paging, size, items_of)


def _linked(client: Client, address: str, paging: Paging, size: dict[str, int], items_of: Callable[[Reply], list[Any]]) -> Iterator[Listed]:
    reply, seen = client.get(address, size), set[str]()
    while True:
        yield items_of(reply), reply
        way = _way(paging, reply)
        if not way:
            return
        if way in seen:
            raise UnexpectedReply("the same page token came twice; the listing is not complete")
        seen.add(way)
        reply = client.get(address, {**size, paging.parameter: way}) if paging.how is How.CURSOR else client.get(joined(reply.url, way))


def _counted(
    client: Client, address: str, paging: Paging, size: dict[str, int], items_of: Callable[[Reply], list[Any]]
) -> Iterator[Listed]:
    """Until an empty page: a short one may only mean that the registry gives fewer at once than was asked for."""
    at, seen = paging.first if paging.how is How.PAGE else 0, set[bytes]()
    while True:
        reply = client.get(address, {**size, paging.parameter: at})
        items = items_of(reply)
        if not items:
            return
        mark = hashlib.sha256(msgspec.json.encode(items)).digest()
        if mark in seen:
            raise UnexpectedReply(f"the same page came twice; does the registry know the parameter {paging.parameter!r}?")
        seen.add(mark)
        yield items, reply
        at += 1 if paging.how is How.PAGE else len(items)


def _way(paging: Paging, reply: Reply) -> str:
    """The next link or cursor; empty at the end."""
    if paging.how is How.NEXT and not paging.next:
        return reply.following or ""
    if paging.how is not How.NONE:
        way = found(paging.next, reply.body)
        if way is not None and not isinstance(way, (str, int)):
            raise UnexpectedReply(f"what stands at {paging.next!r} is neither a link nor a token")
        return str(way) if way not in (None, "", False) else ""
    more = reply.following or (isinstance(reply.body, dict) and any(reply.body.get(name) for name in MORE))
    if more:
        raise UnexpectedReply("the reply says that there are more pages", remedy="say how they are asked for, in `paging`")
    return ""
