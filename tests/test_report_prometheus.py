"""The metrics: what node_exporter and Prometheus read, whole or not at all, with numbers only."""

import stat
from pathlib import Path

import pytest
from msgspec.structs import replace
from prometheus_client.parser import text_string_to_metric_families

from reports import prometheus
from scanner.contracts import Destination
from scanner.errors import ReportError
from scanner.model import Report
from tests.desk import desk
from tests.report_sample import SAMPLE, hostile, sample


def numbers(report: Report) -> dict[tuple[str, ...], float]:
    families = text_string_to_metric_families(prometheus.rendered(report).decode())
    return {(one.name, *one.labels.values()): one.value for family in families for one in family.samples}


def write(tmp_path: Path, report: Report = SAMPLE, **changed: object) -> tuple[Path, ...]:
    return prometheus.reporter(prometheus.Settings(**changed), desk(tmp_path / "scratch")).write(report, Destination(tmp_path / "out"))


def test_the_numbers_are_those_of_the_report() -> None:
    told = numbers(SAMPLE)
    assert told["gnomon_last_success_timestamp_seconds",] == 1795232515
    assert told["gnomon_run_duration_seconds",] == 1788
    assert (told["gnomon_places_read",], told["gnomon_places_total",]) == (1204, 1260)
    assert told["gnomon_gaps", "denied"] == 4
    assert told["gnomon_findings", "retired-but-running", "critical", "open"] == 2
    assert told["gnomon_findings", "rejected-but-running", "medium", "waived"] == 1
    assert told["gnomon_open_findings", "critical"] == 3
    assert told["gnomon_delta", "new"] == 8


def test_a_severity_without_findings_is_zero_and_not_absent() -> None:
    assert numbers(sample(findings=()))["gnomon_open_findings", "critical"] == 0


def test_no_name_of_what_was_found_stands_in_it() -> None:
    text = prometheus.rendered(SAMPLE).decode()
    assert [word for word in ("fraud", "acme", "AKIA", "prod-eu", "111122223333") if word in text] == []


def test_hostile_names_of_sources_make_no_line() -> None:
    source = SAMPLE.run.sources[0]
    run = replace(
        SAMPLE.run, sources=(replace(source, name='a"} 1\ngnomon_open_findings{severity="critical'), replace(source, name="\udcff"))
    )
    assert numbers(sample(run=run))["gnomon_open_findings", "critical"] == 3
    numbers(hostile())


def test_beside_the_report_it_is_private_and_elsewhere_monitoring_may_read_it(tmp_path: Path) -> None:
    beside, elsewhere = write(tmp_path), write(tmp_path, directory=tmp_path / "textfile")
    assert [(path.name, oct(stat.S_IMODE(path.stat().st_mode))) for path in (*beside, *elsewhere)] == [
        ("gnomon.prom", "0o600"),
        ("gnomon.prom", "0o644"),
    ]
    assert [path.name for path in (tmp_path / "textfile").iterdir()] == ["gnomon.prom"]


def test_a_partial_run_leaves_the_numbers_of_the_last_full_one(tmp_path: Path) -> None:
    (path,) = write(tmp_path)
    before = path.read_bytes()
    assert write(tmp_path, sample(findings=(), run=replace(SAMPLE.run, partial=True))) == ()
    assert path.read_bytes() == before


def test_a_directory_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", "ascii")
    with pytest.raises(ReportError, match="could not be written"):
        write(tmp_path, directory=tmp_path / "file" / "below")
