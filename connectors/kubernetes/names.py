"""What the names and values of variables say. A value is looked at only where a rule names the field, and only its address or id is kept."""

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from urllib.parse import urlsplit

from connectors.kubernetes.kinds import table
from connectors.kubernetes.place import Place
from scanner.detect.catalogue import providers
from scanner.detect.runtime import ModelRef, api_host, credential_name, model_ref
from scanner.model import Kind

ADDRESS = re.compile(r"(?:s3|gs|abfss?|wasbs|az|hf|oci|ngc|pvc)://[^\s\"'`,;|&<>()]+")
MODELLIKE = re.compile(
    r"(?i)model|weight|checkpoint|lora|adapter|\.(safetensors|gguf|ggml|onnx|pt|pth|pkl|joblib|bin|h5|keras|tflite|engine|nemo|mar)$"
)
MODEL_ID = re.compile(r"[A-Za-z0-9][\w.:/@-]{1,150}")
DUMMY = re.compile(
    r"(?i)|empty|none|null|dummy|fake|not[-_ ]?(needed|used|required|set)|no[-_]?key.*|sk-no-key-required|changeme|x+|\*+|test|unused|EMPTY"
)
IN_CLUSTER = re.compile(r"([a-z0-9-]+)\.([a-z0-9-]+)\.svc(?:\.[a-z0-9.-]+)?")
CONNECTED = ("http://", "https://", "grpc://", "grpcs://")


def weights(args: Iterable[str], env: Mapping[str, str], *, server: bool) -> Iterator[str]:
    """Addresses of weights: in variables named for them, and in commands where a server is known or the address itself says so."""
    for name, value in env.items():
        named = re.search(table().env.weights, name)
        yield from (found[0] for found in ADDRESS.finditer(value) if named or _modellike(found[0]))
    for arg in args:
        yield from (found[0] for found in ADDRESS.finditer(arg) if server or _modellike(found[0]))


def _modellike(address: str) -> bool:
    return address.startswith(("hf://", "ngc://")) or bool(MODELLIKE.search(address))


def credentials(env: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Variables that are credentials by their name and hold a value in the open: name and provider. The value is only weighed, never kept."""
    for name, value in env.items():
        provider = credential_name(name)
        if provider and len(value) >= 8 and not DUMMY.fullmatch(value) and not value.startswith(("/", "$(", "http")):
            yield name, provider


def called(place: Place, env: Mapping[str, str], services: frozenset[str]) -> Iterator[tuple[str, str, str]]:
    """Endpoints that variables name: variable, endpoint's key, provider ("" for our own)."""
    for name, value in env.items():
        value = value.strip()
        named = bool(re.search(table().env.api, name)) or name in _settings()
        if len(value) > 500 or not (value.startswith(CONNECTED) or (named and re.fullmatch(r"[\w.-]+(:\d+)?(/\S*)?", value))):
            continue
        found = _endpoint(place, value, services, named=named)
        if found:
            yield name, *found


def _endpoint(place: Place, value: str, services: frozenset[str], *, named: bool) -> tuple[str, str] | None:
    url = value if "://" in value else f"http://{value}"
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").lower(), parts.port
    except ValueError:
        return None
    if provider := api_host(url):
        return f"endpoint:{_clean(parts.scheme, host, port, parts.path)}", provider
    if inside := IN_CLUSTER.fullmatch(host):
        return place.key(Kind.ENDPOINT, "service", inside[1], inside[2]), ""
    if host in services:
        return place.key(Kind.ENDPOINT, "service", host), ""
    if not named or not host or host in ("localhost", "127.0.0.1", "::1", "0.0.0.0"):  # noqa: S104 - a name to leave out, nothing is bound
        return None
    service, dot, namespace = host.partition(".")
    if dot and "." not in namespace and not re.fullmatch(r"[\d.]+", host):
        return place.key(Kind.ENDPOINT, "service", service, namespace), ""
    return (f"endpoint:{_clean(parts.scheme, host, port, parts.path)}", "") if "." in host and "://" in value else None


def _clean(scheme: str, host: str, port: int | None, path: str) -> str:
    """An address without user information, query and fragment."""
    shown = f"[{host}]" if ":" in host else host
    return f"{scheme}://{shown}{f':{port}' if port else ''}{path.rstrip('/')}"


@cache
def _settings() -> Mapping[str, str]:
    return {name: provider.id for provider in providers() for name in provider.settings}


@cache
def _kinds() -> Mapping[str, str]:
    return {provider.id: provider.kind for provider in providers()}


def is_model_provider(provider: str) -> bool:
    """Whether it offers models, not what stands around them."""
    return _kinds().get(provider) == "model"


def configured(env: Mapping[str, str], beside: Iterable[str]) -> Iterator[tuple[str, ModelRef]]:
    """Models of providers that variables name: OPENAI_MODEL, or LLM_MODEL where one provider's key or address stands beside it."""
    known = {provider for provider in beside if is_model_provider(provider)}
    for name, value in env.items():
        if (
            not re.search(table().env.model, name)
            or not MODEL_ID.fullmatch(value.strip())
            or value.startswith(("/", "http"))
            or "://" in value
        ):
            continue
        provider = _settings().get(name) or _named_in(name) or (next(iter(known)) if len(known) == 1 else None)
        found = model_ref(value, provider) if provider and is_model_provider(provider) else None
        if found:
            yield name, found


def _named_in(name: str) -> str | None:
    words = set(name.lower().split("_"))
    return next((provider.id for provider in providers() if provider.kind == "model" and provider.id in words), None)
