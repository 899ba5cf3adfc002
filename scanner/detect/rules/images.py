"""Images that a repository builds: what its workflows, Makefiles and build descriptions tag and push."""

import re
from collections.abc import Iterator

from scanner.contracts import Fact
from scanner.detect.images import image_name
from scanner.detect.models import UNRESOLVED
from scanner.detect.rules.file import File, fact

BUILD = re.compile(r"\b(?:docker|podman|buildah|nerdctl)\s+(?:buildx\s+)?(?:build|bud)\b(?P<rest>.*)")
TAGGED = re.compile(r"(?:^|\s)(?:-t|--tag)[= ]+[\"']?([^\s\"']+)")
PUSH = re.compile(r"\b(?:docker|podman|nerdctl|crane|skopeo)\s+push\s+(?:--\S+\s+)*[\"']?([^\s\"';&|]+)")
KANIKO = re.compile(r"--destination[= ]+[\"']?([^\s\"']+)")
CLOUD_BUILD = re.compile(r"\bgcloud\s+builds\s+submit\b.*--tag[= ]+[\"']?([^\s\"']+)")
BUILD_ACTION = re.compile(r"docker/build-push-action|redhat-actions/buildah-build|docker/metadata-action|elgohr/Publish-Docker")


def facts(file: File) -> Iterator[Fact]:
    """Each image that the file says is built here."""
    seen: set[str] = set()
    for reference, line, rule in _built(file):
        name = image_name(reference.strip("\"',"))
        if name and not UNRESOLVED.search(reference) and name not in seen and "/" in reference:
            seen.add(name)
            yield fact("image", rule, line, name=reference.strip("\"',"), attributes={"relation": "builds"})


def _built(file: File) -> Iterator[tuple[str, int, str]]:
    for command, line in file.reading.commands:
        if build := BUILD.search(command):
            yield from ((tag, line, "build.command") for tag in TAGGED.findall(build["rest"]))
        yield from ((found[1], line, "build.push") for pattern in (PUSH, KANIKO, CLOUD_BUILD) for found in pattern.finditer(command))
    if file.kind == "yaml":
        yield from _in_yaml(file)


def _in_yaml(file: File) -> Iterator[tuple[str, int, str]]:
    action = bool(BUILD_ACTION.search(file.text))
    for literal in file.reading.literals:
        if literal.key in ("tags", "images") and "with" in literal.path and action:
            yield from ((tag, literal.line, "build.action") for tag in re.split(r"[\s,]+", literal.text) if tag)
        elif literal.key == "run" or "script" in (literal.key, *literal.path[-1:]):
            yield from (
                (tag, literal.line, "build.command") for build in BUILD.finditer(literal.text) for tag in TAGGED.findall(build["rest"])
            )
            yield from ((found[1], literal.line, "build.push") for found in PUSH.finditer(literal.text))
        elif literal.key == "image" and "artifacts" in literal.path and file.name.startswith("skaffold"):
            yield literal.text, literal.line, "build.skaffold"
        elif literal.key == "args" and "kaniko" in file.text:
            yield from ((found[1], literal.line, "build.kaniko") for found in KANIKO.finditer(literal.text))
