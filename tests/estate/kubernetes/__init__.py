"""A small server of the Kubernetes API's wire format over real API objects given as dicts. It listens on loopback alone.

    with cluster(objects, "prod-eu", directory) as made:
        made.url, made.kubeconfig, made.requests, made.fail("pods", status=500)

Built-in objects are held against the kubernetes client's own models, so a field that no API server would give is refused here.
"""

import secrets
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from tests.estate.kubernetes.genuine import checked
from tests.estate.kubernetes.server import Cluster, listen
from tests.estate.kubernetes.storage import Storage

__all__ = ["Cluster", "cluster", "kubeconfig"]

Denied = tuple[str, str, str]
"""User, namespace and resource; `*` stands for any, and the namespace "" for listings of the whole cluster."""


@contextmanager
def cluster(
    objects: Iterable[Mapping[str, Any]],
    name: str,
    directory: Path,
    denied: Iterable[Denied] = (),
    *,
    user: str = "gnomon",
    namespace: str | None = None,
    unserved: Iterable[str] = (),
    old: bool = False,
    certificate: tuple[Path, Path] | None = None,
) -> Iterator[Cluster]:
    """A cluster that answers; its kubeconfig lies in `directory`. Groups of custom resources are served where an object needs them.

    `unserved` are resources or groups that are missing; `old` keeps CronJob in batch/v1beta1 and has no self-review.
    """
    directory.mkdir(parents=True, exist_ok=True)
    token = secrets.token_hex(16)
    storage = Storage([checked(one) for one in objects], frozenset(unserved), old=old)
    server = listen(storage, {token: user}, tuple(denied), certificate)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    made = Cluster(name, server, directory / f"kubeconfig-{name}.yaml", token)
    made.kubeconfig.write_text(yaml.safe_dump(_config([made], namespace)))
    made.kubeconfig.chmod(0o600)
    try:
        yield made
    finally:
        server.end()
        thread.join()


def kubeconfig(clusters: Iterable[Cluster], path: Path) -> Path:
    """One kubeconfig with a context for each cluster."""
    path.write_text(yaml.safe_dump(_config(list(clusters), None)))
    path.chmod(0o600)
    return path


def _config(clusters: list[Cluster], namespace: str | None) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": clusters[0].name,
        "clusters": [{"name": one.name, "cluster": {"server": one.url}} for one in clusters],
        "users": [{"name": f"reader-{one.name}", "user": {"token": one.token}} for one in clusters],
        "contexts": [
            {
                "name": one.name,
                "context": {"cluster": one.name, "user": f"reader-{one.name}", **({"namespace": namespace} if namespace else {})},
            }
            for one in clusters
        ],
    }
