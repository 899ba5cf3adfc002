"""What the docs claim is what the program does."""

import re
from pathlib import Path

import pytest

from tests import docs

TOP = Path(__file__).resolve().parents[1]
PAGES = sorted([*TOP.glob("*.md"), *TOP.glob("docs/**/*.md")])


@pytest.mark.parametrize("name", sorted(docs.PARTS))
def test_the_tables_are_the_programs_own(name: str) -> None:
    text = (docs.DOCS / name).read_text("utf-8")
    assert [part for part in docs.PARTS[name] if f"<!-- {part} -->" not in text] == []
    assert docs.filled(name, text) == text


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(TOP)))
def test_every_link_leads_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\((?!https?:)([^)#\s]+)[^)]*\)", page.read_text("utf-8"))
    assert [target for target in targets if not (page.parent / target).exists()] == []


def test_every_command_that_the_readme_names_exists() -> None:
    from scanner.cli import app

    known = {command.name or command.callback.__name__ for command in app.registered_commands if command.callback}
    named = set(
        re.findall(r"gnomon ([a-z]+)\b", " ".join(re.findall(r"`[^`]+`|^\$.*$", (TOP / "README.md").read_text("utf-8"), re.MULTILINE)))
    )
    assert named and named <= known


def test_no_remedy_names_a_command_that_does_not_exist() -> None:
    from scanner.cli import app

    known = {command.name or command.callback.__name__ for command in app.registered_commands if command.callback}
    texts = " ".join(path.read_text("utf-8") for path in (TOP / "scanner" / "data").glob("*.toml"))
    assert set(re.findall(r"`gnomon ([a-z]+)", texts)) <= known
