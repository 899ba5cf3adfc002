"""SageMaker's model cards: what the JSON of one says of its model.

docs.aws.amazon.com/sagemaker/latest/dg/model-cards-json-schema.html
"""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from scanner.errors import UnexpectedReply

Content = Mapping[str, Any]
RATINGS = frozenset({"high", "medium", "low"})


class Card(msgspec.Struct, frozen=True):
    """A model card, its content read."""

    arn: str
    name: str
    status: str
    content: Content
    created: str | None = None
    updated: str | None = None

    @property
    def package(self) -> str:
        """The ARN of the model package that it is about; empty where it names none."""
        return _text(self.content, "model_package_details", "model_package_arn")


def content_of(text: str, place: str) -> Content:
    """The content of a card. Raises UnexpectedReply where it is not the JSON that AWS documents."""
    try:
        content = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError) as error:
        raise UnexpectedReply(f"{place}: the card's content is not JSON") from error
    if not isinstance(content, dict):
        raise UnexpectedReply(f"{place}: the card's content is not a table")
    return content


def facts(content: Content) -> dict[str, Any]:
    """Fields of a record, as far as the card fills them."""
    rating = _text(content, "intended_uses", "risk_rating").lower()
    told = {
        "owner": _text(content, "model_overview", "model_owner"),
        "use_case": _text(content, "intended_uses", "intended_uses") or _text(content, "intended_uses", "purpose_of_model"),
        "business_purpose": _text(content, "business_details", "business_problem"),
        "risk_class": rating if rating in RATINGS else "",
    }
    return {name: value for name, value in told.items() if value}


def itself(card: Card) -> dict[str, Any]:
    """The record of a card that is about no model package."""
    version = _table(card.content, "model_overview").get("model_version")
    return {
        **facts(card.content),
        "id": card.arn,
        "name": _text(card.content, "model_overview", "model_name") or card.name,
        "version": f"{version:g}" if isinstance(version, (int, float)) else version,
        "state": card.status,
        "identifiers": list(_identifiers(card)),
        "record_updated": card.updated or card.created,
    }


def _identifiers(card: Card) -> Iterator[str]:
    overview = _table(card.content, "model_overview")
    model = _text(card.content, "model_overview", "model_id")
    yield from (arn for arn in (card.package, model) if arn.startswith("arn:"))
    artifacts = overview.get("model_artifact")
    for uri in artifacts if isinstance(artifacts, list) else [artifacts]:
        if isinstance(uri, str) and uri.startswith("s3://"):
            yield uri.rstrip("/")


def _table(content: Content, name: str) -> Mapping[str, Any]:
    value = content.get(name)
    return value if isinstance(value, dict) else {}


def _text(content: Content, table: str, name: str) -> str:
    value = _table(content, table).get(name)
    return value.strip() if isinstance(value, str) else ""
