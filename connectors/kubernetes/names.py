"""What the names and values of variables say. A value is looked at where a rule names the field; only its address or id is kept."""

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
OURSELVES = ("127.0.0.1", "0.0.0.0", "::1")  # noqa: S104 - names to leave out, nothing is bound
TOP_LEVEL = frozenset(
    ("com", "org", "net", "io", "ai", "dev", "cloud", "eu", "de", "uk", "us", "co", "app", "local", "internal", "corp", "lan")
)
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
    """Variables that are credentials by name and hold a value in the open: name and provider. The value is weighed, never kept."""
    for name, value in env.items():
        provider = credential_name(name)
        if provider and len(value) >= 8 and not DUMMY.fullmatch(value) and not value.startswith(("/", "$(", "http")):
            yield name, provider


def called(place: Place, env: Mapping[str, str], services: frozenset[str]) -> Iterator[tuple[str, str, str]]:
    """Endpoints that variables name: variable, endpoint's key, provider ("" for our own)."""
    for name, raw in env.items():
        value = raw.strip()
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
    address = f"endpoint:{_clean(parts.scheme, host, port, parts.path)}"
    if provider := api_host(url):
        return address, provider
    if service := _inside(host, services, named=named):
        return place.key(Kind.ENDPOINT, "service", *service), ""
    return (address, "") if named and "." in host and "://" in value and host not in OURSELVES else None


def _inside(host: str, services: frozenset[str], *, named: bool) -> tuple[str, str] | None:
    """Service and namespace of a name that only the cluster's own DNS knows; the namespace is empty where it is our own."""
    if found := IN_CLUSTER.fullmatch(host):
        return found[1], found[2]
    if host in services:
        return host, ""
    short = re.fullmatch(r"([a-z][a-z0-9-]*)\.([a-z][a-z0-9-]*)", host) if named else None
    return (short[1], short[2]) if short and short[2] not in TOP_LEVEL else None


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
