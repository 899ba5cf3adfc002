"""The registry kept as files: every format, and every way in which a file can be wrong."""

import json
import os
import re
import tomllib
from importlib.resources import files
from pathlib import Path
from typing import Any, cast

import jsonschema_rs
import pytest

from connectors.registries.files import Settings, connect
from scanner.contracts import Tools
from scanner.errors import Unreachable
from scanner.model import ApprovedScope, BaseModel, Gap, Reason, Record, State, Transition

ROOT = Path(__file__).parent.parent
SCHEMA = json.loads(files("connectors.registries").joinpath("record.schema.json").read_text("utf-8"))
DOCS = (ROOT / "docs/registry.md").read_text("utf-8")


def read(path: Path, **settings: Any) -> tuple[list[Record], list[Gap]]:
    entries = list(connect(Settings(path=path, **settings), cast(Tools, None)).records())
    return [each for each in entries if isinstance(each, Record)], [each for each in entries if isinstance(each, Gap)]


def one(directory: Path, text: str, name: str = "a.toml", **settings: Any) -> Record:
    (directory / name).write_text(text, "utf-8")
    (record,), _ = read(directory, **settings)
    return record


def documented(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", DOCS, re.DOTALL)


def test_the_documented_records_are_read_without_a_fault(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text(next(each for each in documented("toml") if "fraud-scorer" in each), "utf-8")
    (tmp_path / "b.yaml").write_text(documented("yaml")[0], "utf-8")
    (tmp_path / "c.json").write_text(documented("json")[0], "utf-8")
    (tmp_path / "d.csv").write_text(documented("csv")[0], "utf-8")
    config = tomllib.loads(next(each for each in documented("toml") if "columns" in each))["registry"][0]
    records, gaps = read(tmp_path, columns={**config["columns"]}, states=config["states"])
    assert gaps == []
    assert [each.id for each in records] == ["fraud-scorer-1.4", "support-bot-2", "reranker-v2-m3", "classifier-4.1", "churn-3"]
    fraud, bot, *_, churn = records
    assert fraud.transitions == (Transition(State.RETIRED, "2026-03-03"),)
    assert fraud.approved_scope == ApprovedScope(clusters=("prod-eu",))
    assert bot.where == f"{tmp_path.name}/b.yaml:1"
    assert (churn.state, churn.owner, churn.approved_scope.clusters) == (State.DEPLOYED, "growth", ("prod-eu", "prod-us"))
    assert len(churn.identifiers) == 2


def test_the_schema_knows_the_documented_records() -> None:
    validator = jsonschema_rs.validator_for(SCHEMA)
    fraud = tomllib.loads(next(each for each in documented("toml") if "fraud-scorer" in each))
    assert validator.is_valid(json.loads(json.dumps(fraud, default=str)))
    assert validator.is_valid(json.loads(documented("json")[0]))
    assert not validator.is_valid({"name": "x", "state": "running"})
    assert not validator.is_valid({"name": "x", "state": "approved", "approved_scope": {"cluster": ["x"]}})


def test_the_schema_and_the_docs_name_every_field_of_a_record() -> None:
    made_by_us = {"registry", "where", "broken"}
    fields = set(Record.__struct_fields__) - made_by_us
    assert fields <= set(SCHEMA["properties"])
    assert all(f"`{name}`" in DOCS for name in fields)
    assert set(SCHEMA["properties"]["approved_scope"]["properties"]) == set(ApprovedScope.__struct_fields__)


FULL = """
name = "fraud"
version = "1.4"
state = "approved"
base_model = { id = "hf:org/base", relation = "fine-tune" }
review_due = 2027-01-31
[[transitions]]
from = "proposed"
to = "approved"
who = "jdoe"
when = 2026-02-01T10:00:00Z
evidence = "https://reviews.acme.example/17"
[cost]
centre = 4711
"""


def test_a_whole_record(tmp_path: Path) -> None:
    record = one(tmp_path, FULL)
    assert record.base_model == BaseModel("hf:org/base", "fine-tune")
    assert record.transitions == (
        Transition(State.APPROVED, "2026-02-01T10:00:00+00:00", "jdoe", State.PROPOSED, "https://reviews.acme.example/17"),
    )
    assert (record.id, record.review_due, record.broken) == ("fraud-1.4", "2027-01-31", ())
    assert record.extra == {"cost": "{'centre': 4711}"}


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("state = 'live'", "state 'live' is none of proposed, approved, deployed, suspended, retired, rejected"),
        ("", "no state"),
        ("state = 'approved'\nversion = 1.10", "version is a number, so that 1.10 and 1.1 are the same: put it in quotes"),
        ("state = 'approved'\nreview_due = 'soon'", "review due is not a date such as 2027-01-31"),
        ("state = 'approved'\nownr = 'x'", "there is no field 'ownr'; did you mean 'owner'?"),
        ("state = 'approved'\nowner = ['a']", "owner is not text"),
        ("state = 'approved'\nowner = true", "owner is not text"),
        ("state = 'approved'\napproved_scope = 'prod'", "approved scope is not a table"),
        (
            "state = 'approved'\napproved_scope = { cluster = ['x'] }",
            "approved scope has no 'cluster'; known: " + ", ".join(ApprovedScope.__struct_fields__),
        ),
        ("state = 'approved'\ntransitions = [{ to = 'gone', when = 2026-01-01 }]", "transition 1 needs `to`, a state, and `when`, a date"),
        ("state = 'approved'\nbase_model = 7", "base model needs an id"),
    ],
)
def test_a_broken_record_keeps_what_is_readable_and_names_each_fault(tmp_path: Path, line: str, fault: str) -> None:
    (tmp_path / "a.toml").write_text(f"name = 'fraud'\nidentifiers = ['sha256:1']\n{line}\n", "utf-8")
    (record,), (gap,) = read(tmp_path)
    assert (record.identifiers, record.broken) == (("sha256:1",), (fault,))
    assert (gap.scope, gap.reason) == (f"registry/files/{tmp_path.name}/a.toml:1", Reason.PARTIAL)
    assert fault in gap.detail


