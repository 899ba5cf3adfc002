"""Inference endpoints: which server answers, and which models it serves.

Only reading requests are sent, to addresses that the config lists or lets through; one that asks for a key, or fails, is there all
the same. Docs: docs/sources.md.
"""

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import NamedTuple
from urllib.parse import urlsplit

from connectors.inference.fingerprints import Fingerprint, Served, recognised, served, value_at
from connectors.inference.models import observed
from connectors.inference.probe import Prober, Reply
from connectors.inference.seen import candidates
from connectors.inference.settings import EndpointSettings, Settings
from scanner.contracts import Check, Seen, Tools
from scanner.errors import ReadError
from scanner.model import Evidence, Gap, Kind, Observation, Reason, Sighting, Unit, Value

__all__ = ["EndpointSettings", "Inference", "Settings", "connect"]

MADE_HERE = "inference-1"
OTHERS = ("kubernetes", "sagemaker", "folder", "github")
BASIC = ("/v1/models", "/")


def connect(settings: Settings, tools: Tools) -> "Inference":
    """The connector."""
    return Inference(settings, tools)


class Told(NamedTuple):
    """What probing one endpoint told."""

    server: Fingerprint | None
    models: tuple[Served, ...]
    version: str | None
    probe: str
    authenticated: bool | None
    gap: tuple[Reason, str, str] | None


class Inference:
    """Endpoints that answer on the network."""

    version = MADE_HERE

    def __init__(self, settings: Settings, tools: Tools) -> None:
        self.settings, self.tools = settings, tools
        self.source = settings.name or "inference"
        self.after: tuple[str, ...] = OTHERS if settings.probe_seen else ()

    def principal(self) -> str:
        """Nobody, but for the keys that the config names."""
        return ",".join(["anonymous", *sorted({endpoint.token_env for endpoint in self.settings.endpoints if endpoint.token_env})])

    def units(self, seen: Seen) -> Iterator[Unit | Gap]:
        """Every endpoint of the config, then every one that was seen and may be probed."""
        known = set()
        for endpoint in self.settings.endpoints:
            if endpoint.url not in known:
                known.add(endpoint.url)
                yield _unit(endpoint.url, f"endpoint:{endpoint.url}")
        if not self.settings.probe_seen:
            return
        for found in sorted(candidates(seen, self.settings.allow)):
            if found.url in known:
                continue
            known.add(found.url)
            if found.refused:
                yield Gap(self.source, _scope(found.url), Reason.SKIPPED, f"{found.url} is not probed: {found.refused}")
            else:
                yield _unit(found.url, found.asset)

    def observe(self, unit: Unit) -> Iterator[Observation | Gap]:
        """One endpoint. Raises Unreachable where nothing answers."""
        url, asset = str(unit.hints["url"]), str(unit.hints["asset"])
        told = self._probed(url)
        evidence = (Evidence(url, told.server.id if told.server else "endpoint-probe"),)
        yield Sighting(asset, Kind.ENDPOINT, (), self._attributes(url, told), evidence)
        if told.server is not None:
            yield from observed(asset, url, told.server, told.models)
        if told.gap is not None:
            yield Gap(self.source, unit.scope, *told.gap)

    def check(self) -> Iterator[Check]:
        """Each endpoint of the config."""
        for endpoint in self.settings.endpoints:
            try:
                told = self._probed(endpoint.url)
            except ReadError as error:
                yield Check(f"probe {endpoint.url}", ok=False, detail=str(error), remedy="check the address, or take it out of `endpoints`")
                continue
            detail = f"{told.server.id if told.server else 'unknown server'}, {len(told.models)} models"
            yield Check(
                f"probe {endpoint.url}",
                ok=told.gap is None,
                detail=told.gap[1] if told.gap else detail,
                remedy=told.gap[2] if told.gap else "",
            )

    @cached_property
    def _listed(self) -> Mapping[str, EndpointSettings]:
        return {endpoint.url: endpoint for endpoint in self.settings.endpoints}

    def _prober(self, url: str, token: tuple[str, str] | None = None) -> Prober:
        return Prober(url, self.tools, max_bytes=self.settings.max_bytes, seconds=self.settings.probe_seconds, token=token)

    def _token(self, url: str) -> tuple[str, str] | None:
        endpoint = self._listed.get(url)
        if endpoint is None or not endpoint.token_env:
            return None
        value = self.tools.secret(endpoint.token_env)
        return endpoint.token_header, f"Bearer {value}" if endpoint.token_header.lower() == "authorization" else value

    def _probed(self, url: str) -> Told:
        """First as nobody, which tells whether a key is asked for; then with the key where there is one."""
        plain = _probe(self._prober(url))
        token = self._token(url)
        if token is None or plain.authenticated is False:
            return plain
        told = _probe(self._prober(url, token))
        return told._replace(authenticated=plain.authenticated, server=told.server or plain.server)

    def _attributes(self, url: str, told: Told) -> Mapping[str, Value]:
        listed = self._listed.get(url)
        unavailable = tuple(model.id for model in told.models if not model.live)
        said = {
            "platform": "http",
            "url": url,
            "server": told.server.id if told.server and told.server.serves else None,
            "version": told.version,
            "running": True,
            "probe": told.probe,
            "authenticated": told.authenticated,
            "unavailable": unavailable or None,
        }
        more = {name: getattr(listed, name) for name in ("exposure", "writes", "environment", "owner")} if listed else {}
        return {name: value for name, value in {**said, **more}.items() if value not in (None, "")}


