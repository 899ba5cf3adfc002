"""What a running workload's image, arguments and environment say: which server it is and which models it serves.

Pure functions over the catalogue, for connectors that see workloads and endpoints, and for manifests that lie in a repository.
"""

import itertools
import re
import shlex
from collections.abc import Iterable, Mapping, Sequence
from functools import cache

import msgspec

from scanner.detect.catalogue import Server, any_of, servers
from scanner.detect.images import image_identifiers, image_key, image_name, image_tag_digest
from scanner.detect.models import ModelRef, identifiers_of, model_from_url, model_ref
from scanner.detect.naming import api_host, credential_name

__all__ = [
    "ModelRef",
    "api_host",
    "credential_name",
    "identifiers_of",
    "image_identifiers",
    "image_key",
    "image_name",
    "image_tag_digest",
    "model_from_url",
    "model_ref",
    "served_models",
    "server",
    "server_of",
    "server_of_command",
]


@cache
def _image_rules() -> tuple[tuple[Server, re.Pattern[str]], ...]:
    return tuple((server, rule) for server in servers() if (rule := any_of(server.images)))


@cache
def _command_rules() -> tuple[tuple[Server, re.Pattern[str]], ...]:
    return tuple((server, rule) for server in servers() if (rule := any_of(server.commands)))


@cache
def server_of(image: str) -> str | None:
    """The catalogue's server whose image this is, or None."""
    name, tag = image_name(image), image_tag_digest(image)[0] or ""
    found = next((server for server, rule in _image_rules() if name and rule.search(name)), None)
    return None if found is None or (found.not_tags and re.search(found.not_tags, tag)) else found.id


def server_of_command(args: Sequence[str]) -> str | None:
    """The server that a command line starts, or None: for images that nobody knows."""
    line = " ".join(args)[:20_000]
    return next((server.id for server, rule in _command_rules() if rule.search(line)), None)


@cache
def server(name: str) -> Server | None:
    """The row of a server."""
    return next((row for row in servers() if row.id == name), None)


def served_models(name: str | None, args: Sequence[str], env: Mapping[str, str], image: str = "") -> list[ModelRef]:
    """The models that a container of server `name` serves, from its command and arguments, its environment, its image.

    `args` is the command followed by the arguments, as the platform gives them; a shell line is taken apart. Only values of
    fields the catalogue names are read. A name that is still a template (`${MODEL}`) is left out.
    """
    row = server(name or server_of_command(args) or "")
    if row is None:
        return []
    words = list(_words(args))
    revision = _after(words, row.revision_args) or _first(env, row.revision_env)
    served = _after(words, row.served_args) or _first(env, row.served_env)
    named = [*_from_args(row, words), *_from_command(row, args), *_from_env(row, env, words), *_from_image(row, image)]
    found = [model_ref(model, row.provider, revision, served) for model in dict.fromkeys(named)]
    return [*(ref for ref in found if ref), *_adapters(row, words)]


def _words(args: Sequence[str]) -> Iterable[str]:
    for arg in args:
        for word in _split(arg) if re.search(r"\s", arg) else [arg]:
            option, equals, value = word.partition("=")
            yield from (option, value) if equals and option.startswith("-") else (word,)


def _split(line: str) -> list[str]:
    try:
        return shlex.split(line.replace("\\\n", " ").replace("\n", " ; "), comments=False)
    except ValueError:
        return line.split()


def _after(words: Sequence[str], options: Sequence[str]) -> str | None:
    return next(iter(_all_after(words, options)), None)


def _all_after(words: Sequence[str], options: Sequence[str]) -> Iterable[str]:
    wanted = set(options)
    for option, value in itertools.pairwise(words):
        if option in wanted and not value.startswith("-"):
            yield value


def _first(env: Mapping[str, str], names: Sequence[str]) -> str | None:
    return next((env[name] for name in names if env.get(name)), None)


def _from_args(row: Server, words: Sequence[str]) -> Iterable[str]:
    yield from list(_all_after(words, row.model_args))[:8]
    if row.positional in words:
        following = words[words.index(row.positional) + 1 :][:1]
        yield from (word for word in following if not word.startswith("-"))


def _from_command(row: Server, args: Sequence[str]) -> Iterable[str]:
    if row.model_command:
        for found in re.finditer(row.model_command, " ".join(args)[:20_000]):
            yield found["model"]


def _from_env(row: Server, env: Mapping[str, str], words: Sequence[str]) -> Iterable[str]:
    if list(_from_args(row, words)):
        return
    value = _first(env, row.model_env)
    yield from (part.strip() for part in re.split(r"[,;\s]+", value) if part.strip()) if value else ()


def _from_image(row: Server, image: str) -> Iterable[str]:
    name = image_name(image) if image and row.model_image else None
    found = re.search(row.model_image, name) if name else None
    if found:
        yield found["model"]


def _adapters(row: Server, words: Sequence[str]) -> Iterable[ModelRef]:
    """`--lora-modules name=org/adapter other=...`: each is a model of its own."""
    for number, word in enumerate(words):
        if word not in row.adapter_args:
            continue
        for value in words[number + 1 :]:
            if value.startswith("-") or "=" not in value:
                break
            served, _, model = value.partition("=")
            if ref := model_ref(model, row.provider, None, served):
                yield msgspec.structs.replace(ref, adapter=True)
