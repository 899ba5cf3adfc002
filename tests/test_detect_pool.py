"""Hostile and broken files cost themselves, never a batch, never the caller; nothing is imported from where a scan stands."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from scanner.contracts import Detector, Findings
from scanner.detect import DetectSettings, detector
from scanner.detect.pool import LocalDetector, PoolDetector
from scanner.detect.task import Task
from scanner.detect.worker import Died, Late, Worker

GOOD = ("good.py", b"import openai\nMODEL = 'gpt-4o'\n")
DEEP = b"[" * 100_000
LAUGHS = b"a: &a [lol, lol, lol, lol, lol, lol, lol, lol, lol]\n" + b"".join(
    f"{chr(98 + n)}: &{chr(98 + n)} [{', '.join([f'*{chr(97 + n)}'] * 9)}]\n".encode() for n in range(12)
)
HOSTILE = {
    "deep.yaml": b"model: gpt-4o\nx: " + DEEP,
    "deep.json": b'{"model": "gpt-4o", "x": ' + DEEP,
    "deep.py": b"import openai\nx = " + b"(" * 100_000,
    "deep_unary.py": b"import openai\nx = " + b"-" * 100_000 + b"1",
    "deep.ts": b'const model = "gpt-4o";\nconst x = ' + DEEP,
    "deep.tf": b'variable "m" { default = "gpt-4o" }\nx = ' + DEEP,
    "deep.toml": b'model = "gpt-4o"\nx = ' + DEEP,
    "laughs.yaml": b"model: gpt-4o\n" + LAUGHS,
    "line.json": b'{"model": "gpt-4o", "x": "' + b"x" * 22_000_000 + b'"}',
    "line.js": b'const model = "gpt-4o";' + b"a();" * 900_000,
    "half.ipynb": b'{"cells": [{"cell_type": "code", "source": ["import openai\\n", "m = \'gpt-4o\'"',
    "wrong.ipynb": b'{"cells": {"cell_type": "gpt-4o"}}',
    "odd.ipynb": b'{"cells": [1, null, {"cell_type": "code", "source": {"a": 1}}, {"cell_type": "code", "source": ["m = \'gpt-4o\'"]}]}',
    "types.yaml": b"kind: [Deployment]\napiVersion: 7\nspec: gpt-4o\nservices: 3\nmodels: [1, {model: gpt-4o}]\n",
    "compose.yml": b"services: {a: {image: [vllm/vllm-openai], command: {x: gpt-4o}, environment: 7}}\n",
    "latin.py": "# café\nimport openai\nMODEL = 'gpt-4o'  # é\n".encode("latin-1"),
    "surrogates.py": b"import openai\nMODEL = '\\ud800 gpt-4o'\n",
    "nul.py": b"import openai\n\0\0MODEL = 'gpt-4o'\n",
    "shifted.sql": "INSERT INTO m VALUES ('gpt-4o');".encode("utf-16"),
    "random.py": b"import openai\n" + bytes(range(128, 256)) * 2000,
}


@pytest.fixture(scope="module")
def pool() -> Iterator[Detector]:
    with detector(DetectSettings(workers=2, file_seconds=15), b"key") as detecting:
        yield detecting


def test_a_hostile_file_costs_itself_and_the_others_are_read(pool: Detector) -> None:
    batch = [item for pair in ((hostile, GOOD) for hostile in HOSTILE.items()) for item in pair]
    seen = list(pool.detect(batch))
    assert sorted(path for path, _ in seen) == sorted(path for path, _ in batch)
    assert all({fact.model_id for fact in found.facts if fact.kind == "model"} == {"gpt-4o"} for path, found in seen if path == "good.py")
    assert not [(path, found.unread) for path, found in seen if found.unread.startswith("defect")]


@pytest.mark.parametrize("name", ["deep.yaml", "deep.json", "deep.py", "line.json", "half.ipynb", "wrong.ipynb"])
def test_a_file_that_was_not_read_whole_says_so(pool: Detector, name: str) -> None:
    (found,) = [found for _, found in pool.detect([(name, HOSTILE[name])])]
    assert found.unread


@pytest.mark.parametrize(
    "name", ["latin.py", "shifted.sql", "odd.ipynb", "types.yaml", "laughs.yaml", "deep.yaml", "deep.json", "deep.ts", "deep.tf"]
)
def test_what_can_still_be_told_of_a_broken_file_is_told(pool: Detector, name: str) -> None:
    (found,) = [found for _, found in pool.detect([(name, HOSTILE[name])])]
    assert "gpt-4o" in {fact.model_id for fact in found.facts}, found


def test_the_pool_and_the_caller_find_the_same(pool: Detector) -> None:
    corpus = Path(__file__).parent / "corpus" / "trees"
    files = [(path.relative_to(corpus).as_posix(), path.read_bytes()) for path in sorted(corpus.rglob("*")) if path.is_file()]
    here = dict(LocalDetector(fingerprint_key=b"key").detect(files))
    assert dict(pool.detect(files)) == here


def test_a_worker_that_is_killed_costs_its_file_and_is_replaced() -> None:
    with detector(DetectSettings(workers=1), b"key") as detecting:
        assert isinstance(detecting, PoolDetector)
        list(detecting.detect([GOOD]))
        (worker,) = detecting._workers
        os.kill(worker._process.pid, signal.SIGKILL)
        first, second = (found for _, found in detecting.detect([("a.py", GOOD[1]), ("b.py", GOOD[1])]))
        assert first == Findings(unread="unparsed: the parser ended (signal 9)")
        assert second.facts
        (again,) = (found for _, found in detecting.detect([("a.py", GOOD[1])]))
        assert again.facts, "a failure that may pass is not remembered"


def test_the_same_file_is_examined_once_however_many_hold_it() -> None:
    with detector(DetectSettings(workers=2), b"key") as detecting:
        assert isinstance(detecting, PoolDetector)
        files = [(f"{number}.py", GOOD[1]) for number in range(5)]
        told: list[list[tuple[str, Findings]]] = []
        threads = [threading.Thread(target=lambda: told.append(list(detecting.detect(files)))) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(told) == 4 and all(dict(each) == dict(told[0]) and len(each) == 5 for each in told)
        assert sum(worker.files for worker in detecting._workers) == 5


def test_a_worker_that_is_stuck_is_given_up() -> None:
    worker = Worker(DetectSettings(file_seconds=0.5), b"key")
    try:
        os.kill(worker._process.pid, signal.SIGSTOP)
        with pytest.raises(Late):
            worker.examine(Task("a.py", GOOD[1]))
    finally:
        worker.stop()
    with pytest.raises(Died):
        worker.examine(Task("a.py", GOOD[1]))


def test_memory_has_a_limit() -> None:
    hungry = b"import openai\n" + b"x = [" + b"'gpt-4o'," * 400_000 + b"]\n"
    with detector(DetectSettings(workers=1, worker_memory=400_000_000, max_text_bytes=100_000_000), b"key") as detecting:
        (found, good) = [found for _, found in detecting.detect([("a.py", hungry * 6), GOOD])]
        assert found.unread.startswith("unparsed")
        assert good.facts


def test_several_threads_share_one_pool(pool: Detector) -> None:
    results: list[int] = []

    def read() -> None:
        results.append(sum(len(found.facts) for _, found in pool.detect([GOOD] * 20)))

    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [40] * 4


def test_nothing_is_imported_from_the_working_directory(tmp_path: Path) -> None:
    for name in ("json.py", "ast.py", "msgspec.py", "scanner.py", "sitecustomize.py"):
        (tmp_path / name).write_text("open('imported', 'w').close()\n")
    code = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from scanner.detect import DetectSettings, detector\n"
        "import os; os.chdir(sys.argv[2])\n"
        "with detector(DetectSettings(workers=1), b'k') as d:\n"
        "    print(len(next(iter(d.detect([('a.py', b'import openai')])))[1].facts))\n"
    )
    root = str(Path(__file__).parent.parent)
    done = subprocess.run([sys.executable, "-P", "-c", code, root, str(tmp_path)], capture_output=True, text=True, cwd=tmp_path, check=True)
    assert (done.stdout.strip(), (tmp_path / "imported").exists()) == ("1", False)


def test_the_environments_secrets_do_not_reach_a_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GNOMON_TEST_TOKEN", "hunter2")
    worker = Worker(DetectSettings(), b"key")
    try:
        environment = Path(f"/proc/{worker._process.pid}/environ")
        if environment.exists():
            assert b"hunter2" not in environment.read_bytes()
        assert b"hunter2" not in json.dumps(worker._process.args).encode()
    finally:
        worker.stop()


def test_no_worker_outlives_the_pool() -> None:
    with detector(DetectSettings(workers=2), b"key") as detecting:
        assert isinstance(detecting, PoolDetector)
        list(detecting.detect([GOOD] * 4))
        processes = [worker._process for worker in detecting._workers]
    assert all(process.poll() is not None for process in processes)


def test_the_version_is_that_of_code_and_catalogue() -> None:
    one, other = LocalDetector(fingerprint_key=b"a").version, LocalDetector(fingerprint_key=b"b").version
    assert one == other
    assert LocalDetector(DetectSettings(max_text_bytes=5000)).version != one
