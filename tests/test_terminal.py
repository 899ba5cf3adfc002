"""What stands on a terminal: clear at any width, and nothing that a name holds moves its cursor."""

import io
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from msgspec import structs
from rich.console import Console

from reports import _summary
from scanner import terminal
from scanner.logs import JsonLines
from scanner.model import Reason, Severity
from scanner.pipeline import Outcome
from tests.place import CODE, Place
from tests.report_sample import sample


@pytest.mark.parametrize("sign", ["\x1b", "\x07", "\r", "\x08", "\u202e", "\u200f", "\x9b", "\ud800", "\u2028", "\0"])
def test_what_could_act_on_a_terminal_is_spelled_out(sign: str) -> None:
    shown = terminal.inert(f"before{sign}after")
    assert sign not in shown
    assert shown.startswith("before\\")
    assert shown.isprintable()


def test_a_line_of_the_log_is_one_write(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    monkeypatch.setattr(sys, "stderr", SimpleNamespace(write=said.append, flush=lambda: None))
    terminal.Lines().note("one")
    JsonLines().note("two")
    assert len(said) == 2 and all(each.endswith("\n") for each in said)


def test_ordinary_names_of_any_script_stay() -> None:
    assert terminal.inert("modèle-Ωμέγα 模型\nnext") == "modèle-Ωμέγα 模型\nnext"


def test_a_repository_with_a_hostile_name_is_inert_in_every_line(tmp_path: Path) -> None:
    place = Place(tmp_path)
    place.repository("quiet", {"a.py": CODE})
    nasty = place.directory / "code" / "x\x1b[31m\u202ey"
    (place.directory / "code" / "quiet").rename(nasty)
    (nasty / "broken.yaml").write_text("a: [\n- openai: {", "utf-8")
    place.records({"id": "other", "identifiers": ["hf:acme/other"]})
    done = place.gnomon("scan", "--path", "code", "--registry", "registry")
    assert done.code == 0
    assert not {"\x1b", "\u202e"} & set(done.out + done.err)
    missing = place.gnomon("scan", "--path", "no\x1b[2Jwhere")
    assert (missing.code, "\x1b" in missing.err) == (2, False)


@pytest.mark.parametrize("width", [60, 80, 120])
def test_the_summary_fits_its_terminal(width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = summary(width, monkeypatch)
    assert max(map(len, lines)) <= width
    assert lines[1].startswith("Read ")
    assert any(line.startswith(Severity.CRITICAL) for line in lines)
    assert any(line.strip().startswith("gnomon explain ") for line in lines)


def test_a_registry_that_was_not_read_whole_is_said_in_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    sentence = "The registry was not read whole, so nothing new is called unregistered."
    assert sentence in summary(120, monkeypatch, registries_whole=False)
    assert sentence not in summary(120, monkeypatch)


def test_the_terminal_counts_places_as_the_reports_do(monkeypatch: pytest.MonkeyPatch) -> None:
    assert summary(120, monkeypatch)[1].startswith("Read 1,204 of 1,260 places")
    assert _summary.coverage_sentence(sample()).startswith("Read 1,204 of 1,260 places")


def test_a_look_says_in_one_line_that_it_looked_nowhere_else(monkeypatch: pytest.MonkeyPatch) -> None:
    look = structs.replace(sample().run, partial=True)
    missing = tuple(gap for gap in sample().coverage.gaps if gap.reason is Reason.NO_SOURCE)
    lines = summary(120, monkeypatch, run=look, coverage=structs.replace(sample().coverage, gaps=missing))
    assert lines[1].endswith("; this run was told to look nowhere else")
    assert not any("no-source" in line for line in lines)


def summary(width: int, monkeypatch: pytest.MonkeyPatch, **changes: object) -> list[str]:
    said = io.StringIO()
    monkeypatch.setattr(terminal, "Console", lambda **_: Console(file=said, width=width))
    terminal.summary(Outcome(structs.replace(sample(), **changes), (Path("out/report.html"),)))
    return said.getvalue().splitlines()
