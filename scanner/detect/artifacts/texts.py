"""Formats that are text: XGBoost, LightGBM, PMML, OpenVINO. XML is read by expat, without entities or a DTD."""

import re
from xml.parsers import expat

from scanner.detect.artifacts.artifact import Artifact, told
from scanner.detect.artifacts.ranged import Reader, Unread

XGB_TAIL = 4096
NUMBER = re.compile(rb'"version"\s*:\s*\[\s*(\d+)\s*,\s*(\d+)\s*,\s*(\d+)')
OBJECTIVE = re.compile(rb'"objective"\s*:\s*\{[^{}]{0,400}?"name"\s*:\s*"([\w:]{1,60})"')
ROOTS = ("PMML", "net")
MODELS = re.compile(r"(Model|Network|Scorecard)$")


def xgboost(_: str, reader: Reader) -> Artifact | None:
    """The JSON model (its objective and version stand at the end), UBJSON, or the old binary."""
    head = reader.head()
    if head.startswith((b"{L", b"binf")):
        return Artifact(format="xgboost", producer="xgboost") if b"learner" in head[:64] or head.startswith(b"binf") else None
    if not re.match(rb'\{\s*"(learner|version)"\s*:', head):
        return None
    tail = reader.tail(XGB_TAIL)[1]
    if b'"learner"' not in head[:400] and b'"learner"' not in tail:
        return None
    if not tail.rstrip().endswith(b"}"):
        raise Unread("does not end as JSON does: half-written")
    version, objective = NUMBER.search(tail) or NUMBER.search(head), OBJECTIVE.search(tail)
    producer = f"xgboost {b'.'.join(version.groups()).decode()}" if version else "xgboost"
    return Artifact(format="xgboost", architecture=objective[1].decode() if objective else None, producer=producer)


def lightgbm(_: str, reader: Reader) -> Artifact:
    """`tree`, `version=v4`, `objective=binary ...`, one per line."""
    pairs = dict(line.partition("=")[::2] for line in reader.head().decode("utf-8", "replace").splitlines()[:60] if "=" in line)
    objective, version = told(pairs.get("objective")), told(pairs.get("version"), 20)
    return Artifact(
        format="lightgbm", architecture=objective.split()[0] if objective else None, producer=f"lightgbm {version or ''}".strip()
    )


def pmml(_: str, reader: Reader) -> Artifact | None:
    """The program that wrote it and the kind of model, from the first elements."""
    elements = _elements(reader.head(65_536))
    if not elements or elements[0][0] != "PMML":
        return None
    program = next((told(attributes.get("name")) for name, attributes in elements if name == "Application"), None)
    kind = next((name for name, _ in elements if MODELS.search(name)), None)
    return Artifact(format="pmml", architecture=kind, producer=program)


def openvino(_: str, reader: Reader) -> Artifact | None:
    """`<net name="..." version="11">`; any other XML is no model."""
    elements = _elements(reader.head())
    if not elements or elements[0][0] != "net" or "version" not in elements[0][1]:
        return None
    return Artifact(format="openvino", architecture=told(elements[0][1].get("name")), producer="openvino")


def _elements(content: bytes) -> list[tuple[str, dict[str, str]]]:
    """The elements that begin in `content`, which may stop anywhere."""
    found: list[tuple[str, dict[str, str]]] = []
    parser = expat.ParserCreate()
    parser.StartElementHandler = lambda name, attributes: found.append((name.rpartition(":")[2], attributes))
    parser.StartDoctypeDeclHandler = _refuse
    try:
        parser.Parse(content, False)
    except _Foreign:
        return []
    except expat.ExpatError:
        return found if found and found[0][0] in ROOTS else []
    return found


class _Foreign(Exception):
    """XML of another kind."""


def _refuse(name: str, *_: object) -> None:
    if name not in ROOTS:
        raise _Foreign
    raise Unread("is XML with a DTD, which is not read")
