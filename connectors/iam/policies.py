"""What IAM policy documents allow. Pure: documents in, resource patterns out.

It answers "may call", as IAM's own evaluation would where no condition is looked at: an allowance under a condition counts, a
denial under one does not, so what may be in use is never called unused. A permissions boundary narrows; service control
policies and session policies are not seen from inside an account.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""

from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import Any, NamedTuple

EVERYTHING = "*"


class Statement(NamedTuple):
    """One statement; an empty tuple where the document gives its opposite (NotAction, NotResource) or nothing."""

    allows: bool
    actions: tuple[str, ...]
    not_actions: tuple[str, ...]
    resources: tuple[str, ...]
    not_resources: tuple[str, ...]
    conditional: bool

    def covers(self, action: str) -> bool:
        """Whether it speaks of an action."""
        if self.not_actions:
            return not any(matches(pattern.lower(), action.lower()) for pattern in self.not_actions)
        return any(matches(pattern.lower(), action.lower()) for pattern in self.actions)


def statements(documents: Iterable[object]) -> tuple[Statement, ...]:
    """The statements of several documents. One that is no document says nothing; `readable` tells."""
    return tuple(_statement(row) for document in documents if isinstance(document, Mapping) for row in _rows(document))


def readable(document: object) -> bool:
    """Whether a document has the shape of a policy."""
    return isinstance(document, Mapping) and all(isinstance(row, Mapping) for row in _listed(document.get("Statement", [])))


def allowed(mine: Iterable[Statement], boundary: tuple[Statement, ...], *actions: str) -> frozenset[str]:
    """The resource patterns on which any of these actions is allowed. An empty `boundary` is none."""
    mine = tuple(mine)
    return frozenset(pattern for action in actions for pattern in _allowed(mine, boundary, action))


def _allowed(mine: tuple[Statement, ...], boundary: tuple[Statement, ...], action: str) -> Iterator[str]:
    limits = [pattern for statement in boundary if statement.allows and statement.covers(action) for pattern in _resources(statement)]
    for statement in mine:
        if statement.allows and statement.covers(action):
            for pattern in _resources(statement):
                if not _denied((*mine, *boundary), action, pattern) and (not boundary or any(_meet(pattern, limit) for limit in limits)):
                    yield pattern


def _resources(statement: Statement) -> tuple[str, ...]:
    return (EVERYTHING,) if statement.not_resources else statement.resources


def _denied(mine: Iterable[Statement], action: str, pattern: str) -> bool:
    """Whether a denial without conditions takes the whole pattern away."""
    denials = (one for one in mine if not one.allows and not one.conditional and not one.not_resources and one.covers(action))
    return any(matches(denied, pattern) for one in denials for denied in one.resources)


def _meet(one: str, other: str) -> bool:
    return matches(one, other) or matches(other, one)


@lru_cache(maxsize=65536)
def matches(pattern: str, text: str) -> bool:
    """IAM's wildcards: `*` is any run of characters, `?` any one."""
    return fnmatchcase(text, pattern.replace("[", "[[]"))


def everything(mine: Iterable[Statement]) -> bool:
    """Whether some statement allows every action on every resource."""
    return any(one.allows and EVERYTHING in one.actions and EVERYTHING in one.resources for one in mine)


def services(mine: Iterable[Statement]) -> tuple[str, ...]:
    """The services that are opened, by their prefix; `*` for all."""
    opened = {action.partition(":")[0].lower() for one in mine if one.allows for action in one.actions}
    return (EVERYTHING,) if EVERYTHING in opened else tuple(sorted(opened))


def _rows(document: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    return (row for row in _listed(document.get("Statement", [])) if isinstance(row, Mapping))


def _statement(row: Mapping[str, Any]) -> Statement:
    return Statement(
        allows=row.get("Effect") == "Allow",
        actions=strings(row.get("Action")),
        not_actions=strings(row.get("NotAction")),
        resources=strings(row.get("Resource")),
        not_resources=strings(row.get("NotResource")),
        conditional=bool(row.get("Condition")),
    )


def strings(value: object) -> tuple[str, ...]:
    """One string, a list of them, or nothing."""
    return tuple(item for item in _listed(value) if isinstance(item, str))


def _listed(value: object) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]
