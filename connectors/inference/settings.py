"""Which endpoints are probed, and how patiently."""

from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field, field_validator

from scanner.contracts import PluginSettings, SecretName, SourceSettings


class EndpointSettings(PluginSettings):
    """One endpoint of `endpoints`."""

    url: str = Field(description="base address, such as http://10.0.0.7:8000")
    token_env: SecretName = Field(default="", description="variable, or file:/path, that holds the key it asks for; empty: none is sent")
    token_header: str = Field(default="Authorization", description="header that the key goes into; Authorization gets `Bearer ` before it")
    exposure: Literal["public", "internal", ""] = Field(default="", description="who reaches it; empty: unknown")
    writes: bool | None = Field(default=None, description="true: its routes or tools change data; empty: unknown")
    environment: str = Field(default="", description="environment, such as production; empty: unknown")
    owner: str = Field(default="", description="team or person that answers for it; empty: unknown")

    @field_validator("url")
    @classmethod
    def _is_web(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("an endpoint's url starts with http:// or https:// and names a host")
        if parts.username or parts.password or parts.query:
            raise ValueError("an endpoint's url holds no user, password or query; name a key in token_env")
        return value.rstrip("/")


class Settings(SourceSettings):
    """A source that asks inference endpoints which models they serve; only reading requests."""

    endpoints: tuple[EndpointSettings, ...] = Field(default=(), description="endpoints to probe, as tables or as plain addresses")
    probe_seen: bool = Field(default=False, description="also probe endpoints that other sources saw, where `allow` lets it")
    allow: tuple[str, ...] = Field(
        default=(), description="hosts (patterns such as *.acme.internal) and networks (10.0.0.0/8) for probe_seen"
    )
    max_bytes: int = Field(default=2_000_000, ge=1000, description="bytes of one reply until it is cut and the endpoint is a gap")
    probe_seconds: float = Field(default=30, gt=0, description="seconds for one endpoint in all")

    @field_validator("endpoints", mode="before")
    @classmethod
    def _addresses(cls, value: object) -> object:
        if not isinstance(value, list | tuple):
            return value
        return tuple({"url": item} if isinstance(item, str) else item for item in value)
