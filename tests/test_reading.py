"""A registry is read whole, or its silence is not believed; one record's small faults blind nothing."""

from collections.abc import Callable
from pathlib import Path

import pytest

from connectors.registries.files import Settings
from scanner.config import Plugin
from scanner.model import Reason
from scanner.reading import Registries, read
from tests.desk import desk

GOOD = '{"id": "fraud", "name": "fraud", "state": "deployed", "identifiers": ["api:openai/gpt-x"]}'


def registries(directory: Path, *texts: str, before: Callable[[str], int | None] = lambda _: None) -> Registries:
    folder = directory / "registry"
    folder.mkdir()
    for number, text in enumerate(texts):
        (folder / f"{number}.json").write_text(text, "utf-8")
    plugin = Plugin(type="files", name="files", settings=Settings(path=folder))
    return read([plugin], desk(directory / "scratch"), before)


def test_a_record_with_a_fault_of_its_own_still_matches_and_blinds_nothing(tmp_path: Path) -> None:
    told = registries(tmp_path, GOOD, '{"id": "bot", "name": "bot", "state": "approved", "review_due": "soon"}')
    assert [gap.reason for gap in told.gaps] == [Reason.PARTIAL]
    assert told.gaps[0].scope == "registry/files/registry/1.json:1"
    assert (told.whole, told.read_whole, len(told.records)) == (True, ("files",), 2)


@pytest.mark.parametrize(
    "text",
    [
        '{"id": "bot", "name": "bot", "state": "approved", "identifiers": [1]}',
        '{"id": "bot", "name": "bot", "state": "approved", "identifers": ["api:openai/gpt-y"]}',
        '{"id": "bot", "name": ["bot"], "state": "approved"}',
        '{"id": "bot", "name": "bot", "state": "approved", "source_repository": ["acme/bot"]}',
        '{"state": "approved"}',
        '{"id": ',
    ],
    ids=["identifiers", "a slip in the field's name", "name", "repository", "nothing readable", "half a file"],
)
def test_what_a_record_would_match_by_is_missed(tmp_path: Path, text: str) -> None:
    told = registries(tmp_path, GOOD, text)
    assert (told.whole, told.read_whole) == (False, ())


def test_an_empty_registry_and_one_that_shrank_are_not_believed(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    assert not registries(tmp_path / "a").whole
    assert not registries(tmp_path, GOOD, before=lambda _: 2).whole


def test_records_of_one_id_are_told_apart_so_that_none_hides_another(tmp_path: Path) -> None:
    states = {"one": ("1", "retired"), "two": ("2", "deployed"), "three": ("2", "rejected")}
    texts = [
        f'{{"id": "x", "name": "fraud", "version": "{v}", "state": "{s}", "identifiers": ["hf:acme/{n}"]}}' for n, (v, s) in states.items()
    ]
    records = registries(tmp_path, *texts).records
    assert [record.id for record in records] == ["x", "x@2", "x (registry/2.json:1, 2)"]
    assert [any("its id 'x' is that of" in fault for fault in record.broken) for record in records] == [False, True, True]
