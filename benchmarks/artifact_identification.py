"""Requests and bytes that it costs to say what a model file is, for every format, up to a 16 GB one."""

import statistics
import tempfile
from pathlib import Path
from typing import NamedTuple

from benchmarks.rows import Row
from scanner.detect.artifacts import BytesRanged, FileRanged, Group, Ranged, group, identify, identify_group
from tests.estate import artifacts as make

HIDDEN, LAYERS, VOCABULARY = 4096, 32, 128_256


class Cost(NamedTuple):
    """What one identification cost."""

    name: str
    requests: int
    received: int


def run() -> list[Row]:
    """The median, the worst, and the two that are large by nature."""
    with tempfile.TemporaryDirectory() as scratch:
        costs = [*_files(), *_folders(), *_large(Path(scratch))]
    requests, received = (statistics.median(cost[place] for cost in costs) for place in (1, 2))
    worst_requests, worst_bytes = max(costs, key=lambda cost: cost.requests), max(costs, key=lambda cost: cost.received)
    return [
        Row(f"requests per artifact, median of {len(costs)}", f"{requests:g}", "<= 4", requests <= 4),
        Row("bytes per artifact, median", f"{received:,.0f}", "<= 100,000", received <= 100_000),
        Row("requests, worst", f"{worst_requests.requests} ({worst_requests.name})", "<= 6", worst_requests.requests <= 6),
        Row("bytes, worst", f"{worst_bytes.received:,} ({worst_bytes.name})", "<= 11,000,000", worst_bytes.received <= 11_000_000),
        *(Row(cost.name, f"{cost.requests} requests, {cost.received:,} bytes", "", None) for cost in costs),
    ]


def _files() -> list[Cost]:
    """Files of some megabytes, so that no format looks cheap because its sample is small; pointers and texts are as they are."""
    big = 5_000_000
    after = make.noise(big)
    layers = {f"layer.{number}.weight": big // 400 for number in range(100)}
    fixture = Path(__file__).parents[1] / "tests" / "fixtures" / "artifacts" / "keras.h5"
    files = {
        "net.safetensors": make.safetensors({"weight": (1000, 1250)}),
        "net.onnx": make.onnx(weights=big),
        "net.pt": make.torch_zip(layers),
        "script.pt": make.torchscript(big),
        "old.pth": make.torch_legacy() + after,
        "clf.pkl": make.pickled(weights=big),
        "net.keras": make.keras(weights=big),
        "net.mar": make.mar(weights=big),
        "net-Q4_K_M.llamafile": make.llamafile(make.gguf(vocabulary=100_000) + after),
        "net.h5": fixture.read_bytes() + after,
        "saved_model.pb": make.savedmodel()["saved_model.pb"],
        "net.tflite": make.tflite() + after,
        "net.pte": make.executorch() + after,
        "net.mlmodel": make.coreml(weights=big),
        "net.engine": make.tensorrt() + after,
        "net.xml": make.openvino()["churn.xml"],
        "net.pmml": make.pmml() + b"<!-- -->" * 600_000,
        "xgb_model.json": make.xgboost(trees=90_000),
        "lgb_model.txt": make.lightgbm() + b"leaf_value=0.1 0.2\n" * 200_000,
        "net.cbm": make.catboost() + after,
        "net.nemo": make.nemo(weights=big),
        "MLmodel": make.mlmodel()["MLmodel"],
        "pointer.safetensors": make.lfs_pointer(b"weights"),
        "model.pkl.dvc": make.dvc_pointer("model.pkl", b"w"),
    }
    return [_cost(name, BytesRanged(content), name) for name, content in files.items()]


def _cost(name: str, source: BytesRanged | FileRanged, path: str) -> Cost:
    found = identify(path, source)
    assert found is not None and found.unread is None, (name, found)
    return Cost(name, source.requests, source.received)


def _folders() -> list[Cost]:
    folders = {"sharded folder with config, index and card": make.sharded(8), "LoRA folder": make.lora()}
    return [_folder(name, files) for name, files in folders.items()]


def _folder(name: str, files: make.Files) -> Cost:
    (one,) = group((path, len(content)) for path, content in files.items())
    return _group_cost(name, one, files)


def _group_cost(name: str, one: Group, files: make.Files) -> Cost:
    opened: list[BytesRanged] = []

    def opener(path: str) -> Ranged:
        opened.append(BytesRanged(files[path]))
        return opened[-1]

    assert identify_group(one, opener) is not None
    return Cost(name, sum(source.requests for source in opened), sum(source.received for source in opened))


def _large(scratch: Path) -> list[Cost]:
    more = {"general.license": "llama3.1", "general.base_model.0.repo_url": "https://huggingface.co/meta-llama/Llama-3.1-8B"}
    words = make.gguf(vocabulary=VOCABULARY, late=True, more=more)
    costs = [_cost("GGUF, vocabulary of 128,256, number type in its name", BytesRanged(words), "llama-Q4_K_M.gguf")]
    costs.append(_cost("GGUF, vocabulary of 128,256, number type behind it", BytesRanged(words), "llama.gguf"))
    target = scratch / "model.safetensors"
    head, length = make.header(_llama(), "BF16")
    with target.open("wb") as file:
        file.write(head)
        file.truncate(len(head) + length)
    with FileRanged(target) as source:
        costs.append(_cost(f"safetensors of {target.stat().st_size / 1e9:.1f} GB (sparse)", source, target.name))
    return costs


def _llama() -> dict[str, tuple[int, ...]]:
    """The tensors of an 8 billion parameter Llama."""
    wide, few = 14_336, 1_024
    layer = {f"self_attn.{name}_proj": (side, HIDDEN) for name, side in (("q", HIDDEN), ("k", few), ("v", few), ("o", HIDDEN))}
    layer |= {"mlp.gate_proj": (wide, HIDDEN), "mlp.up_proj": (wide, HIDDEN), "mlp.down_proj": (HIDDEN, wide)}
    norms = {"input_layernorm": (HIDDEN,), "post_attention_layernorm": (HIDDEN,)}
    layers = {f"model.layers.{number}.{name}.weight": shape for number in range(LAYERS) for name, shape in (layer | norms).items()}
    return {
        "model.embed_tokens.weight": (VOCABULARY, HIDDEN),
        **layers,
        "model.norm.weight": (HIDDEN,),
        "lm_head.weight": (VOCABULARY, HIDDEN),
    }


if __name__ == "__main__":
    print(*run(), sep="\n")