def test_a_record_without_a_state_accuses_nobody(tmp_path: Path) -> None:
    assert one(tmp_path, "name = 'fraud'").state is State.APPROVED


def test_what_is_text_in_a_list_still_matches(tmp_path: Path) -> None:
    record = one(tmp_path, "name = 'x'\nstate = 'retired'\nidentifiers = ['sha256:1', 5]")
    assert (record.identifiers, record.broken) == (("sha256:1",), ("identifiers holds something that is not text",))


def test_a_record_without_id_and_name_is_a_gap_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("- name: a\n  state: approved\n- state: approved\n", "utf-8")
    records, (gap,) = read(tmp_path)
    assert [each.id for each in records] == ["a"]
    assert (gap.detail, gap.reason) == ("it has neither an id nor a name", Reason.UNPARSED)


def test_an_id_that_is_used_twice_is_named_and_both_records_stay(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text("id = 'x'\nname = 'a'\nstate = 'approved'", "utf-8")
    (tmp_path / "b.toml").write_text("id = 'x'\nname = 'b'\nstate = 'retired'", "utf-8")
    records, _ = read(tmp_path)
    assert [each.broken for each in records] == [(), (f"the id x is already that of {tmp_path.name}/a.toml:1",)]


@pytest.mark.parametrize(
    ("name", "text", "line"),
    [
        ("a.toml", "name = \n", 1),
        ("a.toml", "name = 'x'\nstate = \n", 2),
        ("a.yaml", "a: 1\n b: 2\n", 2),
        ("a.json", '{\n"name": "x",\n', 3),
        ("a.json", "", 1),
        ("a.json", "7", 1),
        ("a.yaml", "- 1\n- 2\n", 1),
        ("a.csv", 'name,state\n"a,b\n', 1),
        ("a.toml", "a = " + "[" * 100_000, 1),
        ("a.json", "[" * 100_000, 1),
        ("a.yaml", "[" * 100_000, 1),
        ("a.json", '{"name": ' + '{"a":' * 500 + "1" + "}" * 500 + "}", 1),
    ],
)
def test_a_file_that_cannot_be_read_is_a_gap_and_the_others_are_read(tmp_path: Path, name: str, text: str, line: int) -> None:
    (tmp_path / name).write_text(text, "utf-8")
    (tmp_path / "z.toml").write_text("name = 'good'\nstate = 'approved'", "utf-8")
    records, (gap,) = read(tmp_path)
    assert [each.id for each in records] == ["good"]
    assert (gap.scope, gap.reason) == (f"registry/files/{tmp_path.name}/{name}:{line}", Reason.UNPARSED)


@pytest.mark.parametrize("encoding", ["utf-16", "latin-1"])
def test_another_encoding_is_a_gap_with_its_line(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "a.toml").write_bytes("# ok\nname = 'Überprüfung'\n".encode(encoding))
    records, gaps = read(tmp_path)
    assert records == []
    assert "UTF-8" in gaps[0].detail


def test_a_byte_order_mark_is_no_fault(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes("name;state\nx;approved\n".encode("utf-8-sig"))
    (record,), gaps = read(tmp_path)
    assert (record.id, gaps) == ("x", [])


def test_a_formula_in_a_cell_is_text(tmp_path: Path) -> None:
    record = one(tmp_path, "name,state,owner\n=cmd|' /C calc'!A0,approved,@SUM(A1)\n", "a.csv")
    assert (record.name, record.owner, record.broken) == ("=cmd|' /C calc'!A0", "@SUM(A1)", ())


def test_a_column_that_the_config_names_and_the_file_lacks_is_a_gap(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("Model,state\nx,approved\n", "utf-8")
    records, gaps = read(tmp_path, columns={"name": "Modell"})
    assert records == []
    assert "no column 'Modell'" in gaps[0].detail


def test_cells_beyond_the_header_are_kept_apart(tmp_path: Path) -> None:
    assert one(tmp_path, "name,state\nx,approved,extra,more\n", "a.csv").extra == {"cells beyond the header": "extra more"}


def test_a_directory_without_a_record_is_a_gap(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("hello", "utf-8")
    records, (gap,) = read(tmp_path)
    assert (records, gap.scope, gap.reason) == ([], "registry/files", Reason.UNEXPECTED)


def test_a_path_that_is_not_there_says_so(tmp_path: Path) -> None:
    with pytest.raises(Unreachable, match="no such file or directory"):
        read(tmp_path / "nowhere")


def test_links_pipes_and_giants_are_not_opened(tmp_path: Path) -> None:
    registry = tmp_path / "registry"
    registry.mkdir()
    (tmp_path / "secret.toml").write_text("name = 'outside'\nstate = 'approved'", "utf-8")
    (registry / "out.toml").symlink_to(tmp_path / "secret.toml")
    (registry / "loop.toml").symlink_to(registry / "loop.toml")
    (registry / "around").symlink_to(registry, target_is_directory=True)
    os.mkfifo(registry / "pipe.toml")
    (registry / "huge.json").write_text(" " * 2000, "utf-8")
    (registry / "real.toml").write_text("name = 'inside'\nstate = 'approved'", "utf-8")
    (registry / "same.toml").symlink_to(registry / "real.toml")
    records, gaps = read(registry, max_bytes=1000)
    assert [each.name for each in records] == ["inside", "inside"]
    assert {each.detail for each in gaps} == {
        "a link that leads out of the registry; it is not followed",
        "a link that leads nowhere",
        "not a regular file",
        "larger than max_bytes (1000)",
        "inside: the id inside is already that of registry/real.toml:1",
    }


def test_a_name_that_is_no_utf_8_is_named_all_the_same(tmp_path: Path) -> None:
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff.toml")).write_text("name = 'x'\nstate = 'approved'", "utf-8")
    (record,), _ = read(tmp_path)
    assert record.where == f"{tmp_path.name}/\\udcff.toml:1"
    record.where.encode("utf-8")


def test_hidden_files_schemas_and_what_is_no_record_format_are_left_alone(tmp_path: Path) -> None:
    for name in (".draft.toml", "record.schema.json", "notes.txt"):
        (tmp_path / name).write_text("{", "utf-8")
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "a.toml").write_text("x", "utf-8")
    assert [each.name for each in [one(tmp_path, "name = 'x'\nstate = 'approved'")]] == ["x"]


def test_a_single_file_and_a_list_of_records(tmp_path: Path) -> None:
    path = tmp_path / "registry.toml"
    path.write_text(
        "[[record]]\nid = 'a'\nname = 'a'\nstate = 'approved'\n\n[[record]]\nid = 'b'\nname = 'b'\nstate = 'retired'\n", "utf-8"
    )
    records, gaps = read(path)
    assert ([each.where for each in records], gaps) == ([f"{tmp_path.name}/registry.toml:2", f"{tmp_path.name}/registry.toml:7"], [])