def _probe(prober: Prober) -> Told:
    try:
        return _asked(prober)
    finally:
        prober.close()


def _asked(prober: Prober) -> Told:
    for path in BASIC:
        prober.ask(path)
    if not prober.answered:
        raise next(iter(prober.failed.values()))
    server = recognised(prober.ask)
    reply = prober.ask(server.models.path) if server and server.models else None
    models = served(server.models, reply) if server and server.models and reply is not None and reply.status == 200 else None
    root = value_at(server.root, prober.ask) if server else None
    found = tuple(_rooted(model, root) for model in models or ())
    version = value_at(server.version, prober.ask) if server else None
    refused = _refused(prober, server, reply)
    gap = None if models is not None else _gap(prober, server, reply, refused=refused)
    return Told(
        server, found, version, _word(prober, reply, refused=refused), True if refused else (False if models is not None else None), gap
    )


def _rooted(model: Served, root: str | None) -> Served:
    return Served(**{**{name: getattr(model, name) for name in model.__struct_fields__}, "root": model.root or root})


def _refused(prober: Prober, server: Fingerprint | None, reply: Reply | None) -> bool:
    if server is not None and server.models is not None:
        return reply is not None and reply.status in (401, 403)
    return any(reply.status in (401, 403) for reply in prober.answered)


def _word(prober: Prober, reply: Reply | None, *, refused: bool) -> str:
    if refused:
        return "denied"
    broken = reply.status >= 500 if reply is not None else all(one.status >= 500 for one in prober.answered)
    return "error" if broken or prober.failed else "answered"


def _gap(prober: Prober, server: Fingerprint | None, reply: Reply | None, *, refused: bool) -> tuple[Reason, str, str] | None:
    """Why the models are not known, where they should be."""
    if refused:
        return Reason.DENIED, f"{prober.url} asks for a key: which models it serves is not known", "name its key in token_env"
    failed = prober.failed.get(server.models.path) if server and server.models else next(iter(prober.failed.values()), None)
    if failed is not None:
        return failed.reason, str(failed), failed.remedy
    if server is None or server.models is None:
        known = "no server that we know" if server is None else f"{server.id}, which does not say what it serves"
        return None if server and not server.serves else (Reason.UNEXPECTED, f"{prober.url} answers as {known}", "")
    status = reply.status if reply is not None else 0
    if status >= 500:
        return Reason.UNREACHABLE, f"{prober.url} ({server.id}) answers {status} where it lists its models", "scan again once it is up"
    if status != 200 and server.id == "torchserve":
        return Reason.UNEXPECTED, f"{prober.url} is TorchServe's inference port", "list its management port (8081) beside it"
    return Reason.UNEXPECTED, f"{prober.url} ({server.id}) answers {status}, not the models that it serves", ""


def _unit(url: str, asset: str) -> Unit:
    path = urlsplit(url).path
    return Unit(f"{_scope(url)}{path}", _scope(url), None, {"url": url, "asset": asset})


def _scope(url: str) -> str:
    parts = urlsplit(url)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    return f"endpoints/{host}:{parts.port or (443 if parts.scheme == 'https' else 80)}"
