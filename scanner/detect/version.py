"""The detector's version: a hash of its code and catalogue, so that facts are never kept beyond what made them."""

import hashlib
from functools import cache
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed
from pathlib import Path

from scanner.detect.settings import DetectSettings

PARSERS = ("ast-grep-py", "ryaml", "rtoml", "msgspec")


def of_detector(settings: DetectSettings) -> str:
    """Changes whenever the same bytes could give other facts."""
    return hashlib.sha256(f"{of_code()}:{settings.max_text_bytes}".encode()).hexdigest()[:16]


@cache
def of_code() -> str:
    """A hash over every source and table of this package, and the versions of the parsers."""
    digest = hashlib.sha256()
    home = Path(__file__).parent
    for path in sorted(home.rglob("*")):
        if path.suffix in (".py", ".toml", ".json"):
            digest.update(path.relative_to(home).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    for name in PARSERS:
        digest.update(f"{name}={_version(name)}".encode())
    return digest.hexdigest()


def _version(name: str) -> str:
    try:
        return installed(name)
    except PackageNotFoundError:
        return "absent"
