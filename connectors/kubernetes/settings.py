"""How clusters are reached, and how their labels are read."""

from pathlib import Path
from typing import Literal

from pydantic import Field, field_validator

from scanner.contracts import PluginSettings, SourceSettings


class ClusterSettings(PluginSettings):
    """One cluster of `contexts`."""

    context: str = Field(default="", description="context of the kubeconfig; empty: the current one, or the cluster that we run in")
    name: str = Field(default="", description="how keys and reports call the cluster; empty: the context's name")
    environment: str = Field(default="", description="environment of the cluster, such as production; empty: unknown")


class Settings(SourceSettings):
    """A source that reads Kubernetes clusters; it only lists and reads."""

    kubeconfig: Path | None = Field(default=None, description="kubeconfig file; empty: the KUBECONFIG variable, then ~/.kube/config")
    contexts: tuple[ClusterSettings, ...] = Field(
        default=(ClusterSettings(),),
        min_length=1,
        description="clusters to read, as tables of context, name and environment, or context names",
    )
    in_cluster: bool = Field(default=False, description="read the cluster that we run in, as the pod's service account")
    allow_exec: bool = Field(default=False, description="let the kubeconfig start its credential program, such as aws eks get-token")
    namespaces: tuple[str, ...] = Field(default=(), description="namespaces to read, by name; empty: every one the server lists")
    skip_namespaces: tuple[str, ...] = Field(
        default=(), description="patterns of namespaces not to read, such as ci-*; each is stated as skipped"
    )
    list_secrets: bool = Field(
        default=False, description="list the names of Secrets, without values; the permission to list them is the permission to read them"
    )
    owner_labels: tuple[str, ...] = Field(
        default=("owner", "team", "app.kubernetes.io/owner"), description="labels or annotations that name the owner, first found wins"
    )
    environment_labels: tuple[str, ...] = Field(
        default=("environment", "env", "stage"), description="labels or annotations that name the environment, first found wins"
    )
    ephemeral_labels: tuple[str, ...] = Field(
        default=("ephemeral", "preview"),
        description="namespace labels or annotations that, set and not false, say it is made to be thrown away",
    )
    ephemeral_namespaces: tuple[str, ...] = Field(default=(), description="patterns of namespaces made to be thrown away, such as pr-*")
    ingress_exposure: Literal["public", "internal", ""] = Field(
        default="public", description="exposure of an ingress or route whose class, annotations and address tell nothing; empty: unknown"
    )
    internal_classes: tuple[str, ...] = Field(
        default=("*internal*", "*private*"), description="patterns of ingress classes and gateways that only the own network reaches"
    )
    page_size: int = Field(default=500, ge=1, le=5000, description="objects a request asks for")
    max_objects: int = Field(default=200_000, ge=1, description="objects of one kind in one namespace until the rest is a gap")
    max_reply_bytes: int = Field(default=256_000_000, ge=100_000, description="bytes of one reply until it is a gap")

    @field_validator("contexts", mode="before")
    @classmethod
    def _names(cls, value: object) -> object:
        if not isinstance(value, list | tuple):
            return value
        return tuple({"context": item} if isinstance(item, str) else item for item in value)
