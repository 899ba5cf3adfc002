"""What lies beside the weights: Hugging Face configs and cards, LoRA adapters, shard indexes, MLflow's MLmodel."""

import re
from typing import Any

import msgspec

from scanner.detect.artifacts.artifact import Artifact, hub_name, told
from scanner.detect.artifacts.ranged import Reader, Unread
from scanner.detect.artifacts.yamls import mapping

MAX_JSON = 1_000_000
FRONT = re.compile(r"\A---\s*\n(.*?)\n---\s*\n", re.DOTALL)
FLAVOURS = (
    "transformers",
    "pytorch",
    "sklearn",
    "xgboost",
    "lightgbm",
    "catboost",
    "keras",
    "tensorflow",
    "onnx",
    "spark",
    "langchain",
    "openai",
)
Known = dict[str, Any]


def json_object(reader: Reader, limit: int = MAX_JSON) -> Known:
    """A small JSON object."""
    content = reader.upto(0, 65_536)
    if reader.size is not None and reader.size > len(content):
        content = reader.upto(0, min(reader.size, limit))
    try:
        return msgspec.json.decode(content, type=dict[str, Any])
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
        raise Unread("is not a JSON object") from error


def config(reader: Reader) -> Known:
    """config.json of transformers: architecture, number type or quantisation, what it was loaded from."""
    read = json_object(reader)
    if not {"model_type", "architectures", "_class_name", "quantization_config"} & set(read):
        return {}
    names = read.get("architectures")
    first = names[0] if isinstance(names, list) and names else read.get("_class_name") or read.get("model_type")
    return _known(
        architecture=told(first), quantisation=_quantised(read.get("quantization_config")), base_model=_hub(read.get("_name_or_path"))
    )


def _quantised(read: object) -> str | None:
    if not isinstance(read, dict):
        return None
    method, bits = told(read.get("quant_method"), 40), read.get("bits")
    if bits is None and (read.get("load_in_4bit") or read.get("load_in_8bit")):
        bits = 4 if read.get("load_in_4bit") else 8
    return f"{method}-{bits}bit" if method and isinstance(bits, int) else method


def adapter(reader: Reader) -> Known:
    """adapter_config.json of PEFT: the base model that the adapter needs."""
    read = json_object(reader)
    kind = told(read.get("peft_type"), 40)
    return _known(base_model=hub_name(read.get("base_model_name_or_path")), architecture=kind.lower() if kind else "adapter")


def pipeline(reader: Reader) -> Known:
    """model_index.json of diffusers."""
    read = json_object(reader)
    return _known(architecture=told(read.get("_class_name")), base_model=_hub(read.get("_name_or_path")))


def index(reader: Reader) -> Known:
    """*.safetensors.index.json: how many shards there ought to be, and parameters where the writer counted them."""
    read = json_object(reader, 8_000_000)
    weights, metadata = read.get("weight_map"), read.get("metadata")
    total = metadata.get("total_parameters") if isinstance(metadata, dict) else None
    files = len(set(map(str, weights.values()))) if isinstance(weights, dict) else None
    return _known(parameters=total if isinstance(total, int) and total > 0 else None, shards=files or None)


def card(reader: Reader) -> Known:
    """The front matter of a model card (README.md): licence and base model."""
    front = FRONT.match(reader.upto(0, 8_192).decode("utf-8", "replace"))
    if front is None:
        return {}
    read = mapping(front[1].encode())
    base = read.get("base_model")
    return _known(license=told(read.get("license")), base_model=hub_name(base[0] if isinstance(base, list) and base else base))


def mlmodel(_: str, reader: Reader) -> Artifact:
    """MLmodel: the flavour, the run that made it, the model's own uuid."""
    read = mapping(reader.upto(0, 131_072))
    flavours = read.get("flavors")
    if not isinstance(flavours, dict):
        raise Unread("names no flavour: not MLflow's MLmodel")
    named = next((name for name in FLAVOURS if name in flavours), next((str(name) for name in sorted(flavours)), None))
    settings = flavours.get(named)
    uuid = told(read.get("model_uuid") or read.get("model_id"), 64)
    return Artifact(
        format="mlflow",
        architecture=_flavoured(named, settings if isinstance(settings, dict) else {}),
        base_model=_hub(settings.get("source_model_name")) if isinstance(settings, dict) else None,
        producer=f"mlflow {told(read.get('mlflow_version'), 40) or ''}".strip(),
        identifiers=(f"mlflow:model-uuid/{uuid}",) if uuid else (),
    )


def _flavoured(name: str | None, settings: Known) -> str | None:
    kind = settings.get("pipeline_model_type") or settings.get("model_class") or settings.get("instance_type")
    return told(str(kind).rpartition(".")[2]) if kind else told(name)


def _hub(name: object) -> str | None:
    found = hub_name(name)
    return found if found and "/" in found else None


def _known(**values: object) -> Known:
    return {name: value for name, value in values.items() if value is not None}
