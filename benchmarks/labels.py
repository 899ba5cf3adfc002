"""When a finding and a label mean the same: ids of models, families of SDKs, what is neutral."""

import re
from functools import cache
from typing import Any

from scanner.detect.rules.packages import Sdk, sdks

PREFIX = re.compile(
    r"^(hf://|ollama://|s3://|gs://|models/|huggingface/|hosted_vllm/|nvidia_nim/|bedrock/|azure/|ollama/|ollama_chat/|vertex_ai/|openrouter/|together_ai/|groq/"
    r"|arn:[^/]*foundation-model/|arn:[^/]*inference-profile/)+"
)
REGION = re.compile(r"^(us|eu|apac|global)\.(?=(anthropic|amazon|meta|mistral|cohere)\.)")
MAKER = re.compile(r"^(anthropic|amazon|meta|mistral|cohere|ai21|stability)\.")
VERSION = re.compile(r"(:latest|-v\d+:\d+|:0)$")
PROSE = re.compile(
    r"(\.(md|rst|mdx|txt|adoc|svg|lock|sum)$|(^|/)(package-lock\.json|pnpm-lock\.yaml|LICENSE[^/]*|CHANGELOG[^/]*)$|(^|/)cassettes/)",
    re.IGNORECASE,
)
REQUIREMENTS = re.compile(r"requirements[^/]*\.txt$")
CLASSES = {
    "code": "py ts tsx js jsx mjs java go rb rs cs cpp c h kt php sh sql",
    "notebook": "ipynb",
    "terraform": "tf tfvars hcl",
    "yaml": "yaml yml",
}
NEUTRAL_FAMILIES = frozenset(
    {"chroma", "qdrant", "faiss", "pgvector", "pinecone", "weaviate", "milvus", "lancedb", "tavily", "wandb", "mlflow", "langfuse"}
    | {"observability", "instructor", "guidance", "jax", "timm", "spacy", "mlserver"}
)
NEUTRAL_NAMES = re.compile(
    r"^(tiktoken|langsmith|crewai-tools|einops|sentencepiece|nltk|gensim|numpy|scipy|.*embedding.*|@dqbd/tiktoken)$", re.IGNORECASE
)
GENERAL = re.compile(r"^(aws_|github_|gh_token|google_application_credentials|azure_(tenant|client))")
FURTHER = {
    "langchain-openai": {"langchain", "openai"},
    "langchain_openai": {"langchain", "openai"},
    "@langchain/openai": {"langchain", "openai"},
    "langchain-anthropic": {"langchain", "anthropic"},
    "langchain-ollama": {"langchain", "ollama"},
    "langchain_ollama": {"langchain", "ollama"},
    "langchain-aws": {"langchain", "bedrock"},
    "langchain-fireworks": {"langchain", "fireworks"},
    "langchain-google-genai": {"langchain", "google-genai"},
    "microsoft.extensions.ai.openai": {"microsoft-extensions-ai", "openai"},
}


def is_prose(path: str) -> bool:
    """Documentation, lock files, licences: neutral in every kind."""
    return bool(PROSE.search(path)) and not REQUIREMENTS.search(path)


def file_class(path: str) -> str:
    """code, yaml, terraform, notebook, other."""
    ending = path.rsplit(".", 1)[-1].lower()
    return next((name for name, endings in CLASSES.items() if ending in endings.split()), "other")


def plain(model: str) -> str:
    """An id without what only says where it is had."""
    bare = PREFIX.sub("", model.strip().strip("'\"`").lower())
    return REGION.sub("", bare).rstrip(".,;:")


def short(model: str) -> str:
    """An id without organisation, maker and the version that is the only one."""
    return VERSION.sub("", MAKER.sub("", plain(model).split("/")[-1]))


def same_model(one: str, other: str) -> bool:
    """Whether two ids mean the same model."""
    return plain(one) == plain(other) or short(one) == short(other)


def neutral_model(truth: dict[str, Any], path: str, model: str) -> bool:
    """Right in another file, cut short, in prose, or of a shape that the labels leave open."""
    name = short(model)
    longer = re.compile(re.escape(name) + r"[-:@]")
    cut = len(name) >= 4 and any(longer.match(short(entry["model_id"])) for entry in truth["models"] if entry["path"] == path)
    elsewhere = any(same_model(entry["model_id"], model) for entry in truth["models"])
    left_open = any(
        re.fullmatch(pattern, text, re.IGNORECASE) for pattern in truth.get("model_optional") or () for text in (model, plain(model))
    )
    return cut or elsewhere or left_open or is_prose(path) or path in (truth.get("model_alias_paths") or ())


@cache
def _names() -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for row in sdks():
        for field in Sdk.__struct_fields__:
            values = getattr(row, field)
            for name in values if isinstance(values, tuple) else ():
                found.setdefault(name.lower(), set()).add(row.family)
    return found


def families(name: str) -> set[str]:
    """The families that a package belongs to; itself where nobody knows it."""
    lower = name.strip().lower()
    bare = re.sub(r"\[.*?\]", "", lower)
    if bare in FURTHER:
        return FURTHER[bare]
    whole = _names().get(bare) or _names().get(bare.replace("_", "-"))
    if whole:
        return whole
    begins = {family for known, owners in _names().items() for family in owners if known.endswith("*") and bare.startswith(known[:-1])}
    group = {
        family for known, owners in _names().items() for family in owners if ":" in known and bare.startswith(known.split(":")[0] + ":")
    }
    return begins or group or {bare}


def neutral_sdk(name: str, found: set[str]) -> bool:
    """Stores, tools and observability: neither a hit nor wrong."""
    return bool(found & NEUTRAL_FAMILIES) or bool(NEUTRAL_NAMES.match(name.strip().lower()))


def neutral_credential(name: str) -> bool:
    """Credentials of clouds and platforms in general."""
    return bool(GENERAL.match(name))
