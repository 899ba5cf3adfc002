"""A report as a mid-sized organisation would get it, made by hand: for the tests of every reporter, and to look at.

`python -m tests.report_sample DIRECTORY [FINDINGS]` writes it there, with so many findings more.
"""

import sys
from pathlib import Path

import msgspec

from scanner.model import (
    Asset,
    Coverage,
    Evidence,
    Finding,
    Gap,
    Kind,
    Link,
    NearMiss,
    Reason,
    Record,
    Relation,
    Report,
    Scope,
    Severity,
    Sight,
    State,
)

HOSTILE = (
    "<script>alert(1)</script>",
    "</script><img src=x onerror=alert(1)>",
    "=cmd|'/c calc'!A1",
    "line\nbreak\r\nand\ttab",
    "safe\u202egnp.exe",
    "\u2067אבג\u2069",
    "long" * 2500,
    "a path \udcff that is not UTF-8",
    "{{ 7*7 }}",
    "' onmouseover='alert(1)",
    "nul\x00inside",
)
"""Names as a hostile place would give them."""

SAMPLE = msgspec.json.decode(Path(__file__).with_suffix(".json").read_bytes(), type=Report)


def sample(more: int = 0, **changed: object) -> Report:
    """The report, with so many findings more, and with what the caller changes."""
    return msgspec.structs.replace(SAMPLE, **{"findings": (*SAMPLE.findings, *_many(more)), **changed})


def hostile() -> Report:
    """A report in which every name is one that a hostile place would give."""
    findings = tuple(_hostile_finding(at, name) for at, name in enumerate(HOSTILE))
    return sample(
        findings=findings,
        resolved=findings,
        assets=tuple(_hostile_asset(name) for name in HOSTILE),
        coverage=Coverage(
            tuple(Scope(name, name, Sight.DENIED, 0, 1, name) for name in HOSTILE),
            tuple(Gap(name, name, Reason.DENIED, name, name) for name in HOSTILE),
        ),
        run=msgspec.structs.replace(SAMPLE.run, organisation=HOSTILE[0], timezone=HOSTILE[1], registries=HOSTILE, previous=HOSTILE[1]),
        records=tuple(Record(name, name, name, State.DEPLOYED, name, name) for name in HOSTILE),
        counted=dict.fromkeys(HOSTILE, 1),
    )


def _hostile_asset(name: str) -> Asset:
    attributes = {"owner": name, "path": name, "platform": name, "environment": name}
    return Asset(f"repo:{name}", Kind.REPOSITORY, (name,), attributes, (Evidence(name, name),), (name,))


def _hostile_finding(at: int, name: str) -> Finding:
    seen = (Evidence(name, name),)
    return Finding(
        id=f"G-{at:02}",
        check="unregistered-coded" if at % 2 else "scope-drift",
        asset=f"repo:{name}",
        severity=Severity.HIGH,
        title=name,
        evidence=seen,
        remedy=name,
        subject=f"model:x:{name}",
        record=name,
        owner=name,
        because=name,
        severity_because=(name,),
        controls=(name,),
        chain=(Link(f"repo:{name}", Relation.USES, f"model:x:{name}", seen),),
        near_misses=(NearMiss(name, name, 50),),
        due=name,
        first_seen=name,
        waived_by=name if at % 3 == 0 else None,
    )


def _many(number: int) -> tuple[Finding, ...]:
    """Findings like those of the sample, of other teams and in other repositories."""
    return tuple(_another(SAMPLE.findings[at % len(SAMPLE.findings)], at) for at in range(number))


def _another(model: Finding, at: int) -> Finding:
    return msgspec.structs.replace(
        model,
        id=f"M-{at:06x}",
        title=f"{model.title} ({at})",
        severity=list(Severity)[at % 5],
        owner=f"team-{at % 60:02}",
        asset=model.asset if at % 3 else f"repo:acme/service-{at}",
        waived_by=None,
    )


def _write(directory: str, more: str = "0") -> None:
    from reports import csv, html, json
    from scanner.contracts import Destination

    for reporter in (html.Html(html.Settings()), csv.Csv(csv.Settings()), json.Json(json.Settings())):
        sys.stdout.write("".join(f"{path}\n" for path in reporter.write(sample(int(more)), Destination(Path(directory)))))


if __name__ == "__main__":
    _write(*sys.argv[1:])
