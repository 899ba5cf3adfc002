"""run.json: a chain of runs in which what was changed or taken away shows."""

from pathlib import Path

import msgspec
import pytest

from scanner.errors import ReportError
from scanner.model import Coverage, Run
from scanner.runfile import Broken, RunFile, last_hash, run_file, verify_chain


def a_run(name: str) -> Run:
    return Run(name, "2026-11-21T02:00:00Z", "2026-11-21T02:10:00Z", False, "acme", "UTC", {"gnomon": "0"}, {"config": "1"}, (), (), False)


def written(directory: Path, name: str, content: str = "page") -> Path:
    page = directory / "report.html"
    page.write_text(content)
    return run_file(a_run(name), Coverage((), ()), [page], directory)


def test_runs_make_a_chain(tmp_path: Path) -> None:
    written(tmp_path, "one")
    first = last_hash(tmp_path)
    path = written(tmp_path, "two", "another page")
    body = msgspec.json.decode(path.read_bytes(), type=RunFile)
    assert (body.previous, body.run.previous, list(body.outputs)) == (first, first, ["report.html"])
    assert verify_chain(tmp_path) == ()
    assert sorted(each.name for each in tmp_path.iterdir()) == ["report.html", "run-one.json", "run.json"]


def test_the_files_are_for_their_owner_only(tmp_path: Path) -> None:
    written(tmp_path, "one")
    written(tmp_path, "two")
    assert {path.stat().st_mode & 0o777 for path in tmp_path.glob("run*.json")} == {0o600}


def test_a_changed_output_shows(tmp_path: Path) -> None:
    written(tmp_path, "one")
    (tmp_path / "report.html").write_text("nothing to see")
    assert verify_chain(tmp_path) == (Broken("report.html", "the output was changed after the run"),)
    (tmp_path / "report.html").unlink()
    assert verify_chain(tmp_path) == (Broken("report.html", "the output is missing"),)


def test_a_changed_or_missing_run_shows(tmp_path: Path) -> None:
    for name in ("one", "two", "three"):
        written(tmp_path, name)
    middle = tmp_path / "run-two.json"
    content = middle.read_bytes()
    middle.write_bytes(content.replace(b"acme", b"acne"))
    assert verify_chain(tmp_path)[0].file == "run.json"
    middle.unlink()
    assert "is missing or was changed" in verify_chain(tmp_path)[0].what
    middle.write_bytes(content)
    assert verify_chain(tmp_path) == ()


def test_a_run_that_no_later_one_names_shows(tmp_path: Path) -> None:
    written(tmp_path, "one")
    (tmp_path / "run-forged.json").write_text("{}")
    assert verify_chain(tmp_path) == (Broken("run-forged.json", "no later run names it"),)


def test_an_empty_directory_has_no_chain(tmp_path: Path) -> None:
    assert verify_chain(tmp_path) == (Broken("run.json", "it is missing or is not a run file"),)
    assert last_hash(tmp_path) is None


def test_a_foreign_run_json_is_never_overwritten(tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text("half a fi")
    with pytest.raises(ReportError, match="not a run file"):
        written(tmp_path, "one")
    assert (tmp_path / "run.json").read_text() == "half a fi"


def test_a_run_that_was_killed_while_it_wrote_breaks_nothing(tmp_path: Path) -> None:
    path = written(tmp_path, "one")
    (tmp_path / "run-one.json").write_bytes(path.read_bytes())
    assert verify_chain(tmp_path) == ()
    written(tmp_path, "two")
    assert verify_chain(tmp_path) == ()
