"""Names and addresses of models as typed identifiers (docs/vocabulary.md)."""

import re

import msgspec

from scanner.detect.images import image_identifiers

HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")
HUB_PAGE = re.compile(  # what else the hub has is no model
    r"(?:www\.)?huggingface\.co/(?!(?:datasets|spaces|docs|blog|papers|collections|settings|join|api|learn|organizations|tasks)/)"
    r"([^/]+/[^/?#]+)(?:/(?:resolve|blob|tree)/([^/]+))?"
)
UNRESOLVED = re.compile(r"\$\{|\$\(|\{\{|<[a-z_ -]+>|\$[A-Z_]")


class ModelRef(msgspec.Struct, frozen=True):
    """A model as someone names it. `served_id` is the name that callers use for it, where it is another."""

    provider: str
    model_id: str
    revision: str | None = None
    identifiers: tuple[str, ...] = ()
    served_id: str | None = None
    adapter: bool = False


def model_ref(model: str, provider: str, revision: str | None = None, served: str | None = None) -> ModelRef | None:
    """A model's name, path or address as a ModelRef; None where it is a template or empty."""
    model = model.strip().strip("\"'")
    if not model or UNRESOLVED.search(model) or len(model) > 300:
        return None
    served = served if served and served != model and not UNRESOLVED.search(served) else None
    if "://" in model:
        return _by_url(model, revision, served)
    if model.startswith(("/", "./", "../", "~")):
        return ModelRef("local", model, revision, (), served)
    if provider in ("huggingface", "docker") and "@" in model:
        model, _, revision = model.partition("@")
    return ModelRef(provider or "unknown", model, revision, identifiers_of(provider, model, revision), served)


def _by_url(url: str, revision: str | None, served: str | None) -> ModelRef | None:
    identifiers = model_from_url(url)
    scheme, _, rest = url.partition("://")
    scheme = scheme.lower()
    if scheme == "hf":
        name, _, pinned = rest.partition("@") if "@" in rest else rest.partition(":")
        pinned_revision = pinned or revision
        return ModelRef("huggingface", name, pinned_revision, identifiers_of("huggingface", name, pinned_revision), served)
    if scheme in ("ollama", "ngc"):
        return ModelRef({"ngc": "nim"}.get(scheme, scheme), rest, revision, identifiers, served)
    if scheme in ("http", "https") and (hub := HUB_PAGE.match(rest)):
        return ModelRef("huggingface", hub[1], revision, identifiers_of("huggingface", hub[1], revision), served)
    clean = _without_secrets(url)
    return ModelRef(scheme, clean, revision, identifiers, served)


def identifiers_of(provider: str, model: str, revision: str | None = None) -> tuple[str, ...]:
    """The typed identifiers of a model id as its provider spells it (docs/vocabulary.md)."""
    if provider == "huggingface":
        if not HUB_ID.fullmatch(model):
            return (f"name:{model}",)
        pinned = (f"hf:{model}@{revision}",) if revision else ()
        return (f"hf:{model}", *pinned)
    if provider == "ollama":
        return (f"ollama:{model}" if ":" in model.rsplit("/", 1)[-1] else f"ollama:{model}:latest",)
    if provider in ("", "local", "unknown"):
        return (f"name:{model}",)
    return (f"api:{provider}/{model}",)


def model_from_url(uri: str) -> tuple[str, ...]:
    """The typed identifiers of an address of weights: hf://, s3://, gs://, oci://, ollama://, mlflow models:/, https of a hub.

    A volume (pvc://) and a local path name no model beyond the cluster: they give none.
    """
    scheme, _, rest = uri.strip().partition("://")
    scheme = scheme.lower()
    rest = rest.split("?", 1)[0].rstrip("/")
    if scheme == "hf":
        name, mark, revision = rest.partition("@") if "@" in rest else rest.partition(":")
        return identifiers_of("huggingface", name, revision if mark else None)
    if scheme in ("s3", "gs", "abfs", "abfss", "wasbs", "az"):
        return (f"{scheme}://{rest}",)
    if scheme == "oci":
        return tuple(sorted(image_identifiers(rest), reverse=True))
    if scheme in ("ollama", "ngc"):
        return identifiers_of({"ngc": "nim"}.get(scheme, scheme), rest)
    return _from_web(rest) if scheme in ("http", "https") else _from_mlflow(uri)


def _from_mlflow(uri: str) -> tuple[str, ...]:
    found = re.fullmatch(r"models:/([^/@]+)[/@]([^/]+)", uri.strip())
    return (f"name:{found[1]}",) if found else ()


def _from_web(rest: str) -> tuple[str, ...]:
    if hub := HUB_PAGE.match(rest):
        return identifiers_of("huggingface", hub[1], hub[2])
    if path := re.match(r"s3[.-][a-z0-9-]+\.amazonaws\.com/([^/]+)/(.+)", rest):
        return (f"s3://{path[1]}/{path[2]}",)
    if virtual := re.match(r"([^/]+)\.s3[.-](?:[a-z0-9-]+\.)?amazonaws\.com/(.+)", rest):
        return (f"s3://{virtual[1]}/{virtual[2]}",)
    if google := re.match(r"storage\.googleapis\.com/(.+)", rest):
        return (f"gs://{google[1]}",)
    return ()


def _without_secrets(url: str) -> str:
    """An address without user information, query and fragment."""
    scheme, _, rest = url.partition("://")
    host, slash, path = rest.split("?", 1)[0].split("#", 1)[0].partition("/")
    return f"{scheme}://{host.rsplit('@', 1)[-1]}{slash}{path}"
