"""A small model catalogue on loopback, with the shapes that governance tools have: a paged listing in several styles, logins, faults."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.estate.inference.replayed import Answer, Handler, Server, answering

JSON = [("Content-Type", "application/json")]
BEARER = "Bearer estate-token"
Instead = Callable[[Handler, Callable[[Handler], Answer]], Answer | None]


def asset(number: int, status: str = "Accepted", **more: Any) -> dict[str, Any]:
    """A model as the catalogue lists it."""
    return {
        "id": f"a{number}",
        "displayName": f"model-{number}",
        "status": {"id": f"s-{status}", "name": status},
        "lastModifiedOn": 1_790_000_000_000 + number,
        "identifiers": [f"hf:acme/model-{number}", f"s3://ml-prod/model-{number}"],
        **more,
    }


ASSETS = (asset(1, "Candidate"), asset(2, "Under Review"), asset(3), asset(4, "Archived"), asset(5))
ATTRIBUTES = {
    "a3": {
        "Version": "1.4",
        "Owner": "fraud-team",
        "Business Purpose": "Scores card payments",
        "Clusters": "prod-eu;prod-us",
        "Risk": "high",
    }
}


class Catalogue:
    """Answers the listing under /assets, its parts in every style, and the attributes of one asset."""

    def __init__(self, assets: tuple[Any, ...] = ASSETS, page: int = 2, login: str = BEARER) -> None:
        self.assets, self.page, self.login = assets, page, login
        self.header = "Authorization"

    def __call__(self, request: Handler) -> Answer:
        if request.headers.get(self.header) != self.login:
            return said({"message": "who are you?"}, 401)
        parts = urlsplit(request.path)
        asked = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        name = parts.path.rpartition("/")[2]
        styles: Mapping[str, Callable[[Mapping[str, str]], Answer]] = {
            "assets": self._by_offset,
            "pages": self._by_number,
            "cursors": self._by_cursor,
            "linked": self._by_header,
            "following": self._by_link,
            "attributes": self._attributes,
            "all": lambda _: said(list(self.assets)),
        }
        return styles[name](asked) if name in styles else said({"message": "no such address"}, 404)

    def _by_offset(self, asked: Mapping[str, str]) -> Answer:
        offset, limit = int(asked.get("offset", 0)), min(self.page, int(asked.get("limit", self.page)))
        return said({"total": len(self.assets), "offset": offset, "limit": limit, "results": self.assets[offset : offset + limit]})

    def _by_number(self, asked: Mapping[str, str]) -> Answer:
        start = (int(asked.get("page", 1)) - 1) * self.page
        return said({"content": self.assets[start : start + self.page]})

    def _by_cursor(self, asked: Mapping[str, str]) -> Answer:
        start = int(asked.get("cursor", "c0").removeprefix("c"))
        after = start + self.page
        return said({"items": self.assets[start:after], "meta": {"cursor": f"c{after}" if after < len(self.assets) else None}})

    def _by_header(self, asked: Mapping[str, str]) -> Answer:
        start = int(asked.get("from", 0))
        after = start + self.page
        link = [("Link", f'</linked?from={after}>; rel="next", </linked>; rel="first"')] if after < len(self.assets) else []
        return Answer(200, [*JSON, *link], json.dumps(self.assets[start:after]).encode())

    def _by_link(self, asked: Mapping[str, str]) -> Answer:
        start = int(asked.get("from", 0))
        after = start + self.page
        return said({"items": self.assets[start:after], "next": f"following?from={after}" if after < len(self.assets) else ""})

    def _attributes(self, asked: Mapping[str, str]) -> Answer:
        told = ATTRIBUTES.get(asked["assetId"], {})
        return said({"results": [{"type": {"name": name}, "value": value} for name, value in told.items()]})


def said(value: Any, status: int = 200) -> Answer:
    """A reply in JSON."""
    return Answer(status, JSON, json.dumps(value).encode())


@contextmanager
def catalogue(serving: Callable[[Handler], Answer], instead: Instead | None = None) -> Iterator[Server]:
    """The running catalogue; `instead` may answer for it."""
    with answering(lambda request: instead(request, serving) if instead else serving(request)) as server:
        yield server
