"""Cloud resources that deploy AI, in Terraform, CloudFormation, Bicep, CDK and Pulumi."""

import re
from collections.abc import Iterator

from scanner.contracts import Fact
from scanner.detect.rules import resources
from scanner.detect.rules.file import File, fact


def in_terraform(file: File) -> Iterator[Fact]:
    """Terraform and OpenTofu by their resource types."""
    pattern = re.compile(r"^\s*resource\s+\"([a-z0-9_]+)\"\s+\"([\w-]+)\"", re.MULTILINE)
    for found in pattern.finditer(file.text):
        row = resources.terraform(found[1])
        if row is not None and (not row.ai_only or re.search(row.ai_only, file.text)):
            line = file.text.count("\n", 0, found.start(1)) + 1
            yield fact("deployment", "terraform.resource", line, name=row.server, attributes={"resource": f"{found[1]}/{found[2]}"})


def typed(file: File) -> Iterator[Fact]:
    """CloudFormation, SAM and ARM by their types, Bicep by its resources."""
    bicep = r"^\s*resource\s+(\w+)\s+'([^']+)'"
    for found in re.finditer(bicep, file.text, re.MULTILINE) if file.ending == "bicep" else ():
        yield from _of_type(file, found[2], found[1], file.text.count("\n", 0, found.start(1)) + 1)
    model = re.search(r"[\"']?format[\"']?\s*:\s*[\"']OpenAI[\"']", file.text)
    if model:
        yield fact(
            "deployment",
            "template.model",
            file.text.count("\n", 0, model.start()) + 1,
            name="azure-openai",
            attributes={"resource": "deployment/model"},
        )
    for literal in file.reading.literals if file.ending != "bicep" else ():
        if literal.key in ("Type", "type") and ("::" in literal.text or literal.text.startswith("Microsoft.")):
            yield from _of_type(file, literal.text, literal.path[-1] if literal.path else "resource", literal.line)


def _of_type(file: File, name: str, resource: str, line: int) -> Iterator[Fact]:
    row = resources.typed(name)
    if row is not None and (not row.ai_only or re.search(row.ai_only, file.text)):
        kind = name.partition("@")[0].rpartition("/")[2]
        yield fact("deployment", "template.type", line, name=row.server, attributes={"resource": f"{kind}/{resource}"})


def in_code(file: File) -> Iterator[Fact]:
    """CDK and Pulumi: constructs by their names."""
    if file.kind in ("prose", "markup") or not re.search(r"aws[-_]cdk|pulumi|constructs|cdktf", file.text):
        return
    for row in resources.clouds():
        found = re.search(row.code, file.text) if row.code else None
        if found:
            line = file.text.count("\n", 0, found.start()) + 1
            yield fact("deployment", "construct", line, name=row.server, attributes={"resource": f"construct/{found[0]}"})
