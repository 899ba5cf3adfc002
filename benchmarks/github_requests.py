"""Requests counted against GitHub's limit, per repository: at 1,000 repositories of which 10% have an environment.

Of them 75% have workflows, 10% a dependabot.yml, 3% a deploy key and 10% are archived; the organisation has 300 members. A request
that GitHub answers with 304 does not count, and git's transport does not. Content goes through git: it is read of a sample, which
must not cost a single request.
"""

import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from benchmarks.rows import Row
from connectors.github import GitHub, Settings, connect
from scanner.crawl import Ceiling
from scanner.model import Unit
from tests.desk import Remembering, desk, listed
from tests.estate import github as estate

MANY, SAMPLE = 1000, 20
WORKFLOW = {".github/workflows/ci.yml": b"on: push\nenv: {KEY: ${{ secrets.OPENAI_API_KEY }}}\n"}
DEPENDABOT = {".github/dependabot.yml": b"version: 2\n"}


def organisation() -> estate.Organisation:
    """An organisation of the shape above."""
    members = tuple(f"member-{number}" for number in range(300))
    return estate.Organisation("acme", tuple(map(_repository, range(MANY))), members, {"ml": members[:3]}, ("OPENAI_API_KEY",))


def _repository(number: int) -> estate.Repository:
    files = {"src/app.py": b"import openai\n"} | (WORKFLOW if number % 20 < 15 else {}) | (DEPENDABOT if number % 10 == 3 else {})
    return estate.Repository(
        f"service-{number:04}",
        files,
        archived=number % 10 == 9,
        environments=(estate.Environment("prod", ("OPENAI_API_KEY",), {"REGION": "eu"}),) if number % 10 == 0 else (),
        secrets=("OPENAI_API_KEY",) if number % 3 == 0 else (),
        deploy_keys=(estate.DeployKey(number + 1, "deploy"),) if number % 33 == 0 else (),
    )


def run() -> Iterator[Row]:
    """The rows."""
    with tempfile.TemporaryDirectory() as directory, estate.github([organisation()], Path(directory) / "git") as server:
        facts = Remembering()
        first = _connected(server, Path(directory), facts)
        units, _ = listed(first)
        content = [unit for key, unit in units.items() if key.endswith("#content")][:SAMPLE]
        _read(first, content, facts)
        yield _row("listing and content", server.counted, 0.02)
        _read(first, (unit for key, unit in units.items() if not key.endswith("#content")), facts)
        yield _row("listing, content and settings", server.counted, 2.2)
        before = server.counted
        second = _connected(server, Path(directory), facts)
        units, _ = listed(second)
        _read(second, (unit for key, unit in units.items() if not key.endswith("#content")), facts)
        yield _row("a second run, nothing changed", server.counted - before, 0.02)


def _connected(server: estate.GitHub, directory: Path, facts: Remembering) -> GitHub:
    tools = desk(directory / "scratch", facts=facts, limiter=Ceiling())
    connector = connect(Settings(organisation="acme", token="TOKEN", api_url=server.api_url, host="github.com"), tools)
    connector.principal()
    return connector


def _read(connector: GitHub, units: Iterable[Unit], facts: Remembering) -> None:
    for unit in units:
        facts.learn(list(connector.observe(unit)))


def _row(what: str, requests: int, wanted: float) -> Row:
    each = requests / MANY
    return Row(f"GitHub requests a repository: {what}", f"{each:.3f}", f"<= {wanted}", ok=each <= wanted)


if __name__ == "__main__":
    for row in run():
        print(*row, sep=" | ")
