"""Git is asked nothing that a scanned repository, or a server, could turn against us."""

import os
import shlex
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors import _git, _git_errors
from scanner.contracts import Network
from scanner.errors import AccessDenied, OverLimit, ReadError, Throttled, UnexpectedReply, Unreachable
from tests.estate.github import GitHub, Organisation, Repository, github
from tests.estate.github.repositories import make

pytestmark = pytest.mark.slow
FILES = {"a.py": b"import openai\n", "big.bin": os.urandom(3_000_000), "caf\udce9/b.py": b"x = 1\n"}
NETWORK = Network(timeout=2, retries=0)
HEADER = "Authorization: Basic eC1hY2Nlc3MtdG9rZW46ZXN0YXRlLXRva2Vu"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GitHub]:
    with github([Organisation("acme", (Repository("pay", FILES),))], tmp_path_factory.mktemp("git")) as running:
        yield running


@pytest.fixture(autouse=True)
def healed(server: GitHub) -> Iterator[None]:
    yield
    server.heal()


def opened(
    server: GitHub, scratch: Path, *, header: str | None = HEADER, seconds: float = 20, most: int = 10**8, network: Network = NETWORK
):
    return _git.remote(f"{server.url}/acme/pay.git", network, scratch, header=header, seconds=seconds, most=most)


def head(server: GitHub) -> str:
    found = server.state.head("acme", "pay")
    assert found
    return found


def test_only_wanted_blobs_are_fetched_and_the_clone_is_gone_after(server: GitHub, tmp_path: Path) -> None:
    with opened(server, tmp_path) as git:
        _git.fetch_trees(git, head(server))
        entries = {entry.path: entry for entry in _git.entries(git, head(server), sizes=False)}
        assert set(entries) == set(FILES)
        before = len(server.requests)
        _git.fetch_blobs(git, [entries["a.py"].oid, entries["caf\udce9/b.py"].oid])
        assert len([one for one in server.requests[before:] if one.method == "POST" and "upload-pack" in one.path]) <= 2
        assert [blob.data for blob in _git.blobs(git, [entries["a.py"].oid], 1000)] == [b"import openai\n"]
        kept = sum(file.stat().st_size for file in git.directory.rglob("*") if file.is_file())
        assert kept < 100_000
    assert list(tmp_path.iterdir()) == []


def test_a_blob_that_is_not_here_is_never_fetched_by_itself(server: GitHub, tmp_path: Path) -> None:
    with opened(server, tmp_path) as git:
        _git.fetch_trees(git, head(server))
        oid = next(entry.oid for entry in _git.entries(git, head(server), sizes=False))
        before = len(server.requests)
        with pytest.raises(ReadError):
            list(_git.blobs(git, [oid], 100))
        assert len(server.requests) == before


def test_of_a_large_blob_only_its_head_is_kept(tmp_path: Path) -> None:
    make(Repository("local", {"big.bin": b"x" * 1_000_000, "small.txt": b"y"}), tmp_path / "r.git")
    commit = (tmp_path / "r.git/refs/heads/main").read_text().strip()
    with _git.borrowed(tmp_path / "r.git/objects", tmp_path, sha256=False, seconds=20, most=10**8) as git:
        entries = list(_git.entries(git, commit, sizes=True))
        assert [(entry.path, entry.size) for entry in entries] == [("big.bin", 1_000_000), ("small.txt", 1)]
        blobs = list(_git.blobs(git, [entry.oid for entry in entries], 10))
    assert [(blob.size, blob.data) for blob in blobs] == [(1_000_000, b"x" * 10), (1, b"y")]


def test_the_token_is_in_no_argument_list_and_no_file(server: GitHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = shutil.which("git")
    said = tmp_path / "said"
    (tmp_path / "bin").mkdir()
    wrapper = tmp_path / "bin" / "git"
    wrapper.write_text(f'#!/bin/sh\nprintf "%s\\n" "$*" >> {shlex.quote(str(said))}\nexec {real} "$@"\n')
    wrapper.chmod(0o700)
    monkeypatch.setenv("PATH", f"{wrapper.parent}:{os.environ['PATH']}")
    with opened(server, tmp_path) as git:
        _git.fetch_trees(git, head(server))
        files = b"".join(file.read_bytes() for file in git.directory.rglob("*") if file.is_file())
    secret = HEADER.rpartition(" ")[2]
    assert "fetch" in said.read_text()
    assert secret not in said.read_text()
    assert secret.encode() not in files


def test_a_wrong_token_is_denied(server: GitHub, tmp_path: Path) -> None:
    with pytest.raises(AccessDenied), opened(server, tmp_path, header=None) as git:
        _git.fetch_trees(git, "HEAD")


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (403, b"no", AccessDenied),
        (404, b"no", AccessDenied),
        (429, b"slow down", Throttled),
        (500, b"oh", Unreachable),
        (503, b"", Unreachable),
        (200, b"<html>a login page</html>", UnexpectedReply),
        (200, b"", UnexpectedReply),
        (302, b"", ReadError),
    ],
)
def test_what_a_server_answers_is_told_apart(server: GitHub, tmp_path: Path, status: int, body: bytes, expected: type[ReadError]) -> None:
    headers = {"Location": "http://127.0.0.1:9/elsewhere"} if status == 302 else {"Content-Type": "text/html"}
    server.fail("GET", r"info/refs", status=status, body=body, headers=headers)
    with pytest.raises(expected), opened(server, tmp_path) as git:
        _git.fetch_trees(git, "HEAD")


