"""The tables: six files, one line a finding, and no cell that a spreadsheet would run."""

import csv as stdlib
import io
import stat
import sys
from pathlib import Path

import pandas
import pytest
from hypothesis import given
from hypothesis import strategies as some

from reports import csv
from scanner.contracts import Destination
from scanner.errors import ConfigError
from scanner.model import Report
from tests.report_sample import HOSTILE, SAMPLE, hostile, sample

FILES = ["retired-but-running.csv", "unregistered-models.csv", "orphaned-credentials.csv", "findings.csv", "inventory.csv", "coverage.csv"]


def _tables(report: Report, to: Path, **settings: object) -> dict[str, list[dict[str, str]]]:
    paths = csv.Csv(csv.Settings(**settings)).write(report, Destination(to))
    return {
        path.name: list(stdlib.DictReader(io.StringIO(path.read_bytes().decode("utf-8-sig"), newline=""), strict=True)) for path in paths
    }


def test_each_list_is_a_file_and_findings_holds_all(tmp_path: Path) -> None:
    tables = _tables(sample(), tmp_path)
    assert list(tables) == FILES
    assert [row["check"] for row in tables["retired-but-running.csv"]] == ["retired-but-running"] * 2 + [
        "suspended-but-running",
        "rejected-but-running",
    ]
    assert {row["check"] for row in tables["unregistered-models.csv"]} == {
        "unregistered-running",
        "unregistered-stored",
        "unregistered-coded",
    }
    assert [row["check"] for row in tables["orphaned-credentials.csv"]] == ["orphaned-credential"] * 2
    assert sorted(row["id"] for row in tables["findings.csv"]) == sorted(one.id for one in SAMPLE.findings)


def test_what_was_not_read_is_in_the_coverage(tmp_path: Path) -> None:
    rows = _tables(sample(), tmp_path)["coverage.csv"]
    assert sorted((row["place"], row["gap"]) for row in rows if row["gap"]) == sorted(
        (gap.scope, gap.reason) for gap in SAMPLE.coverage.gaps
    )
    assert ("kubernetes", "74", "127") in {(row["place"], row["read"], row["total"]) for row in rows}
    assert next(row["total"] for row in rows if row["place"] == "databricks") == "", "an unknown denominator is not a number"


def test_an_asset_shows_its_records(tmp_path: Path) -> None:
    rows = {row["asset"]: row for row in _tables(sample(), tmp_path)["inventory.csv"]}
    assert rows["workload:prod-eu/llm/deployment/fraud-scorer"]["records"] == "MR-0031"
    assert len(rows) == len(sample().assets)


@pytest.mark.parametrize("name", FILES)
def test_no_cell_of_a_hostile_report_starts_a_formula(tmp_path: Path, name: str) -> None:
    csv.Csv(csv.Settings()).write(hostile(), Destination(tmp_path))
    cells = [cell for row in stdlib.reader(io.StringIO((tmp_path / name).read_bytes().decode("utf-8-sig"), newline="")) for cell in row]
    assert [cell for cell in cells if cell.lstrip(" \ufeff").startswith(("=", "+", "-", "@", "\t", "\r", "\n"))] == []


@given(some.text(min_size=1))
def test_an_inert_cell_is_never_a_formula_and_loses_nothing(text: str) -> None:
    cell = csv.inert(text)
    assert isinstance(cell, str)
    assert cell.lstrip(csv._BLANK)[:1] not in csv.FORMULA
    assert cell.removeprefix("'").replace("␀", "\x00") == text.removeprefix("'") or cell == text.replace("\x00", "␀")


@pytest.mark.parametrize(
    "formula", ["=1+1", "+1", "-1", "@SUM(1)", "\t=1", "\r=1", "\n=1", " =1", "\u200b=1", "\u202e=1", "＝1", "=cmd|'/c calc'!A1"]
)
def test_what_starts_a_formula_gets_an_apostrophe(formula: str) -> None:
    assert csv.inert(formula) == f"'{formula}"


def test_numbers_stay_numbers() -> None:
    assert [csv.inert(-1), csv.inert("harmless"), csv.inert(None)] == [-1, "harmless", None]


def test_newlines_and_quotes_stay_inside_their_cell(tmp_path: Path) -> None:
    rows = _tables(hostile(), tmp_path)["findings.csv"]
    assert {row["title"] for row in rows} == {str(csv.inert(name)).encode("utf-8", "backslashreplace").decode() for name in HOSTILE}


def test_lines_end_as_the_rfc_says_and_the_mark_is_a_choice(tmp_path: Path) -> None:
    _tables(sample(), tmp_path, bom=False)
    content = (tmp_path / "findings.csv").read_bytes()
    assert (
        not content.startswith(b"\xef\xbb\xbf")
        and content.count(b"\r\n") == len(SAMPLE.findings) + 1
        and content.count(b"\n") == content.count(b"\r\n")
    )


def test_files_are_for_their_owner_and_the_same_every_time(tmp_path: Path) -> None:
    one = sample()
    first, second = tmp_path / "1", tmp_path / "2"
    _tables(one, first)
    _tables(sample(findings=tuple(reversed(one.findings)), assets=tuple(reversed(one.assets))), second)
    assert {stat.S_IMODE(path.stat().st_mode) for path in first.iterdir()} == {0o600}
    assert stat.S_IMODE(first.stat().st_mode) == 0o700
    assert [(first / name).read_bytes() == (second / name).read_bytes() for name in FILES] == [True] * 6


def test_columns_are_chosen_in_the_config(tmp_path: Path) -> None:
    rows = _tables(sample(), tmp_path, columns=("owner", "id"))["findings.csv"]
    assert list(rows[0]) == ["owner", "id"]


@pytest.mark.parametrize("wrong", [{"columns": ("ownr",)}, {"stdout": "/etc/passwd"}])
def test_an_unknown_column_or_file_is_refused_by_name(wrong: dict) -> None:
    with pytest.raises(ConfigError, match=r"ownr|/etc/passwd"):
        csv.reporter(csv.Settings(**wrong), None)  # type: ignore[arg-type] # tools are not used


def test_standard_output_gets_one_table(monkeypatch: pytest.MonkeyPatch) -> None:
    out = io.TextIOWrapper(io.BytesIO())
    monkeypatch.setattr(sys, "stdout", out)
    assert csv.Csv(csv.Settings()).write(sample(), Destination(None)) == ()
    table = pandas.read_csv(io.BytesIO(out.buffer.getvalue()))  # type: ignore[attr-defined] # a BytesIO
    assert len(table) == len(SAMPLE.findings)


def test_an_empty_report_has_all_its_files_with_their_headings(tmp_path: Path) -> None:
    csv.Csv(csv.Settings(bom=False)).write(sample(findings=(), assets=()), Destination(tmp_path))
    assert (tmp_path / "findings.csv").read_text().strip().split(",") == list(csv.FINDINGS)
    assert (tmp_path / "inventory.csv").read_text().strip().split(",") == list(csv.INVENTORY)
