"""One test for every cell of the verdict matrix. The expectations are written here, not read from the table that they check."""

import pytest

from scanner.judge.case import Past
from scanner.judge.tables import cell, controls, severities, verdicts
from scanner.model import Kind, Record, Relation, Sheet, Sighting, State
from tests.made import ARTIFACT, DIGEST, MODEL, REPO, WORKLOAD, audited, covered, gap, link, record, seen, sheet, workload

API = "api:openai/gpt-x"
RUNNING = sheet(workload(), seen(ARTIFACT, DIGEST), link(WORKLOAD, Relation.LOADS, ARTIFACT))
STORED = sheet(seen(ARTIFACT, DIGEST), scope="aws/1/s3/ml-prod")
CODED = sheet(seen(REPO), seen(MODEL, API), link(REPO, Relation.USES, MODEL), scope="github/acme/payments#content")
OBSERVED = {"running": RUNNING, "stored": STORED, "coded": CODED, "unseen": sheet(), "blind": sheet()}
ASSETS = {"running": WORKLOAD, "stored": ARTIFACT, "coded": MODEL, "unseen": "record:fraud", "blind": "record:fraud"}

EXPECTED = {
    "none": ("unregistered-running", "unregistered-stored", "unregistered-coded", None, None),
    "proposed": ("running-before-approval", None, None, None, None),
    "approved": (None, None, None, None, None),
    "deployed": (None, "deployed-not-running", "deployed-not-running", "ghost-record", "unverified"),
    "suspended": ("suspended-but-running", None, None, None, "unverified"),
    "retired": ("retired-but-running", "retired-remnant", "retired-remnant", "retirement-proved", "unverified"),
    "rejected": ("rejected-but-running", "rejected-remnant", "rejected-remnant", None, None),
}
CELLS = [(state, observed, verdict) for state, row in EXPECTED.items() for observed, verdict in zip(OBSERVED, row, strict=True)]


def records(state: str) -> tuple[Record, ...]:
    return () if state == "none" else (record("fraud", State(state), DIGEST, API),)


@pytest.mark.parametrize(("state", "observed", "verdict"), CELLS)
def test_cell(state: str, observed: str, verdict: str | None) -> None:
    coverage = covered(gaps=[gap("kubernetes/prod-us")]) if observed == "blind" else covered()
    estate = audited(OBSERVED[observed], records=records(state), coverage=coverage, past=Past(clean_scans={"fraud": 2}))
    wanted = [(verdict, ASSETS[observed], None if state == "none" else "fraud")] if verdict else []
    assert estate.rows("blind-spot") == wanted


def test_every_cell_is_tested() -> None:
    assert {(state, observed) for state, row in verdicts().matrix.items() for observed in row} == {(s, o) for s, o, _ in CELLS}
    assert set(verdicts().matrix) == {"none", *State}


def test_the_table_names_only_checks_that_have_words() -> None:
    named = {cell(state, observed) for state, observed, _ in CELLS} - {"", "ok", "with-drift"}
    assert named <= set(verdicts().checks)


def test_every_check_says_what_to_do_and_what_that_breaks() -> None:
    for name, row in verdicts().checks.items():
        row.title.format(model="fraud 1", place="in the deployment gateway", date=" on 3 March 2026", detail="because")
        assert row.remedy.endswith("."), name
        assert row.severity in severities().ladder


