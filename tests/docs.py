"""Writes the tables of the docs from the tables of the program: `python -m tests.docs`. A test holds the files against this."""

import re
import tomllib
from collections.abc import Callable, Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

WORDS = {"model": "*model*", "place": "*where*", "date": " *when*", "detail": "*what*"}
DOCS = Path(__file__).resolve().parents[1] / "docs"


def _table(name: str) -> dict[str, Any]:
    return tomllib.loads(files("scanner").joinpath("data", name).read_text("utf-8"))


def matrix() -> Iterator[str]:
    yield "| record | running | stored | coded | unseen, all read | unseen, not all read |"
    yield "|---|---|---|---|---|---|"
    for state, row in _table("verdicts.toml")["matrix"].items():
        cells = (row[each] for each in ("running", "stored", "coded", "unseen", "blind"))
        yield f"| {state} | " + " | ".join({"with-drift": "drift", "": "-"}.get(cell, cell) for cell in cells) + " |"


def checks() -> Iterator[str]:
    yield "| check | severity | what it says | what to do |"
    yield "|---|---|---|---|"
    for name, row in _table("verdicts.toml")["checks"].items():
        title = re.sub(r"\{(\w+)\}", lambda found: WORDS[found[1]], row["title"])
        yield f"| `{name}` | {row['severity']} | {title} | {row['remedy']} |"


def severity() -> Iterator[str]:
    yield "| fact | moves it |"
    yield "|---|---|"
    for reason in _table("severity.toml")["reason"]:
        yield f"| {reason['says']} | {reason['by']:+d} |"


def platforms() -> Iterator[str]:
    yield "| platform | what could be there | read by |"
    yield "|---|---|---|"
    for row in _table("platforms.toml")["platform"]:
        group = f" (group `{row['group']}`)" if "group" in row else ""
        yield f"| `{row['name']}`{group} | {row['what']} | {', '.join(row['covered_by'])} |"


PARTS: dict[str, dict[str, Callable[[], Iterator[str]]]] = {
    "verdicts.md": {"matrix": matrix, "checks": checks, "severity": severity},
    "coverage.md": {"platforms": platforms},
}


def filled(name: str, text: str) -> str:
    """The file's text with each part between its marks made anew."""
    for part, lines in PARTS[name].items():
        mark = re.compile(rf"<!-- {part} -->.*?(<!-- /{part} -->|(?=\n\n))", re.DOTALL)
        made = f"<!-- {part} -->\n" + "\n".join(lines()) + f"\n<!-- /{part} -->"
        text = mark.sub(lambda _: made, text, count=1)  # noqa: B023 - called at once
    return text


if __name__ == "__main__":
    for file in PARTS:
        path = DOCS / file
        path.write_text(filled(file, path.read_text("utf-8")), "utf-8")
