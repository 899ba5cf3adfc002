"""The same content costs once: in one run, in the next one, in another repository; a new detector reads again what it must."""

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from connectors import github as connector
from connectors.github import Settings
from scanner.contracts import Findings
from scanner.crawl import Ceiling, Source, crawl
from scanner.detect import DetectSettings, detector
from scanner.detect.pool import PoolDetector
from scanner.executor import EngineSettings, open_executor
from scanner.model import Coverage, Point
from scanner.store import Conclusion, Store, open_store
from tests.desk import desk, sightings
from tests.estate import artifacts as make
from tests.estate.github import GitHub, Organisation, Repository, github

pytestmark = pytest.mark.slow
CODE = b"import openai\nMODEL = 'gpt-4o'\n"
PLAIN = b"print('no AI here')\n"
WEIGHTS = make.safetensors({"weight": (8, 8)})
OWNERS = b"* @acme/ml\n"
FILES = {"app.py": CODE, "plain.py": PLAIN, "net.safetensors": WEIGHTS, "CODEOWNERS": OWNERS}
NOW = "2026-11-21T08:00:00Z"


def oid(content: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


def organisation(*repositories: Repository) -> Organisation:
    return Organisation("acme", repositories)


@pytest.fixture(scope="module")
def pool() -> Iterator[PoolDetector]:
    with detector(DetectSettings(workers=2), b"key") as detecting:
        assert isinstance(detecting, PoolDetector)
        yield detecting


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(f"sqlite:///{tmp_path}/gnomon.db") as opened:
        yield opened


class Noting:
    """A detector that notes what it was handed."""

    def __init__(self, inner: PoolDetector, version: str = "") -> None:
        self.inner, self.version = inner, version or inner.version
        self.handed: list[str] = []

    def wanted(self, path: str, size: int | None) -> bool:
        return self.inner.wanted(path, size)

    def detect(self, files: Iterable[tuple[str, bytes]]) -> Iterator[tuple[str, Findings]]:
        return self.inner.detect(self._noted(files))

    def _noted(self, files: Iterable[tuple[str, bytes]]) -> Iterator[tuple[str, bytes]]:
        for path, content in files:
            self.handed.append(path)
            yield path, content


def run(server: GitHub, store: Store, noting: Noting, scratch: Path) -> tuple[list[str], dict[str, object]]:
    """One whole run: the objects that git asked for, and what the store then holds."""
    before = len(server.requests)
    settings = Settings.model_validate(
        {"organisation": "acme", "token": "TOKEN", "api_url": server.api_url, "host": "github.com", "settings": False}
    )
    tools = desk(scratch / "scratch", detector=noting, facts=store.facts)
    source = Source("github", "github", settings, "s", lambda: connector.connect(settings, tools), Ceiling())
    handle = store.begin("config", False, NOW)
    with open_executor(EngineSettings()) as executor:
        result = crawl([source], store, executor, handle, detector_version=noting.version, now=lambda: NOW)
    point = Point(handle.id, NOW, {}, 1, 1)
    store.save(handle, Conclusion((), (), (), (), Coverage(result.coverage.scopes, result.coverage.gaps), point, {}))
    seen = [one for sheet in store.sheets(["github"]) for one in sheet.observations]
    return [each for request in server.requests[before:] for each in request.wants], dict(sightings(seen))


def test_the_same_blob_in_two_repositories_is_parsed_once_in_one_run(pool: PoolDetector, store: Store, tmp_path: Path) -> None:
    copies = [Repository(f"copy-{number}", {"once.py": CODE + b"# once\n"}) for number in range(6)]
    with github([organisation(*copies)], tmp_path / "git") as server:
        before = sum(worker.files for worker in pool._workers)
        _, seen = run(server, store, Noting(pool), tmp_path)
    assert sum(worker.files for worker in pool._workers) - before == 1
    assert {f"model:acme/copy-{number}:openai/gpt-4o" for number in range(6)} <= set(seen)


def test_a_run_on_an_unchanged_head_asks_git_for_nothing(pool: PoolDetector, store: Store, tmp_path: Path) -> None:
    with github([organisation(Repository("pay", FILES))], tmp_path / "git") as server:
        _, first = run(server, store, Noting(pool), tmp_path)
        before = len(server.requests)
        noting = Noting(pool)
        _, second = run(server, store, noting, tmp_path)
        assert [request for request in server.requests[before:] if request.kind == "git"] == []
    assert noting.handed == [] and second == first


def test_a_changed_head_fetches_the_blobs_that_nobody_saw_and_parses_no_other(pool: PoolDetector, store: Store, tmp_path: Path) -> None:
    more = b"from anthropic import Anthropic\n"
    with github([organisation(Repository("pay", FILES))], tmp_path / "git") as server:
        wants, first = run(server, store, Noting(pool), tmp_path)
        assert {oid(content) for content in FILES.values()} <= set(wants)
        server.replace(organisation(Repository("pay", {**FILES, "more.py": more}), Repository("fresh", {"app.py": CODE})))
        noting = Noting(pool)
        wants, second = run(server, store, noting, tmp_path)
        blobs = set(wants) - {str(server.state.head("acme", name)) for name in ("pay", "fresh")}
    assert blobs == {oid(more)} and noting.handed == ["more.py"]
    assert first.keys() < second.keys()
    assert {"sdk:acme/pay:anthropic", "model:acme/fresh:openai/gpt-4o", "artifact:acme/pay:net.safetensors"} <= set(second)
    assert second["model:acme/pay:openai/gpt-4o"].attributes["owner"] == "@acme/ml"  # type: ignore[attr-defined]


def test_a_new_catalogue_reads_again_what_it_must(pool: PoolDetector, store: Store, tmp_path: Path) -> None:
    with github([organisation(Repository("pay", FILES))], tmp_path / "git") as server:
        run(server, store, Noting(pool), tmp_path)
        noting = Noting(pool, "another")
        wants, _ = run(server, store, noting, tmp_path)
    assert {"app.py", "plain.py"} <= set(noting.handed) and {oid(CODE), oid(PLAIN)} <= set(wants)
