"""The models and weights that the fields of a custom resource name."""

import re
from typing import NamedTuple

from connectors.kubernetes.kinds import KindRow, Object, dig, texts
from connectors.kubernetes.place import Place
from scanner.detect.runtime import ModelRef, model_ref
from scanner.model import Confidence

MODEL_SCHEMES = ("hf://", "oci://", "ollama://", "ngc://")
SERVE_CONFIG = re.compile(
    r"^\s*-?\s*(?:model_source|model_id|model|model_name|hf_model_id)\s*:\s*[\"']?([A-Za-z0-9][\w.-]*/[\w.-]+)[\"']?\s*$", re.MULTILINE
)


class Model(NamedTuple):
    """A model and where it is named."""

    ref: ModelRef
    field: str
    rule: str
    sure: Confidence = Confidence.DECLARED


class Weights(NamedTuple):
    """An address of weights and where it is named."""

    target: str
    field: str
    rule: str


def declared(place: Place, row: KindRow, item: Object) -> tuple[list[Model], list[Weights]]:
    """What the fields of a custom resource name."""
    models: list[Model] = []
    addresses: list[Weights] = []
    for uri in texts(item, *row.uris):
        field = row.uris[0]
        if uri.startswith(MODEL_SCHEMES) or "://" not in uri:
            ref = model_ref(uri, row.provider or "name")
            models += [Model(ref, field, "custom-resource")] if ref else []
        else:
            addresses.append(Weights(_address(place, uri), field, "custom-resource"))
    for name in texts(item, *row.models):
        ref = model_ref(name, row.provider)
        models += [Model(ref, row.models[0], "custom-resource")] if ref else []
    for path in row.text:
        found = (
            model_ref(match, "huggingface")
            for text in dig(item, path)
            if isinstance(text, str)
            for match in SERVE_CONFIG.findall(text[:200_000])
        )
        models += [Model(ref, path, "serve-config", Confidence.INFERRED) for ref in found if ref]
    return models, addresses


def _address(place: Place, uri: str) -> str:
    """`pvc://claim/path` is a path of a volume of this namespace; other addresses are the same everywhere."""
    if uri.startswith("pvc://"):
        claim, _, path = uri.removeprefix("pvc://").partition("/")
        return f"artifact:{place.prefix}/persistentvolumeclaim/{claim}{'/' + path.strip('/') if path.strip('/') else ''}"
    return uri.split("?", 1)[0].rstrip("/")
