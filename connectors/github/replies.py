"""What GitHub's answers mean."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from scanner.errors import AccessDenied, NotServed, ReadError, UnexpectedReply

SECONDARY_WAIT = 60.0
"""GitHub asks for at least a minute where it names no time."""
NEXT = re.compile(r'<([^>]+)>;[^,]*rel="next"')


def limited(status: int, headers: Mapping[str, str], body: bytes, now: float) -> float | None:
    """The seconds to wait where this is a primary or secondary rate limit, or None."""
    spent = status == 200 and b'"RATE_LIMITED"' in body[:2000]  # how GraphQL says it
    if status not in (403, 429) and not spent:
        return None
    after = headers.get("retry-after", "")
    if after.isdigit():
        return float(after)
    if headers.get("x-ratelimit-remaining") == "0" and headers.get("x-ratelimit-reset", "").isdigit():
        return max(1.0, float(headers["x-ratelimit-reset"]) - now + 1)
    return SECONDARY_WAIT if status == 429 or spent or b"rate limit" in body[:2000].lower() else None


def error(status: int, headers: Mapping[str, str], body: bytes, path: str) -> ReadError:
    """The error of our tree; the server's own words are not shown, they may hold anything."""
    if status == 401:
        return AccessDenied(
            "GitHub does not accept the token", remedy="it expired, was revoked, or belongs to another server: make a new one"
        )
    if status in (403, 451) and b"SAML" in body[:2000]:
        return AccessDenied(f"{path}: the organisation wants single sign-on", remedy="authorise the token for the organisation's SSO")
    if status in (403, 404, 451):
        return AccessDenied(f"{path}: {status}", remedy=missing(headers))
    if status == 410:
        return NotServed(f"{path}: GitHub does not offer this here any more")
    return UnexpectedReply(f"{path}: GitHub answers {status}", remedy="check api_url")


def missing(headers: Mapping[str, str]) -> str:
    """The permission to add, in the words of GitHub's settings page."""
    accepted = headers.get("x-accepted-github-permissions")
    if accepted:
        wanted = " or ".join(part.strip().replace("_", " ").replace("=", ": ") for part in re.split(r"[;,]", accepted[:300]))
        return f"let the token or App have {wanted}"
    classic = headers.get("x-accepted-oauth-scopes")
    if classic:
        return f"give the token one of the scopes {classic[:300]}"
    return "let the token see it: access to the repository, and the permission that docs/github.md names"


def parsed(body: bytes) -> Any:
    """The JSON of a reply."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise UnexpectedReply("GitHub's answer is not JSON", remedy="check api_url; a proxy may answer in GitHub's place") from error


def next_page(headers: Mapping[str, str]) -> str | None:
    """The address of the next page."""
    match = NEXT.search(headers.get("link", ""))
    return match[1] if match else None


def graphql_error(errors: Sequence[Mapping[str, Any]]) -> ReadError:
    """What a GraphQL reply without data means."""
    kinds = {str(one.get("type", "")) for one in errors}
    if kinds & {"FORBIDDEN", "INSUFFICIENT_SCOPES", "NOT_FOUND", "SAML_PROTECTED"}:
        return AccessDenied(
            "GitHub refuses the query", remedy="give the token read access to metadata and contents (classic: repo, read:org)"
        )
    return UnexpectedReply(f"GitHub could not answer the query ({', '.join(sorted(kinds)) or 'no reason given'})")
