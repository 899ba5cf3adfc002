"""Which of the endpoints that other sources saw may be probed: allowed, awake, and of our own."""

import fnmatch
import ipaddress
import socket
from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import urlsplit

from scanner.contracts import Seen
from scanner.model import Kind, Relation, Sighting

NEVER = tuple(map(ipaddress.ip_network, ("169.254.0.0/16", "fe80::/10")))
"""Where clouds keep the metadata of machines."""


class Candidate(NamedTuple):
    """An endpoint with an address; `refused` says why it is not probed."""

    asset: str
    url: str
    refused: str = ""


def candidates(seen: Seen, allow: tuple[str, ...]) -> Iterator[Candidate]:
    """Every endpoint that has an address."""
    asleep = _asleep(seen)
    for sighting in seen.sightings:
        url = _url(sighting)
        if url is None:
            continue
        if _sleeps(sighting) or sighting.asset in asleep:
            yield Candidate(sighting.asset, url, "it sleeps at zero, and a probe would wake it")
        elif not allowed(urlsplit(url).hostname or "", allow):
            yield Candidate(sighting.asset, url, "its host is not in `allow`")
        else:
            yield Candidate(sighting.asset, url)


def _url(sighting: Sighting) -> str | None:
    if sighting.kind is not Kind.ENDPOINT or sighting.attributes.get("provider") or sighting.attributes.get("running") is False:
        return None
    own = sighting.asset.removeprefix("endpoint:")
    url = sighting.attributes.get("url") or (own if own.startswith(("http://", "https://")) else None)
    return str(url).rstrip("/") if url and str(url).startswith(("http://", "https://")) else None


def _sleeps(sighting: Sighting) -> bool:
    """At zero, or scaled by something that may have it at zero."""
    replicas = sighting.attributes.get("replicas")
    return replicas == 0 or bool(sighting.attributes.get("scaled_by") and replicas is None)


def _asleep(seen: Seen) -> frozenset[str]:
    """Endpoints that lead to a workload at zero."""
    workloads = {sighting.asset for sighting in seen.sightings if sighting.kind is Kind.WORKLOAD and _sleeps(sighting)}
    return frozenset(link.source for link in seen.links if link.relation is Relation.ROUTES and link.target in workloads)


def allowed(host: str, allow: tuple[str, ...]) -> bool:
    """Whether a host's name, or every address that it has, is allowed."""
    named = any(fnmatch.fnmatch(host.lower(), entry.lower()) for entry in allow if "/" not in entry)
    networks = [ipaddress.ip_network(entry, strict=False) for entry in allow if "/" in entry]
    addresses = _addresses(host) if named or networks else []
    if not addresses or any(address in network for address in addresses for network in NEVER if network.version == address.version):
        return False
    inside = all(any(address in network for network in networks if network.version == address.version) for address in addresses)
    return named or inside


def _addresses(host: str) -> list[ipaddress.IPv4Address | ipaddress.IPv6Address]:
    try:
        return [ipaddress.ip_address(host)]
    except ValueError:
        pass
    try:
        return [
            ipaddress.ip_address(str(found[4][0]).partition("%")[0]) for found in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
        ]
    except (OSError, UnicodeError):
        return []
