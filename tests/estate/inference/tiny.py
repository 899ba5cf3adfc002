"""A GGUF that llama.cpp serves: a llama of two layers with random weights and the 256 bytes as its vocabulary, 150 kB.

The layout is https://github.com/ggml-org/ggml/blob/master/docs/gguf.md.
"""

import random
import struct
from collections.abc import Sequence
from pathlib import Path

WIDTH, DEEP, INNER, CONTEXT = 32, 2, 64, 256
UINT32, INT32, FLOAT32, STRING, ARRAY = 4, 5, 6, 8, 9
SPECIAL = ("<unk>", "<s>", "</s>")
LETTERS = ("▁", *"etaoinsr")


def gguf(path: Path, name: str = "tiny-shadow-llama") -> Path:
    """Writes the file."""
    tokens = [*SPECIAL, *(f"<0x{byte:02X}>" for byte in range(256)), *LETTERS]
    kinds = [2, 3, 3, *([6] * 256), *([1] * len(LETTERS))]
    shapes = _shapes(len(tokens))
    pairs = _pairs(name, tokens, kinds)
    offsets, end = [], 0
    for shape in shapes.values():
        offsets.append(end)
        end += -(-_count(shape) * 4 // 32) * 32
    head = struct.pack("<4sIQQ", b"GGUF", 3, len(shapes), len(pairs)) + b"".join(pairs)
    for (tensor, shape), offset in zip(shapes.items(), offsets, strict=True):
        head += _text(tensor) + struct.pack(f"<I{len(shape)}QIQ", len(shape), *shape, 0, offset)
    head += b"\0" * (-len(head) % 32)
    path.write_bytes(head + b"".join(_weights(tensor, shape) for tensor, shape in shapes.items()))
    return path


def _shapes(words: int) -> dict[str, Sequence[int]]:
    shapes: dict[str, Sequence[int]] = {
        "token_embd.weight": (WIDTH, words),
        "output_norm.weight": (WIDTH,),
        "output.weight": (WIDTH, words),
    }
    for layer in range(DEEP):
        block = f"blk.{layer}"
        shapes |= {f"{block}.{part}_norm.weight": (WIDTH,) for part in ("attn", "ffn")}
        shapes |= {f"{block}.attn_{part}.weight": (WIDTH, WIDTH) for part in ("q", "k", "v", "output")}
        shapes |= {f"{block}.ffn_{part}.weight": (WIDTH, INNER) for part in ("gate", "up")}
        shapes[f"{block}.ffn_down.weight"] = (INNER, WIDTH)
    return shapes


def _pairs(name: str, tokens: Sequence[str], kinds: Sequence[int]) -> list[bytes]:
    numbers = {
        "context_length": CONTEXT, "embedding_length": WIDTH, "block_count": DEEP, "feed_forward_length": INNER, "vocab_size": len(tokens),
        "attention.head_count": 2, "attention.head_count_kv": 2, "rope.dimension_count": WIDTH // 2,
    }  # fmt: skip
    texts = {"general.architecture": "llama", "general.name": name, "tokenizer.ggml.model": "llama"}
    ids = {"unknown_token_id": 0, "bos_token_id": 1, "eos_token_id": 2}
    lists = struct.pack("<IQ", STRING, len(tokens)) + b"".join(map(_text, tokens))
    scores = struct.pack(f"<IQ{len(tokens)}f", FLOAT32, len(tokens), *(-float(number) for number in range(len(tokens))))
    types = struct.pack(f"<IQ{len(kinds)}i", INT32, len(kinds), *kinds)
    return [
        *(_text(key) + struct.pack("<I", STRING) + _text(value) for key, value in texts.items()),
        *(_text(f"llama.{key}") + struct.pack("<II", UINT32, value) for key, value in numbers.items()),
        _text("llama.attention.layer_norm_rms_epsilon") + struct.pack("<If", FLOAT32, 1e-5),
        *(_text(f"tokenizer.ggml.{key}") + struct.pack("<II", UINT32, value) for key, value in ids.items()),
        _text("tokenizer.ggml.tokens") + struct.pack("<I", ARRAY) + lists,
        _text("tokenizer.ggml.scores") + struct.pack("<I", ARRAY) + scores,
        _text("tokenizer.ggml.token_type") + struct.pack("<I", ARRAY) + types,
    ]


def _weights(name: str, shape: Sequence[int]) -> bytes:
    chance = random.Random(name)
    count = _count(shape)
    values = [1.0] * count if "norm" in name else [chance.uniform(-0.1, 0.1) for _ in range(count)]
    packed = struct.pack(f"<{count}f", *values)
    return packed + b"\0" * (-len(packed) % 32)


def _count(shape: Sequence[int]) -> int:
    count = 1
    for size in shape:
        count *= size
    return count


def _text(text: str) -> bytes:
    encoded = text.encode()
    return struct.pack("<Q", len(encoded)) + encoded
