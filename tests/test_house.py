"""The house itself: what the wheel holds, how fast the command answers, what the docs promise."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import scanner

TOP = Path(__file__).resolve().parents[1]


@pytest.mark.skipif("GNOMON_WHEEL" not in os.environ, reason="only where tests/wheel.py runs the tests against the built wheel")
def test_the_wheel_is_what_is_tested() -> None:
    assert Path(scanner.__file__).is_relative_to(os.environ["GNOMON_WHEEL"])


def test_both_commands_are_the_same_scan() -> None:
    asked = [("gnomon", "scanner.cli:main", ["scan", "--help"]), ("scan", "scanner.cli:scan_main", ["--help"])]
    answers = [_run(entry, arguments) for _, entry, arguments in asked]
    options = [set(re.findall(r"--[a-z-]+", answer)) for answer in answers]
    assert options[0] == options[1]
    assert {"--org", "--path", "--config", "--registry", "--source", "--format", "--output", "--fail-on", "--fail-on-gaps"} <= options[0]


def test_help_imports_nothing_heavy() -> None:
    heavy = {
        "boto3",
        "botocore",
        "kubernetes",
        "github",
        "pandas",
        "scipy",
        "numpy",
        "networkx",
        "sqlalchemy",
        "jinja2",
        "hyperscan",
        "pydantic",
    }
    code = "import sys, scanner.cli; print(*sorted({name.split('.')[0] for name in sys.modules}))"
    loaded = set(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split())
    assert loaded & heavy == set()


def _run(entry: str, arguments: list[str]) -> str:
    module, function = entry.split(":")
    code = f"import sys; sys.argv[1:] = {arguments!r}; from {module} import {function}; {function}()"
    environment = {**os.environ, "COLUMNS": "200", "NO_COLOR": "1"}
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment).stdout