CONTROLS = {
    "unregistered-stored": "ID.AM-02 PR.PS-06 | GOVERN 1.6 MAP 1.1 | | 11 17 | A.4.2 A.6.2.3",
    "unregistered-coded": "ID.AM-02 PR.PS-06 | GOVERN 1.6 MAP 1.1 | | 11 17 | A.4.2 A.6.2.3",
    "unregistered-running": "ID.AM-02 PR.PS-05 DE.CM-09 | GOVERN 1.6 MANAGE 1.1 | ASI10 (agents) | 49 | A.4.2 A.6.2.5",
    "retired-but-running": "ID.AM-08 PR.PS-02 | GOVERN 1.7 MANAGE 2.4 | NHI1:2025 (its identities) | 20 | A.6.2.6",
    "suspended-but-running": "ID.AM-08 PR.PS-02 | GOVERN 1.7 MANAGE 2.4 | NHI1:2025 (its identities) | 20 | A.6.2.6",
    "rejected-but-running": "ID.AM-08 PR.PS-02 | GOVERN 1.7 MANAGE 2.4 | NHI1:2025 (its identities) | 20 | A.6.2.6",
    "running-before-approval": "ID.RA-07 PR.PS-06 | MANAGE 1.1 | | 17 43 | A.6.2.4 A.6.2.5",
    "version-drift": "PR.PS-01 ID.RA-09 | MEASURE 2.4 MANAGE 3.2 | ASI04 (agent components) | 43(4) | A.6.2.6",
    "adapter-drift": "PR.PS-01 ID.RA-09 | MEASURE 2.4 MANAGE 3.2 | ASI04 (agent components) | 43(4) | A.6.2.6",
    "scope-drift": "GV.PO-01 ID.AM-05 | MAP 1.1 MAP 3.3 | | 25(1)(c) 26(1) | A.9.4",
    "orphaned-credential": "PR.AA-01 PR.AA-05 | GOVERN 1.7 | NHI1:2025 ASI03 | 15 | ISO 27001:2022 A.5.16-A.5.18",
    "leaked-credential": "PR.AA-01 PR.AA-05 | MEASURE 2.7 | NHI2:2025 | 15 | ISO 27001:2022 A.5.16-A.5.18",
    "over-privileged-identity": "PR.AA-01 PR.AA-05 | MEASURE 2.7 | NHI5:2025 | 15 | ISO 27001:2022 A.5.16-A.5.18",
    "long-lived-credential": "PR.AA-01 PR.AA-05 | MEASURE 2.7 | NHI7:2025 | 15 | ISO 27001:2022 A.5.16-A.5.18",
    "shared-credential": "PR.AA-01 PR.AA-05 | MEASURE 2.7 | NHI9:2025 | 15 | ISO 27001:2022 A.5.16-A.5.18",
    "missing-owner": "GV.RR-02 ID.AM-02 | GOVERN 2.1 GOVERN 1.5 | | 17 18 | A.3.2 A.6.2.7",
    "waiver-expired": "ID.RA-07 | GOVERN 1.5 | | 17 | cl. 10.2",
    "ghost-record": "ID.AM-02 ID.AM-08 | GOVERN 1.6 | | 18 | A.4.2",
    "provider-end-of-life": "ID.AM-04 GV.SC-07 | MANAGE 3.1 | | | A.10.3",
    "blind-spot": "DE.CM-09 GV.OV-03 | MEASURE 3.2 | | | A.6.2.6",
}
NAMES = ("NIST CSF 2.0 ", "NIST AI RMF ", "OWASP ", "EU AI Act Art. ", "ISO/IEC 42001 ")


@pytest.mark.parametrize("check", CONTROLS)
def test_the_controls_of_a_finding(check: str) -> None:
    told = controls()[check]
    frameworks = [[each.removeprefix(name) for each in told if each.startswith(name)] for name in NAMES]
    frameworks[-1] += [each for each in told if each.startswith("ISO 27001")]
    assert " | ".join(" ".join(ids) for ids in frameworks).replace("  ", " ") == CONTROLS[check]


def test_controls_exist_only_for_known_checks() -> None:
    assert set(controls()) <= set(verdicts().checks)


def test_a_finding_carries_its_proof() -> None:
    estate = audited(RUNNING, records=records("retired"))
    finding = estate.one("retired-but-running")
    assert finding.title == "fraud 1 was retired on 3 March 2026 and still runs in the deployment gateway (prod-eu/llm)"
    assert [(each.source, each.relation, each.target) for each in finding.chain] == [(WORKLOAD, Relation.LOADS, ARTIFACT)]
    assert finding.because == f"strong {DIGEST}"
    assert finding.subject == ARTIFACT
    assert finding.owner == "fraud-team"
    assert {each.where for each in finding.evidence} == {"registry/fraud.toml:1", f"test:{WORKLOAD}", f"test:{ARTIFACT}"}
    assert finding.due == "2026-11-28"


@pytest.mark.parametrize(
    ("kind", "expected"), [(Kind.WORKLOAD, WORKLOAD), (Kind.ENDPOINT, "endpoint:arn:aws:sagemaker:eu-west-1:1:endpoint/x")]
)
def test_what_runs_is_named_by_its_host(kind: Kind, expected: str) -> None:
    host = Sheet(
        "t", "kubernetes/prod-eu/llm", False, (Sighting(expected, kind, (), {"running": True}), link(expected, Relation.SERVES, MODEL))
    )
    assert ("unregistered-running", expected, None) in audited(host, sheet(seen(MODEL, API))).rows()
