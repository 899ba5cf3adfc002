"""Addresses, ours and those that a registry points to: never one without a host, never one that breaks whoever reads it."""

from collections.abc import Mapping
from urllib.parse import urljoin, urlsplit

from scanner.errors import UnexpectedReply

Parameters = Mapping[str, str | int | tuple[str, ...]]
PORTS = {"http": 80, "https": 443}


def whole(value: str) -> str:
    """The address itself. Raises ValueError where it is none, or holds a login."""
    parts = urlsplit(value)
    if parts.scheme not in PORTS or not parts.hostname or parts.port == 0:
        raise ValueError("write it as https://host or http://host")
    if parts.username or parts.password:
        raise ValueError("take the user and the password out of it: username, and password with the name of a variable, are for that")
    return value


def joined(base: str, address: str, parameters: Parameters | None = None) -> str:
    """Where `address`, a link or a path, leads from `base`. Raises UnexpectedReply where that is no address."""
    import httpx

    try:
        url = httpx.URL(whole(urljoin(base, address)))
        return str(url.copy_merge_params(dict(parameters)) if parameters else url)
    except (ValueError, httpx.InvalidURL) as error:
        raise UnexpectedReply("the registry points to an address that is none", remedy="check url, path and paging") from error


def below(base: str, path: str) -> str:
    """A path below the base, which may have a path itself."""
    return f"{base.rstrip('/')}/{path.lstrip('/')}" if path else base


def place(url: str) -> str:
    """An address without its query, which may hold what is nobody's business."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}{parts.path}"


def origin(url: str) -> tuple[str, str | None, int | None]:
    """Scheme, host and port: where a login may go."""
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or PORTS.get(parts.scheme)
