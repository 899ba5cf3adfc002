"""Models named inside a longer text: an option of a command, an address that carries the model's id, a default of a variable."""

import re
from collections.abc import Iterator

from scanner.detect.lexicon import Named, named, shaped
from scanner.detect.models import UNRESOLVED
from scanner.detect.reading.literal import Literal
from scanner.detect.rules.file import File
from scanner.detect.rules.slots import Slot, key_slot

PATHLIKE = re.compile(r"^[./~]|^\$|^[A-Za-z]:\\|/$|//|\.\.")
INSIDE = re.compile(
    r"(?P<option>--model(?:[-_](?:id|name|path))?|--embedding-model|-hf)[= ]+[\"']?(?P<value>[\w.:/@+-]+)"
    r"|\bollama\s+(?:run|pull|create|show)\s+(?P<ollama>[a-z0-9][\w./-]*(?::[\w.-]+)?)"
    r"|\bdocker\s+model\s+(?:run|pull)\s+(?P<docker>[\w./-]+(?::[\w.-]+)?)"
    r"|\b(?:huggingface-cli|hf)\s+download\s+(?P<hub>[\w.-]+/[\w.-]+)"
    r"|\bvllm\s+serve\s+(?P<vllm>[\w.-]+/[\w.-]+)"
    r"|^[ \t]*(?:-[ \t]*)?model(?:_name|_id|Name|Id)?[ \t]*[:=][ \t]*[\"']?(?P<line>[\w.:/@+-]+)"
    r"|\\?\"model\\?\"\s*:\s*\\?\"(?P<json>[\w.:/@+-]+)\\?\"",
    re.MULTILINE,
)
DEFAULT = re.compile(r"\$\{(?P<name>[A-Z][A-Z0-9_]*|\d):?[-=](?P<value>[^${}]+)\}")
CODE = ("python", "notebook", "grammar", "slashed")
ADDRESS = re.compile(
    r"[:/](?:foundation-model|inference-profile)/(?P<bedrock>[a-z0-9][\w.:-]*\w)(?![\w.:*-])"
    r"|/model/(?P<invoked>[\w.:-]+)/(?:invoke|converse)\b"
    r"|/models/(?P<google>[\w.-]+):(?:\w*[gG]enerateContent|predict|rawPredict|\w*[eE]mbedContents?|countTokens)\b"
    r"|/openai/deployments/(?P<azure>[\w.-]+)/"
    r"|\bapi-inference\.huggingface\.co/(?:models|pipeline/[\w-]+)/(?P<huggingface>[\w.-]+/[\w.-]+)"
)
CALLED = {"bedrock": "bedrock", "invoked": "bedrock", "google": "google", "azure": "azure", "huggingface": "huggingface"}


class Found:
    """A model in one place, before doubles are taken out."""

    __slots__ = ("line", "model", "rule", "served_id", "sure")

    def __init__(self, model: Named, line: int, rule: str, *, sure: bool, served_id: str | None = None) -> None:
        self.model, self.line, self.rule, self.sure, self.served_id = model, line, rule, sure, served_id


def in_text(file: File) -> Iterator[Found]:
    """What a sentence, a usage text or a command in a string hands to an option or a tool that takes a model."""
    literals = (with_defaults(file, literal) for literal in file.reading.literals)
    texts = [(literal.text, literal.line) for literal in literals if len(literal.text) > 11 and literal.callee != "word"]
    for content, begin in (*texts, *file.reading.commands):
        for found in INSIDE.finditer(content):
            tool = next((name for name in ("ollama", "docker", "vllm", "hub") if found[name]), "")
            text = (found["value"] or found["json"] or found["line"] or found[tool or "ollama"] or "").rstrip(".,:;")
            name = named(text)
            if not UNRESOLVED.search(text) and (name or (tool and shaped(text))) and not PATHLIKE.search(text):
                known = name or Named({"vllm": "huggingface", "hub": "huggingface"}.get(tool, tool), text, sure=False)
                provider = tool if tool in ("ollama", "docker") else known.provider
                yield Found(
                    Named(provider, known.model_id, sure=True),
                    begin + content.count("\n", 0, found.start()),
                    "command.model",
                    sure=True,
                )


def by_address(file: File) -> Iterator[Found]:
    """What an address of an API or an ARN names, whatever else of it is only known when it runs."""
    for literal in file.reading.literals if ADDRESS.search(file.text) else ():
        for found in ADDRESS.finditer(literal.text):
            group = found.lastgroup or ""
            name = named(found[group])
            if name is not None and name.sure:
                line = literal.line + literal.text.count("\n", 0, found.start())
                yield Found(Named(CALLED[group], name.model_id, sure=True), line, "address.model", sure=True)


def with_defaults(file: File, literal: Literal) -> Literal:
    """`${CHAT_MODEL:-gpt-4o}` as its default, under the variable's name where its own says nothing (azd leaves out the colon's dash)."""
    if "${" not in literal.text or file.kind in CODE:
        return literal
    whole = DEFAULT.fullmatch(literal.text.strip())
    key = whole["name"] if whole and key_slot(literal.key) is Slot.NONE else literal.key
    return literal._replace(text=DEFAULT.sub(lambda found: found["value"], literal.text), key=key)
