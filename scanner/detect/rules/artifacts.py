"""Model files that lie in a repository: what their heads say, by scanner.detect.artifacts."""

from collections.abc import Iterator

from scanner.contracts import Fact
from scanner.detect.artifacts import Artifact, BytesRanged, identify
from scanner.detect.rules.file import fact


def facts(path: str, data: bytes) -> Iterator[Fact]:
    """The model that this file is, if it is one."""
    found = identify(path, BytesRanged(data))
    if found is not None:
        yield fact(
            "artifact", f"artifact.{found.format}", format=found.format, identifiers=found.identifiers, attributes=_attributes(found)
        )


def _attributes(found: Artifact) -> dict[str, str | int | float | bool | tuple[str, ...]]:
    return {name: value for name, value in found.attributes().items() if value is not None and name != "format"}
