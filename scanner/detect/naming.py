"""Names that credentials go by, and hosts that providers answer on."""

import re
from collections.abc import Mapping
from functools import cache
from urllib.parse import urlsplit

from scanner.detect.catalogue import Provider, any_of, providers

DERIVED = re.compile(
    r"_(BASE64|B64|ENCODED|PREFIX|LENGTH|PATTERN|REGEX|HASH|ERROR|MISSING|REQUIRED|INVALID|HEADER|HELP|DESCRIPTION|LABEL|PLACEHOLDER|DOCS|LINK|SET|IS_SET|VALID|ENABLED|COUNT)$"
)


@cache
def _credential_names() -> Mapping[str, str]:
    return {name: provider.id for provider in providers() for name in provider.env}


@cache
def _squeezed_names() -> tuple[tuple[str, str], ...]:
    """Names as `_words_` between underscores, longest first, so that AZURE_OPENAI_API_KEY is not read as OPENAI_API_KEY."""
    return tuple(sorted(((f"_{name}_", owner) for name, owner in _credential_names().items() if "_" in name), key=lambda row: -len(row[0])))


@cache
def credential_name(env_name: str) -> str | None:
    """The provider that an environment or secret name is a credential of, or None.

    Known names also with something before or after: TEAM_OPENAI_API_KEY, OPENAI_API_KEY_PROD, openai-api-key.
    """
    spelled = re.sub(r"[^A-Z0-9]+", "_", re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", env_name).upper()).strip("_")
    if DERIVED.search(spelled):
        return None
    known = _credential_names().get(spelled)
    return known or next((owner for name, owner in _squeezed_names() if name in f"_{spelled}_"), None)


@cache
def _host_rules() -> tuple[tuple[Provider, re.Pattern[str]], ...]:
    return tuple((provider, rule) for provider in providers() if provider.api and (rule := any_of(provider.hosts)))


@cache
def api_host(url: str) -> str | None:
    """The provider whose API answers at this address or host, or None."""
    host = _host(url)
    return next((provider.id for provider, rule in _host_rules() if host and rule.fullmatch(host)), None)


def _host(url: str) -> str:
    try:
        return (urlsplit(url if "://" in url else f"//{url}").hostname or "").lower().rstrip(".")
    except ValueError:
        return ""
