"""From a kubeconfig context, or the pod that we run in, to the kubernetes library's configuration. Nothing is sent here."""

import os
from pathlib import Path
from typing import Any

from connectors.kubernetes.settings import ClusterSettings, Settings
from scanner.contracts import Tools
from scanner.errors import ConfigError


def clusters(settings: Settings) -> tuple[ClusterSettings, ...]:
    """The clusters to read, each with its context and name. Raises ConfigError where the kubeconfig has no such context."""
    if settings.in_cluster:
        return tuple(cluster.model_copy(update={"name": cluster.name or "in-cluster"}) for cluster in settings.contexts[:1])
    contexts, current = _contexts(settings)
    named = []
    for cluster in settings.contexts:
        context = cluster.context or current
        if context not in contexts:
            known = ", ".join(sorted(contexts)) or "none"
            raise ConfigError(f"the kubeconfig has no context {context!r}; it has: {known}")
        named.append(cluster.model_copy(update={"context": context, "name": cluster.name or context}))
    return tuple(named)


def default_namespace(settings: Settings, cluster: ClusterSettings) -> str | None:
    """The namespace that the context names, for a reader who may not list them."""
    if settings.in_cluster:
        return None
    context = _contexts(settings)[0].get(cluster.context, {})
    namespace = context.get("context", {}).get("namespace")
    return str(namespace) if namespace else None


def user(settings: Settings, cluster: ClusterSettings) -> str:
    """The name of the context's user."""
    if settings.in_cluster:
        return "in-cluster"
    return str(_contexts(settings)[0].get(cluster.context, {}).get("context", {}).get("user", ""))


def configuration(settings: Settings, cluster: ClusterSettings, tools: Tools) -> Any:
    """The library's configuration of one cluster."""
    from kubernetes.client import Configuration
    from kubernetes.config import ConfigException, load_incluster_config, load_kube_config

    made = Configuration()
    made.proxy, made.no_proxy = tools.network.proxy, None
    try:
        if settings.in_cluster:
            load_incluster_config(made)  # type: ignore[no-untyped-call]  # the library types its client, not its configuration
        else:
            _refuse_programs(settings, cluster)
            load_kube_config(  # type: ignore[no-untyped-call]  # as above
                str(_file(settings)), cluster.context, client_configuration=made, persist_config=False, temp_file_path=str(tools.scratch)
            )
    except (ConfigException, OSError, KeyError, TypeError, ValueError) as error:
        raise ConfigError(f"{cluster.name}: the kubeconfig cannot be used ({type(error).__name__}: {str(error)[:200]})") from error
    made.proxy, made.retries = tools.network.proxy, False
    made.connection_pool_maxsize = 64
    if tools.network.ca_bundle and not made.ssl_ca_cert:
        made.ssl_ca_cert = str(tools.network.ca_bundle)
    return made


def _file(settings: Settings) -> str | Path:
    """Several files may stand in KUBECONFIG, with colons between them; the library merges them."""
    return settings.kubeconfig or os.environ.get("KUBECONFIG") or Path("~/.kube/config").expanduser()


def _contexts(settings: Settings) -> tuple[dict[str, dict[str, Any]], str]:
    from kubernetes.config import ConfigException, list_kube_config_contexts
    from yaml import YAMLError  # type: ignore[import-untyped]  # the kubernetes library's own parser, which lets its errors through

    try:
        found, current = list_kube_config_contexts(str(_file(settings)))  # type: ignore[no-untyped-call]  # as below
    except (ConfigException, OSError, TypeError, ValueError, KeyError, YAMLError) as error:
        raise ConfigError(
            f"{_file(settings)}: no kubeconfig can be read there ({type(error).__name__}); set kubeconfig, KUBECONFIG or in_cluster"
        ) from error
    return {str(context["name"]): context for context in found}, str((current or {}).get("name", ""))


def _refuse_programs(settings: Settings, cluster: ClusterSettings) -> None:
    """A kubeconfig may name a program to run; it runs only where the operator's own config says so."""
    from kubernetes.config.kube_config import KubeConfigMerger

    merged = KubeConfigMerger(str(_file(settings))).config  # type: ignore[no-untyped-call]  # the library types its client alone
    entry = _named(merged.value.get("users", ()), user(settings, cluster))
    programs = [key for key in ("exec", "auth-provider") if key in entry]
    if programs and not settings.allow_exec:
        raise ConfigError(
            f"{cluster.name}: the context logs in through a program ({programs[0]}); set allow_exec = true to let it run, or use a token"
        )


def _named(users: Any, name: str) -> dict[str, Any]:
    plain = [getattr(entry, "value", entry) for entry in users]
    return next((dict(getattr(entry.get("user"), "value", entry.get("user")) or {}) for entry in plain if entry.get("name") == name), {})
