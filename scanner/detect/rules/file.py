"""One file as rules see it."""

from collections.abc import Iterator
from functools import cache, cached_property
from typing import Any

from scanner.contracts import Fact
from scanner.detect.reading.dispatch import ending_of, kind_of
from scanner.detect.reading.literal import Reading
from scanner.detect.rules import packages
from scanner.model import Confidence


class File:
    """A file's path, text and reading, and what several rules ask of it."""

    def __init__(self, path: str, text: str, reading: Reading) -> None:
        self.path, self.text, self.reading = path, text, reading
        self.name = path.rsplit("/", 1)[-1].lower()
        self.kind, self.ending = kind_of(path), ending_of(path)

    @cached_property
    def families(self) -> frozenset[str]:
        """The families of SDKs that this file imports."""
        return frozenset(row.family for found in self.reading.imports if (row := packages.imported(found)))

    @cached_property
    def providers(self) -> frozenset[str]:
        """The providers whose SDKs this file imports."""
        return frozenset(row.provider for found in self.reading.imports if (row := packages.imported(found)) and row.provider)

    @cached_property
    def speaks_of_ai(self) -> bool:
        """Whether anything in the file is about AI beyond doubt, so that a plain word in a slot for models can be believed."""
        return bool(self.families) or _speaks().search(self.text.encode("utf-8", "replace")) is not None

    @cached_property
    def manifests(self) -> list[tuple[dict[str, Any], int]]:
        """The Kubernetes objects of this file, lists taken apart."""
        return list(_objects(self.reading))

    @cached_property
    def composed(self) -> frozenset[str]:
        """The names that Compose's top-level `models` gives to models."""
        documents = [
            each.value for each in self.reading.documents if isinstance(each.value, dict) and isinstance(each.value.get("services"), dict)
        ]
        return frozenset(str(name) for each in documents if isinstance(models := each.get("models"), dict) for name in models)

    def line_of(self, text: str, after: int = 0) -> int:
        """The line on which `text` first stands; 0 where it cannot be found."""
        at = self.text.find(text, after)
        return self.text.count("\n", 0, at) + 1 if at >= 0 else 0


SPEAKS = (
    rb"(?i)openai|anthropic|ollama|huggingface|hugging_face|bedrock|vertex_?ai|gemini|langchain|llama|\bllms?\b|vllm|mistral|chat_?completion|embedding"
    rb"|transformers|model_name_or_path|pretrained|sentence.transformer|inference|copilot|chatgpt|\bgpt-|claude|groq|cohere|deepseek|litellm|\bnim\b|kserve|\bmcp\b|\brag\b|prompt|tokenizer|max_tokens|temperature"
)


@cache
def _speaks() -> Any:
    """By re2, which reads a text many times faster than `re` does."""
    import re2  # type: ignore[import-untyped]  # ships no types

    return re2.compile(SPEAKS)


def _objects(reading: Reading) -> Iterator[tuple[dict[str, Any], int]]:
    for document in reading.documents:
        values = document.value if isinstance(document.value, list) else [document.value]
        for value in values:
            if not isinstance(value, dict):
                continue
            items = value.get("items") if str(value.get("kind", "")).endswith("List") else None
            for item in items if isinstance(items, list) else [value]:
                if isinstance(item, dict) and isinstance(item.get("kind"), str) and "apiVersion" in item:
                    yield item, document.line


def fact(kind: str, rule: str, line: int = 0, *, sure: bool = True, **fields: Any) -> Fact:
    """A fact; `sure` says whether its place declares it or a rule infers it."""
    return Fact(kind=kind, rule=rule, confidence=(Confidence.DECLARED if sure else Confidence.INFERRED).value, line=line, **fields)
