"""The alphabet: noise for weights, files below a folder."""

import random
from collections.abc import Mapping
from pathlib import Path

Files = dict[str, bytes]


def put(folder: Path, files: Mapping[str, bytes]) -> None:
    """Writes files below a folder."""
    for name, content in files.items():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)


def noise(length: int, seed: int = 0) -> bytes:
    """Bytes that a seed makes."""
    return random.Random(seed).randbytes(length)
