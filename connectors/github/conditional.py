"""Replies remembered with their ETags: one that is as it was costs nothing of GitHub's limit.

What is remembered is the few fields we use, never a variable's value. Everything is told again from it, so that a unit never
depends on what an earlier run kept of it.
"""

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from connectors.github.account import Account
from connectors.github.client import Client
from scanner.contracts import Facts
from scanner.errors import OverLimit, UnexpectedReply
from scanner.model import Learned

VARIANT = "github-reply-1"
FIELDS = (
    "name",
    "created_at",
    "updated_at",
    "visibility",
    "id",
    "title",
    "last_used",
    "read_only",
    "enabled",
    "full_name",
    "tag_name",
    "assets",
)
PAGES_AT_MOST = 100
Row = Mapping[str, Any]


class Remembered(msgspec.Struct, frozen=True):
    """One page of a reply."""

    etag: str
    rows: tuple[dict[str, Any], ...]
    following: str | None = None


class Reader:
    """Reads lists for one unit; `learned` is what the unit has to hand on."""

    def __init__(self, client: Client, account: Account, facts: Facts) -> None:
        self.client, self.account, self.facts = client, account, facts
        self.learned: list[Learned] = []

    def rows(self, path: str, name: str) -> Iterator[Row]:
        """Every row of a list; `name` is the field that holds it, empty where the reply itself is the list."""
        following: str | None = f"{path}?per_page=100"
        for _ in range(PAGES_AT_MOST):
            page = self._page(str(following), name)
            yield from page.rows
            following = page.following
            if following is None:
                return
        raise OverLimit(f"{path}: more than {PAGES_AT_MOST} pages")

    def _page(self, url: str, name: str) -> Remembered:
        raw = self.facts.get(_key(url), VARIANT)
        before = None if raw is None else msgspec.msgpack.decode(raw, type=Remembered)
        reply = self.client.get(url, self.account.header(), etag=before.etag if before else None)
        if reply.status == 304 and before is not None:
            return before
        rows = reply.body.get(name) if name and isinstance(reply.body, dict) else reply.body
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise UnexpectedReply(f"{url.partition('?')[0]}: not the list that GitHub documents")
        kept = tuple(_kept(row) for row in rows)
        page = Remembered(str(reply.headers.get("etag", "")), kept, reply.following)
        if page.etag:
            self.learned.append(Learned(_key(url), VARIANT, msgspec.msgpack.encode(page)))
        return page


def _kept(row: Row) -> dict[str, Any]:
    kept = {field: row[field] for field in FIELDS if field in row}
    if "assets" in kept:
        kept["assets"] = [{"name": asset.get("name"), "digest": asset.get("digest")} for asset in kept["assets"]]
    return kept


def _key(url: str) -> bytes:
    return hashlib.sha1(url.encode(), usedforsecurity=False).digest()
