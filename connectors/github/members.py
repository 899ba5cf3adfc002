"""Who belongs to an organisation: what makes an owner "departed" is a complete list that no longer has them."""

from collections.abc import Iterator, Mapping
from typing import Any

from connectors.github.account import Account
from connectors.github.client import Client
from connectors.github.keys import Names
from scanner.errors import AccessDenied, UnexpectedReply
from scanner.model import Evidence, Gap, Kind, Observation, Reason, Sighting, Unit

RULE = "github-members"
PAGES_AT_MOST = 1000
QUERY = """query($login: String!, $after: String) { organization(login: $login) { viewerIsAMember
  found: %s(first: 100, after: $after) { totalCount pageInfo { hasNextPage endCursor } nodes { id %s } } } }"""
REMEDY = "use a member's token with read:org, or let the App read Members"


def told(client: Client, account: Account, names: Names, source: str, unit: Unit) -> Iterator[Observation | Gap]:
    """Members and teams; a Gap where only those are shown who show themselves."""
    sees = account.may("members")
    for body, people in _pages(client, account, names.organisation, "membersWithRole", "login"):
        if sees is False or (sees is None and not body["viewerIsAMember"]):
            yield Gap(source, unit.scope, Reason.PARTIAL, "only members who made their membership public are listed", REMEDY)
            sees = True
        for person in people:
            yield _sighting(names, f"person:github/{person['login'].lower()}", person)
    for _, teams in _pages(client, account, names.organisation, "teams", "slug"):
        for team in teams:
            yield _sighting(names, f"person:github/{names.organisation.lower()}/team/{team['slug'].lower()}", team)


def _sighting(names: Names, key: str, node: Mapping[str, Any]) -> Sighting:
    return Sighting(
        key, Kind.PERSON, (f"uid:github:{node['id']}",), names.location, (Evidence(f"{names.host}:{names.organisation}", RULE),)
    )


def _pages(
    client: Client, account: Account, login: str, what: str, name: str
) -> Iterator[tuple[Mapping[str, Any], list[Mapping[str, Any]]]]:
    after = None
    for _ in range(PAGES_AT_MOST):
        data, errors = client.graphql(QUERY % (what, name), {"login": login, "after": after}, account.header())
        body = data.get("organization")
        if body is None or errors:
            raise AccessDenied(f"{login}: {what} may not be listed", remedy=REMEDY)
        try:
            yield body, [node for node in body["found"]["nodes"] if node is not None]
            info = body["found"]["pageInfo"]
            after = info["endCursor"]
        except (KeyError, TypeError) as error:
            raise UnexpectedReply(f"{login}: the list of {what} has not the shape that GitHub documents") from error
        if not info["hasNextPage"]:
            return
