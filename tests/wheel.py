"""Builds the wheel, installs it alone into a fresh environment, and runs the fast tests against it, away from the tree.

The tree's `scanner`, `connectors` and `reports` must not be importable there, or the run would prove nothing.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

TOP = Path(__file__).resolve().parents[1]
EXPECTED = {"scanner", "connectors", "reports"}


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="gnomon wheel ") as scratch:
        wheel = build(Path(scratch))
        names = top_level_names(wheel)
        if names != EXPECTED:
            print(f"the wheel's top-level names are {sorted(names)}, not {sorted(EXPECTED)}", file=sys.stderr)
            return 1
        return run_fast_tests(wheel, Path(scratch))


def build(scratch: Path) -> Path:
    """The wheel of the tree, made by hatchling without a network."""
    arguments = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(scratch), str(TOP)]
    subprocess.run(arguments, check=True, stdout=subprocess.DEVNULL)
    return next(scratch.glob("gnomon-*.whl"))


def top_level_names(wheel: Path) -> set[str]:
    """What `import` would find, the distribution's own metadata aside."""
    with zipfile.ZipFile(wheel) as archive:
        return {name.split("/")[0] for name in archive.namelist() if ".dist-info/" not in name}


def run_fast_tests(wheel: Path, scratch: Path) -> int:
    """The fast tests, with the unpacked wheel on the path in place of the tree."""
    installed = scratch / "installed"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(installed)
    away = scratch / "away"
    shutil.copytree(TOP / "tests", away / "tests", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(TOP / "benchmarks", away / "benchmarks", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "config.example.toml", "docs", "deploy", *(page.name for page in TOP.glob("*.md"))):
        if (TOP / name).is_dir():
            shutil.copytree(TOP / name, away / name)
        elif (TOP / name).exists():
            shutil.copy(TOP / name, away / name)
    settings = ["-m", "pytest", "-q", "-m", "not slow", "-p", "no:cacheprovider", f"--override-ini=pythonpath='{installed}' ."]
    environment = {**os.environ, "GNOMON_WHEEL": str(installed), "PYTHONPATH": str(installed)}
    return subprocess.run([sys.executable, "-P", *settings], cwd=away, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
