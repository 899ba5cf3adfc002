"""What every plugin must do, over all of them: red until a new one has its Settings, its fixture and its row in the docs."""

import ast
from pathlib import Path

import pytest
from pydantic import BaseModel

from scanner import plugins
from scanner.contracts import PluginSettings, SourceSettings

TOP = Path(__file__).resolve().parents[1]
EVERY = [(group, name) for group in plugins.PACKAGES for name in plugins.names(group)]
CONNECTORS = plugins.names("connectors")
LOCAL = {"create_client"}  # botocore's constructor of a client: nothing is sent by it
WRITES = ("put_", "delete_", "create_", "update_", "patch_", "replace_", "post_")


@pytest.mark.parametrize(("group", "name"), EVERY)
def test_it_offers_settings_and_one_function(group: str, name: str) -> None:
    module = plugins.load(group, name)
    assert issubclass(module.Settings, PluginSettings)
    assert callable(module.reporter if group == "reports" else module.connect)
    assert module.__doc__, "a module's docstring says why the file exists"


@pytest.mark.parametrize(("group", "name"), EVERY)
def test_every_setting_says_what_it_is(group: str, name: str) -> None:
    settings: type[BaseModel] = plugins.load(group, name).Settings
    assert [key for key, field in settings.model_fields.items() if not field.description] == []


@pytest.mark.parametrize("name", CONNECTORS)
def test_every_source_shares_the_limits(name: str) -> None:
    assert issubclass(plugins.load("connectors", name).Settings, SourceSettings)


@pytest.mark.parametrize("name", CONNECTORS)
def test_every_connector_has_a_fixture_folder(name: str) -> None:
    folder = TOP / "tests" / "fixtures" / name
    assert folder.is_dir() and any(folder.iterdir())


@pytest.mark.parametrize("name", CONNECTORS)
def test_every_connector_has_its_row_in_the_docs(name: str) -> None:
    assert f"| `{name}` |" in (TOP / "docs" / "sources.md").read_text("utf-8")


@pytest.mark.parametrize("name", plugins.names("registries"))
def test_every_registry_has_its_row_in_the_docs(name: str) -> None:
    assert f"| `{name}` |" in (TOP / "docs" / "registry.md").read_text("utf-8")


@pytest.mark.parametrize("name", plugins.names("reports"))
def test_every_report_has_its_row_in_the_docs(name: str) -> None:
    assert f"| `{name}` |" in (TOP / "docs" / "reports.md").read_text("utf-8")


@pytest.mark.parametrize("file", sorted((TOP / "connectors").rglob("*.py")), ids=lambda file: str(file.relative_to(TOP)))
def test_no_connector_calls_anything_that_writes(file: Path) -> None:
    called = {
        node.func.attr
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
    }
    assert sorted(name for name in called - LOCAL if name.startswith(WRITES)) == []
