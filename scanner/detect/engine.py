"""One file: bytes to facts. Stage one is the prefilter, stage two the parser of its language and the rules over what it gave."""

import codecs
import itertools
import re
from collections.abc import Iterable, Iterator

import msgspec

from scanner.contracts import Fact, Findings
from scanner.detect import context, prefilter
from scanner.detect.artifacts import is_artifact
from scanner.detect.reading import dispatch
from scanner.detect.rules import agents, artifacts, credentials, datasets, deployments, images, leaks, manifests, models, sdks, serving
from scanner.detect.rules.file import File
from scanner.detect.settings import DetectSettings
from scanner.detect.task import Task

RULES = (sdks.facts, models.facts, credentials.facts, deployments.facts, agents.facts, datasets.facts, images.facts)
MOST_FACTS = 20_000
LARGEST = 100_000_000
NEVER = re.compile(
    r"\.(min\.(js|css)|map|svg|png|jpe?g|gif|ico|woff2?|ttf|eot|mp[34]|mov|pdf|lock|sum|css|scss|less)$|(^|/)\.git/", re.IGNORECASE
)


def wanted(path: str, size: int | None) -> bool:
    """Whether a file of this name and size can matter at all. A text of more than LARGEST bytes does not: its caller names the gap."""
    if NEVER.search(path) or manifests.LOCKS.search(path):
        return False
    return is_artifact(path, size) or (bool(dispatch.kind_of(path)) and (size is None or 0 < size <= LARGEST))


def triage(path: str, data: bytes, settings: DetectSettings) -> Task | Findings:
    """What is left to do with a file: nothing, or a task for a parser."""
    artifact = is_artifact(path, len(data))
    hits = prefilter.scan(data, path) if dispatch.kind_of(path) else frozenset()
    large = len(data) > settings.max_text_bytes
    if artifact or (hits and not large):
        return Task(path, data, text=bool(hits) and not large, artifact=artifact, keys="key" in hits)
    return Findings(unread=f"over-limit: {len(data)} bytes of text, {settings.max_text_bytes} are read") if hits else Findings()


def examine(task: Task, key: bytes) -> Findings:
    """The findings of one file. What a hostile file does to a parser ends here, as a reason; a defect of ours is raised."""
    try:
        return _examined(task, key)
    except (MemoryError, RecursionError) as error:
        return Findings(unread=f"unparsed: {type(error).__name__}")
    except BaseException as error:  # a panic of a parser in Rust is none of Exception
        if isinstance(error, Exception | KeyboardInterrupt | SystemExit | GeneratorExit):
            raise
        return Findings(unread=f"unparsed: {type(error).__name__}")


def _examined(task: Task, key: bytes) -> Findings:
    weights = _weights(task) if task.artifact else Findings()
    text = decoded(task.data) if task.text and not weights.facts else None
    return weights if text is None else _read(File(task.path, text, dispatch.read(task.path, text)), key if task.keys else None)


def _weights(task: Task) -> Findings:
    found = tuple(_placed(task.path, artifacts.facts(task.path, task.data)))
    return Findings(found, next((f"unparsed: {fact.attributes['unread']}" for fact in found if "unread" in fact.attributes), ""))


def _read(file: File, key: bytes | None) -> Findings:
    found = tuple(serving.attached(file, itertools.islice(_facts(file, key), MOST_FACTS)))
    reasons = [f"unparsed: {file.reading.broken}"] if file.reading.broken else []
    reasons += [f"over-limit: more than {MOST_FACTS} facts"] if len(found) == MOST_FACTS else []
    return Findings(facts=found, unread="; ".join(reasons))


def _facts(file: File, key: bytes | None) -> Iterator[Fact]:
    leaked = leaks.facts(file, key) if key else iter(())
    yield from _placed(file.path, itertools.chain(leaked, *(rule(file) for rule in RULES)))


def _placed(path: str, facts: Iterable[Fact]) -> Iterator[Fact]:
    where = context.context_of(path).value
    for fact in facts:
        yield msgspec.structs.replace(fact, attributes={**fact.attributes, "context": where})


def warm() -> None:
    """Loads what every file needs, so that the first is not late."""
    examine(Task("warm.py", b"import openai\nmodel = 'gpt-4o'\n"), b"warm")
    examine(Task("warm.ts", b"import OpenAI from 'openai'; const model = 'gpt-4o'\n"), b"warm")


def decoded(data: bytes) -> str | None:
    """Text, by its byte order mark or as UTF-8, else as Latin-1; None where it is binary."""
    for mark, encoding in ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16")):
        if data.startswith(mark):
            return data.decode(encoding, "replace")
    if b"\0" in data[:8192]:
        return None
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("latin-1")