def test_half_a_pack_is_no_answer(server: GitHub, tmp_path: Path) -> None:
    server.fail("POST", r"git-upload-pack", status=200, body=b"000dpackfile\n0100", half=True, contains="fetch")
    with pytest.raises(ReadError), opened(server, tmp_path) as git:
        _git.fetch_trees(git, head(server))


def test_a_server_that_hangs_is_given_up_in_time(server: GitHub, tmp_path: Path) -> None:
    server.fail("GET", r"info/refs", hang=True)
    started = time.monotonic()
    with pytest.raises(Unreachable), opened(server, tmp_path, seconds=1) as git:
        _git.fetch_trees(git, "HEAD")
    assert time.monotonic() - started < 10


def test_a_pack_beyond_the_limit_is_cut_off(server: GitHub, tmp_path: Path) -> None:
    with pytest.raises(OverLimit), opened(server, tmp_path, most=1_000_000) as git:
        _git.fetch_trees(git, head(server))
        _git.fetch_blobs(git, [entry.oid for entry in _git.entries(git, head(server), sizes=False) if entry.path == "big.bin"])


def test_a_commit_that_was_rewritten_away_is_told(server: GitHub, tmp_path: Path) -> None:
    with pytest.raises(_git_errors.Vanished), opened(server, tmp_path) as git:
        _git.fetch_trees(git, "1" * 40)


def test_the_proxy_reaches_git(server: GitHub, tmp_path: Path) -> None:
    with pytest.raises(Unreachable), opened(server, tmp_path, network=Network(timeout=2, proxy="http://127.0.0.1:9")) as git:
        _git.fetch_trees(git, "HEAD")


def test_the_environments_proxy_does_not(server: GitHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    with opened(server, tmp_path) as git:
        _git.fetch_trees(git, head(server))


@pytest.mark.parametrize("url", ["ext::touch {pwned}", "file:///etc", "--upload-pack=touch {pwned}"])
def test_no_other_protocol_is_spoken(tmp_path: Path, url: str) -> None:
    pwned = tmp_path / "pwned"
    with _git.remote("https://127.0.0.1:9/x", NETWORK, tmp_path, header=None, seconds=5, most=10**6) as git:
        with pytest.raises(ReadError):
            git.run("fetch", "--", url.format(pwned=pwned), "HEAD")
        assert not pwned.exists()


def test_a_borrowed_repository_runs_nothing_of_its_own(tmp_path: Path) -> None:
    hostile = tmp_path / "hostile.git"
    make(Repository("hostile", {"a.py": b"x"}), hostile)
    pwned = tmp_path / "pwned"
    command = f"touch {shlex.quote(str(pwned))}"
    settings = {
        "core.fsmonitor": command, "core.sshCommand": command, "core.pager": command, "core.alternateRefsCommand": command,
        "remote.origin.url": "ext::" + command, "remote.origin.promisor": "true", "remote.origin.uploadpack": command,
        "extensions.partialClone": "origin", "core.gitProxy": command, "credential.helper": "!" + command,
    }  # fmt: skip
    for name, value in settings.items():
        subprocess.run(["git", "config", "--file", str(hostile / "config"), name, value], check=True)
    (hostile / "hooks").mkdir()
    for name in ("post-checkout", "post-index-change", "reference-transaction"):
        (hostile / "hooks" / name).write_text(f"#!/bin/sh\n{command}\n")
        (hostile / "hooks" / name).chmod(0o700)
    commit = (hostile / "refs/heads/main").read_text().strip()
    with _git.borrowed(hostile / "objects", tmp_path, sha256=False, seconds=5, most=10**6) as git:
        (entry,) = _git.entries(git, commit, sizes=True)
        for loose in (hostile / "objects").rglob(entry.oid[2:]):
            loose.unlink()
        assert [blob.data for blob in _git.blobs(git, [entry.oid], 10)] in ([], [b"x"])
    assert not pwned.exists()


def test_gits_words_are_never_shown() -> None:
    said = "fatal: bad object in 'hunter2: the content of a file'"
    assert "hunter2" not in str(_git_errors.error("fetch", 128, said))
