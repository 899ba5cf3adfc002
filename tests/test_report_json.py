"""The JSON report: it is what the published schema says, whole, sorted, and the same bytes every time."""

import io
import json
import stat
import sys
from pathlib import Path

import jsonschema_rs
import msgspec
import pytest

from reports import json as report_json
from scanner import model
from scanner.contracts import Destination
from scanner.errors import ReportError
from scanner.model import Asset, Evidence, Kind, Link, Relation, Report
from tests.report_sample import HOSTILE, SAMPLE, hostile, sample

SCHEMA = json.loads(report_json.SCHEMA.read_bytes())
EMPTY = Report(sample().run, model.Coverage((), ()), (), (), (), (), (), (), ())


def _read(report: Report) -> dict:
    return json.loads(report_json.rendered(report))


@pytest.mark.parametrize(
    "report", [sample(), sample(judged=False), hostile(), EMPTY, sample(30)], ids=["sample", "unjudged", "hostile", "empty", "more"]
)
def test_a_report_is_what_the_schema_says(report: Report) -> None:
    jsonschema_rs.Draft202012Validator(SCHEMA).validate(_read(report))


def test_the_schema_is_a_schema_and_refuses_what_it_does_not_name() -> None:
    jsonschema_rs.meta.validate(SCHEMA)
    with pytest.raises(jsonschema_rs.ValidationError):
        jsonschema_rs.Draft202012Validator(SCHEMA).validate({**_read(sample()), "more": 1})


@pytest.mark.parametrize(
    ("noun", "name"),
    [
        (model.Finding, "finding"),
        (model.Baseline, "baseline"),
        (model.Gap, "gap"),
        (model.Scope, "scope"),
        (model.Run, "run"),
        (model.Record, "record"),
        (model.Link, "link"),
        (model.Point, "point"),
    ],
)
def test_the_schema_describes_every_field_of_a_noun(noun: type[msgspec.Struct], name: str) -> None:
    described = SCHEMA["$defs"][name]["properties"]
    assert sorted(described) == sorted(noun.__struct_fields__)
    assert [field for field, rule in described.items() if "description" not in rule and "$ref" not in rule and "anyOf" not in rule] == []


@pytest.mark.parametrize(
    ("values", "name"),
    [
        (model.Kind, "kind"),
        (model.Relation, "relation"),
        (model.Reason, "reason"),
        (model.Severity, "severity"),
        (model.State, "state"),
        (model.Confidence, "confidence"),
    ],
)
def test_the_schema_names_every_value_of_a_closed_set(values: type, name: str) -> None:
    assert sorted(SCHEMA["$defs"][name]["enum"]) == sorted(values)


def test_the_same_report_in_another_order_gives_the_same_bytes() -> None:
    one = sample()
    other = sample(
        findings=tuple(reversed(one.findings)),
        assets=tuple(reversed(one.assets)),
        links=tuple(reversed(one.links)),
        records=tuple(reversed(one.records)),
    )
    assert report_json.rendered(one) == report_json.rendered(other)


def test_a_thing_seen_in_two_files_is_two_sightings_with_path_and_line() -> None:
    seen = (
        Evidence("github:acme/x@1f3c2a9:src/app.py:12", "r"),
        Evidence("folder:/srv/x:src/other file.py", "r"),
        Evidence("s3://b/k", "r"),
    )
    thing = Asset("model:acme/x:openai/gpt-4o", Kind.MODEL, (), {"provider": "openai", "model_id": "gpt-4o"}, seen)
    rows = [(row["path"], row["line"], row["provider"]) for row in _read(sample(assets=(thing,)))["sightings"]]
    assert rows == [("src/app.py", 12, "openai"), ("src/other file.py", None, "openai"), (None, None, "openai")]


def test_a_thing_that_others_only_refer_to_is_no_sighting_and_stands_in_the_links() -> None:
    thing = Asset("image:ghcr.io/acme/x", Kind.IMAGE, (), {"referenced_only": True}, ())
    link = Link("workload:prod/web/deployment/x", Relation.RUNS, thing.key, ())
    told = _read(sample(assets=(thing,), links=(link,)))
    assert told["sightings"] == []
    assert [each["target"] for each in told["links"]] == [thing.key]


def test_hostile_names_come_back_as_they_were() -> None:
    titles = [one["title"] for one in _read(hostile())["findings"]]
    assert titles == [name.encode("utf-8", "backslashreplace").decode() for name in HOSTILE]


def test_a_file_is_for_its_owner_only_and_replaces_the_old_one_whole(tmp_path: Path) -> None:
    old = tmp_path / "report.json"
    old.write_text("old")
    old.chmod(0o644)
    assert report_json.Json(report_json.Settings()).write(sample(), Destination(tmp_path)) == (old,)
    assert stat.S_IMODE(old.stat().st_mode) == 0o600
    assert json.loads(old.read_bytes())["schema_version"] == "1.0"
    assert [path.name for path in tmp_path.iterdir()] == ["report.json"]


def test_a_report_that_cannot_be_written_leaves_nothing_and_says_where(tmp_path: Path) -> None:
    (tmp_path / "report.json").mkdir()
    (tmp_path / "report.json" / "kept").touch()
    with pytest.raises(ReportError, match=str(tmp_path)):
        report_json.Json(report_json.Settings()).write(sample(), Destination(tmp_path))
    assert [path.name for path in tmp_path.iterdir()] == ["report.json"]


def test_a_directory_that_is_a_file_is_an_error_of_ours(tmp_path: Path) -> None:
    (tmp_path / "out").touch()
    with pytest.raises(ReportError):
        report_json.Json(report_json.Settings()).write(sample(), Destination(tmp_path / "out"))


def test_standard_output_gets_the_document_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    out = io.TextIOWrapper(io.BytesIO())
    monkeypatch.setattr(sys, "stdout", out)
    assert report_json.Json(report_json.Settings(indent=0)).write(sample(), Destination(None)) == ()
    written = out.buffer.getvalue()  # type: ignore[attr-defined] # a BytesIO
    assert len(json.loads(written)["findings"]) == len(SAMPLE.findings) and written.count(b"\n") == 1
