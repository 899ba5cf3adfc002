"""The models of one endpoint as observations: what it calls them, and what they really are."""

import re
from collections.abc import Iterator, Mapping

from connectors.inference.fingerprints import Fingerprint, Served
from scanner.detect.runtime import identifiers_of, model_from_url
from scanner.model import Evidence, Kind, Link, Observation, Relation, Sighting, Value

HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")


def observed(asset: str, url: str, server: Fingerprint, models: tuple[Served, ...]) -> Iterator[Observation]:
    """A sighting and a link for each model that is served; one that is not available is not served."""
    keys = {model.id: f"model:{asset}:{'/'.join(_identity(server, model))}" for model in models if model.live}
    for model in models:
        if not model.live:
            continue
        evidence = (Evidence(f"{url}{server.models.path if server.models else ''}", f"{server.id}-models"),)
        yield Sighting(keys[model.id], Kind.MODEL, identifiers(server, model), _attributes(server, model), evidence)
        yield Link(asset, Relation.SERVES, keys[model.id], evidence)
        if model.parent and model.parent in keys:
            yield Link(keys[model.id], Relation.DERIVES, keys[model.parent], evidence)


def _identity(server: Fingerprint, model: Served) -> tuple[str, str]:
    """Provider and id: of the root, where that names a model; else of the name that callers use."""
    root = model.root
    if root and server.models and server.models.qualified and "/" in root:
        provider, _, name = root.partition("/")
        return provider, name
    if root and server.provider == "huggingface" and HUB_ID.fullmatch(root):
        return "huggingface", root
    hub = server.provider == "huggingface" and HUB_ID.fullmatch(model.id)
    return ("huggingface" if hub else "unknown" if server.provider == "huggingface" else server.provider), model.id


def identifiers(server: Fingerprint, model: Served) -> tuple[str, ...]:
    """Typed identifiers. What is only a name stays one: `name:`."""
    provider, name = _identity(server, model)
    own = identifiers_of(provider, name, model.revision) if provider not in ("name", "local", "unknown") else ()
    strong = _manifest(name, model.digest) if provider == "ollama" and model.digest else ()
    address = model_from_url(model.root) if model.root and "://" in model.root else ()
    versioned = (f"name:{model.id}:{model.version}",) if model.version else ()
    return tuple(dict.fromkeys((*strong, *own, *address, f"name:{model.id}", *versioned)))


def _manifest(name: str, digest: str) -> tuple[str, ...]:
    """Ollama's digest is that of the manifest in its registry; a model made by hand has one too, and no registry."""
    path = name.partition(":")[0]
    where = path if "/" in path else f"library/{path}"
    found = re.fullmatch(r"(?:sha256:)?([0-9a-f]{64})", digest)
    return (f"oci:registry.ollama.ai/{where}@sha256:{found[1]}",) if found else ()


def _attributes(server: Fingerprint, model: Served) -> Mapping[str, Value]:
    provider, name = _identity(server, model)
    told: dict[str, Value] = {
        "platform": "http",
        "provider": provider,
        "model_id": name,
        "revision": model.revision,
        "version": model.version,
        "quantisation": model.format,
        "served_id": model.id if model.root and model.root != model.id else None,
        "root": model.root if model.root != model.id else None,
        "base_model": model.parent,
        "context": "production",
    }
    return {key: value for key, value in told.items() if value is not None}
