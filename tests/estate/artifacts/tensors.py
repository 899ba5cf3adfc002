"""safetensors and GGUF, alone and as the folders they come in."""

import io
import json
import struct
import zipfile
from collections.abc import Mapping, Sequence

from tests.estate.artifacts.parts import Files, noise

WIDTH = {"F32": 4, "F16": 2, "BF16": 2, "I8": 1, "I32": 4, "F64": 8}


def header(tensors: Mapping[str, Sequence[int]], dtype: str = "F32", metadata: Mapping[str, str] | None = None) -> tuple[bytes, int]:
    """A safetensors header and the bytes of data it announces."""
    at, entries = 0, {"__metadata__": dict(metadata or {"format": "pt"})}
    for name, shape in tensors.items():
        length = WIDTH[dtype]
        for side in shape:
            length *= side
        entries[name] = {"dtype": dtype, "shape": list(shape), "data_offsets": [at, at + length]}  # type: ignore[dict-item]  # one dict, two shapes
        at += length
    text = json.dumps(entries, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text, at


def safetensors(
    tensors: Mapping[str, Sequence[int]] | None = None, dtype: str = "F32", metadata: Mapping[str, str] | None = None, seed: int = 0
) -> bytes:
    """A whole file; `seed` makes its weights, and so its digest, its own."""
    head, length = header(tensors or {"weight": (8, 16), "bias": (8,)}, dtype, metadata)
    return head + noise(length, seed)


def sharded(
    shards: int = 3, dtype: str = "BF16", base_model: str | None = None, architecture: str = "LlamaForCausalLM", seed: int = 0
) -> Files:
    """A Hugging Face folder: config.json, index, shards, tokenizer, card."""
    names = [f"model-{number:05}-of-{shards:05}.safetensors" for number in range(1, shards + 1)]
    each = {f"model.layers.{number}.self_attn.q_proj.weight": (32, 32) for number in range(shards)}
    files = {
        name: safetensors({tensor: shape}, dtype, seed=seed + place)
        for place, (name, (tensor, shape)) in enumerate(zip(names, each.items(), strict=True))
    }
    weights = dict(zip(each, names, strict=True))
    index = {"metadata": {"total_size": shards * 1024 * WIDTH[dtype], "total_parameters": shards * 1024}, "weight_map": weights}
    return files | {"model.safetensors.index.json": json.dumps(index).encode()} | beside(architecture, base_model)


def beside(architecture: str = "LlamaForCausalLM", base_model: str | None = None, license: str = "apache-2.0") -> Files:
    """The small files beside Hugging Face weights."""
    card = f"---\nlicense: {license}\n{f'base_model: {base_model}' if base_model else 'tags: [text]'}\n---\n# A model\n"
    config = {"architectures": [architecture], "model_type": "llama", "torch_dtype": "bfloat16"}
    return {"config.json": json.dumps(config).encode(), "tokenizer.json": b'{"version":"1.0"}', "README.md": card.encode()}


def lora(base_model: str = "meta-llama/Llama-3.1-8B", seed: int = 0) -> Files:
    """A LoRA adapter's folder, as PEFT writes it."""
    config = {"peft_type": "LORA", "base_model_name_or_path": base_model, "r": 8, "task_type": "CAUSAL_LM"}
    tensors = {"base_model.model.lora_A.weight": (8, 32), "base_model.model.lora_B.weight": (32, 8)}
    return {"adapter_config.json": json.dumps(config).encode(), "adapter_model.safetensors": safetensors(tensors, seed=seed)}


def _text(text: str) -> bytes:
    encoded = text.encode()
    return struct.pack("<Q", len(encoded)) + encoded


def _pair(key: str, value: object) -> bytes:
    if isinstance(value, str):
        return _text(key) + struct.pack("<I", 8) + _text(value)
    if isinstance(value, int):
        return _text(key) + struct.pack("<II", 4, value)
    if isinstance(value, float):
        return _text(key) + struct.pack("<If", 6, value)
    items = list(value)  # type: ignore[call-overload]  # what is left is a list of texts
    return _text(key) + struct.pack("<IIQ", 9, 8, len(items)) + b"".join(map(_text, items))


def gguf(
    architecture: str = "llama",
    file_type: int = 15,
    vocabulary: int = 32,
    more: Mapping[str, object] | None = None,
    late: bool = False,
    seed: int = 0,
) -> bytes:
    """A GGUF; `late` puts the number type behind the vocabulary, as llama.cpp's quantiser does."""
    kind: dict[str, object] = {"general.file_type": file_type}
    first: dict[str, object] = {"general.architecture": architecture, **(more or {}), f"{architecture}.block_count": 2}
    words = {"tokenizer.ggml.tokens": [f"token{number}" for number in range(vocabulary)]}
    pairs = {**first, **words, **kind} if late else {**first, **kind, **words}
    tensor = _text("output.weight") + struct.pack("<IQQIQ", 2, 32, 32, 0, 0)
    body = b"".join(_pair(key, value) for key, value in pairs.items()) + tensor
    start = struct.pack("<4sIQQ", b"GGUF", 3, 1, len(pairs)) + body
    return start + b"\0" * (-len(start) % 32) + noise(4096, seed)


def llamafile(inner: bytes | None = None) -> bytes:
    """A program with a stored GGUF behind it."""
    made = io.BytesIO()
    made.write(b"MZqFpD='\n" + b"\0" * 2000)
    with zipfile.ZipFile(made, "a", zipfile.ZIP_STORED) as archive:
        archive.writestr("model.gguf", inner or gguf())
        archive.writestr(".args", "-m\nmodel.gguf\n")
    return made.getvalue()
