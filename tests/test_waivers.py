"""Waivers: who approved what, why and until when; a file that cannot be read waives nothing."""

from datetime import date
from pathlib import Path

import msgspec
import pytest

from scanner.errors import ConfigError
from scanner.governance.waivers import Waiver, WaiverKind, covers, evidence_hash, expired, read_waivers, waived
from scanner.model import Evidence, Finding, Severity

FINDING = Finding(
    id="RBR-3f9a1c3f9a1c",
    check="retired-but-running",
    asset="workload:prod-eu/llm/deployment/gateway",
    severity=Severity.HIGH,
    title="fraud 1 was retired and still runs",
    evidence=(Evidence("github:acme/payments@1f3c2a9:src/app.py:12", "openai-call"),),
    remedy="stop it",
)
NOW = "2026-11-21T07:00:00Z"
GOOD = """
[[waiver]]
check = "retired-but-running"
asset = "workload:prod-eu/*"
approver = "m-governance"
reason = "moves in December"
expires = 2026-12-31

[[waiver]]
finding = "RBR-3f9a1c3f9a1c"
kind = "false-positive"
evidence = "0123456789abcdef"
approver = "m-governance"
reason = "another team's model of the same name"
"""


def written(directory: Path, text: str) -> Path:
    path = directory / "waivers.toml"
    path.write_text(text, "utf-8")
    return path


def test_a_file_of_waivers(tmp_path: Path) -> None:
    first, second = read_waivers(written(tmp_path, GOOD))
    assert (first.expires, first.kind, first.name) == (
        date(2026, 12, 31),
        WaiverKind.EXCEPTION,
        "retired-but-running on workload:prod-eu/*",
    )
    assert (second.expires, second.kind, second.name) == (None, WaiverKind.FALSE_POSITIVE, "RBR-3f9a1c3f9a1c")
    assert read_waivers(written(tmp_path, "")) == ()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (('approver = "m-governance"', 'approver = " "'), "needs an approver and a reason"),
        (('reason = "moves in December"', 'reason = ""'), "needs an approver and a reason"),
        (("expires = 2026-12-31", ""), "needs an expiry date"),
        (("expires = 2026-12-31", 'expires = "soon"'), "date"),
        (('asset = "workload:prod-eu/*"', ""), "needs both a check and an asset pattern"),
        (('asset = "workload:prod-eu/*"', 'finding = "x"'), "names either a finding, or a check and an asset pattern"),
        (('evidence = "0123456789abcdef"', ""), "is a false positive"),
        (("[[waiver]]\ncheck", "[[waver]]\ncheck"), "waver"),
        (('check = "retired-but-running"', 'chek = "retired-but-running"'), "chek"),
        (("[[waiver]]", "[[waiver"), "line"),
        (('approver = "m-governance"\n', ""), "approver"),
    ],
)
def test_a_waiver_that_lacks_something_waives_nothing(tmp_path: Path, change: tuple[str, str], says: str) -> None:
    with pytest.raises(ConfigError, match=r"waivers\.toml: ") as told:
        read_waivers(written(tmp_path, GOOD.replace(*change)))
    assert says in str(told.value)


def test_a_file_that_is_not_there_or_not_text(tmp_path: Path) -> None:
    with pytest.raises(ConfigError):
        read_waivers(tmp_path / "nowhere.toml")
    (tmp_path / "waivers.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError):
        read_waivers(tmp_path / "waivers.toml")
    written(tmp_path, "a = " + "[" * 100_000)
    with pytest.raises(ConfigError):
        read_waivers(tmp_path / "waivers.toml")


@pytest.mark.parametrize(
    ("check", "asset", "covered"),
    [
        ("retired-but-running", "workload:prod-eu/*", True),
        ("retired-but-running", "workload:prod-eu/llm/deployment/gateway", True),
        ("retired-but-running", "workload:prod-us/*", False),
        ("retired-remnant", "*", False),
    ],
)
def test_what_a_pattern_covers(check: str, asset: str, covered: bool) -> None:
    assert covers(Waiver("a", "b", check=check, asset=asset, expires=date(2027, 1, 1)), FINDING) is covered


@pytest.mark.parametrize(("last", "over"), [(date(2026, 11, 20), True), (date(2026, 11, 21), False), (None, False)])
def test_a_waiver_runs_until_the_end_of_its_last_day(last: date | None, over: bool) -> None:
    assert expired(Waiver("a", "b", finding="x", expires=last), NOW) is over


def test_a_waived_finding_is_marked_and_stays() -> None:
    waiver = Waiver("lead", "why", finding=FINDING.id, expires=date(2026, 12, 1))
    assert [each.waived_by for each in waived([FINDING], (waiver,), NOW)] == ["lead, until 2026-12-01: why"]
    late = msgspec.structs.replace(waiver, expires=date(2026, 1, 1))
    assert waived([FINDING], (late,), NOW) == [FINDING]
    assert waived([FINDING], (), NOW) == [FINDING]


def test_a_false_positive_reopens_when_its_evidence_changes_and_not_when_a_line_moves() -> None:
    waiver = Waiver("lead", "not ours", finding=FINDING.id, kind=WaiverKind.FALSE_POSITIVE, evidence=evidence_hash(FINDING))
    assert covers(waiver, FINDING)
    moved = msgspec.structs.replace(FINDING, evidence=(Evidence("github:acme/payments@77aa0b1:src/app.py:99", "openai-call"),))
    assert covers(waiver, moved)
    other = msgspec.structs.replace(
        FINDING, evidence=(*FINDING.evidence, Evidence("kubernetes:prod-eu/llm/deployment/gateway", "vllm-image"))
    )
    assert not covers(waiver, other)
