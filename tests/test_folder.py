"""A folder is read as it lies: repositories, loose files, and whatever hostile hands put between them."""

import os
import shlex
import shutil
import struct
import subprocess
import time
from pathlib import Path

import pytest

from connectors import _local, _owners, folder
from scanner.contracts import Tools
from scanner.errors import AccessDenied, NotServed
from scanner.model import Reason
from tests.desk import LIMIT, PlainDetector, Remembering, desk, gaps, links, listed, sightings
from tests.estate.github.repositories import make
from tests.estate.github.specs import Repository

FIXTURE = Path(__file__).parent / "fixtures" / "folder"
CODE = "import openai\nclient.create(model='gpt-4o')\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    made = tmp_path / "root"
    made.mkdir()
    return made


def git(*arguments: str, at: Path) -> None:
    environment = {"PATH": os.environ["PATH"], "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1"}
    author = ("-c", "user.name=Estate", "-c", "user.email=estate@example.org")
    subprocess.run(["git", *author, *arguments], cwd=at, check=True, capture_output=True, env=environment)


def tree(path: Path, files: dict[str, str | bytes], *, remote: str | None = None) -> Path:
    """A work tree with one commit."""
    path.mkdir(parents=True)
    git("init", "-q", "-b", "main", at=path)
    for name, content in files.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    git("add", "-A", at=path)
    git("commit", "-qm", "first", at=path)
    if remote:
        git("remote", "add", "origin", remote, at=path)
    return path


def connected(root: Path, tools: Tools | None = None, **settings: object) -> folder.Folder:
    return folder.connect(folder.Settings.model_validate({"path": root, **settings}), tools or desk(root.parent / "scratch"))


def whole(connector: folder.Folder) -> list[object]:
    units, found = listed(connector)
    return [*found, *(one for unit in units.values() for one in connector.observe(unit))]


def test_the_fixture_needs_no_configuration(tmp_path: Path) -> None:
    told = whole(connected(FIXTURE, desk(tmp_path / "scratch")))
    assert "model:./folder:openai/gpt-4o" in sightings(told)
    assert ("repo:./folder", "uses", "model:./folder:openai/gpt-4o") in links(told)


def test_each_repository_is_a_unit_and_loose_files_are_another(root: Path) -> None:
    tree(root / "pay", {"a.py": CODE})
    tree(root / "pay" / "nested", {"b.py": CODE})
    make(Repository("bare", {"c.py": CODE.encode()}), root / "bare.git")
    (root / "loose.py").write_text(CODE)
    units, _ = listed(connected(root))
    base = "folder" + str(root)
    assert set(units) == {f"{base}/pay", f"{base}/pay/nested", f"{base}/bare.git", f"{base}/(loose files)"}
    assert units[f"{base}/bare.git"].revision and not units[f"{base}/pay"].revision
    seen = sightings(whole(connected(root)))
    assert {f"sdk:./{name}:openai" for name in ("pay", "pay/nested", "bare.git", "root")} <= set(seen)


def test_a_work_tree_is_read_as_it_lies_on_disk(root: Path) -> None:
    work = tree(root / "pay", {"kept.py": CODE, "changed.py": "x", "deleted.py": CODE, ".gitignore": "ignored.py\n*.gguf\n"})
    (work / "changed.py").write_text(CODE)
    (work / "deleted.py").unlink()
    (work / "untracked.py").write_text(CODE)
    (work / "ignored.py").write_text(CODE)
    (work / "weights.gguf").write_bytes(b"GGUF" + struct.pack("<IQQ", 3, 0, 0))
    tools = desk(root.parent / "scratch")
    seen = sightings(whole(connected(root, tools)))
    assert isinstance(tools.detector, PlainDetector)
    assert sorted(tools.detector.read) == ["changed.py", "kept.py", "untracked.py"]
    assert seen["artifact:./pay:weights.gguf"].attributes["format"] == "gguf", "a model is seen though git ignores it"


def test_a_repository_is_known_by_its_remote(root: Path) -> None:
    tree(root / "pay", {"a.py": CODE, "CODEOWNERS": "*  @acme/ml\n/a.py @Ann\n"}, remote="git@github.com:acme/payments.git")
    told = whole(connected(root))
    seen = sightings(told)
    assert seen["repo:acme/payments"].attributes["owners"] == ("@acme/ml",)
    assert seen["sdk:acme/payments:openai"].attributes["owner"] == "@Ann"
    assert ("repo:acme/payments", "owned", "person:github/acme/team/ml") in links(told)


@pytest.mark.parametrize(
    ("url", "owner"),
    [
        ("git@github.com:acme/payments.git", "acme/payments"),
        ("https://github.com/acme/payments", "acme/payments"),
        ("https://user:secret@github.com/acme/payments.git/", "acme/payments"),
        ("ssh://git@github.com:22/acme/payments.git", "acme/payments"),
        ("ssh://git@ssh.github.com:443/acme/payments.git", "acme/payments"),
        ("https://ghe.acme.org/ml/rank.git", "ghe.acme.org/ml/rank"),
        ("git@gitlab.com:group/sub/rank.git", "gitlab.com/group/sub/rank"),
        ("/srv/git/payments.git", None),
        ("../payments", None),
        ("file:///srv/git/payments.git", None),
        ("ext::sh -c whoami", None),
        ("", None),
    ],
)
def test_a_remotes_address_names_its_repository(url: str, owner: str | None) -> None:
    assert _local.owner_of(url) == owner


def test_a_hostile_configuration_is_inert(root: Path) -> None:
    work = tree(root / "pay", {"a.py": CODE, ".gitattributes": "*.py filter=evil diff=evil\n"})
    pwned = root.parent / "pwned"
    command = f"touch {shlex.quote(str(pwned))}"
    keys = ("core.fsmonitor", "core.pager", "core.sshCommand", "filter.evil.clean", "filter.evil.process", "diff.evil.textconv")
    settings = dict.fromkeys(keys, command) | {"core.hooksPath": f"{work}/hooks", "core.worktree": "/", "include.path": "/etc/passwd"}
    settings |= {"remote.origin.url": f"ext::{command}", "remote.origin.promisor": "true", "extensions.partialClone": "origin"}
    for name, value in settings.items():
        git("config", "--file", str(work / ".git" / "config"), name, value, at=root)
    (work / "hooks").mkdir()
    for hook in ("post-index-change", "post-checkout", "fsmonitor-watchman"):
        (work / "hooks" / hook).write_text(f"#!/bin/sh\n{command}\n")
        (work / "hooks" / hook).chmod(0o700)
    before = (work / ".git" / "index").read_bytes()
    told = whole(connected(root))
    assert "sdk:./pay:openai" in sightings(told)
    assert not pwned.exists()
    assert (work / ".git" / "index").read_bytes() == before
    assert not any("passwd" in str(one) for one in told)


def test_an_index_that_git_cannot_read_does_not_hide_the_files(root: Path) -> None:
    work = tree(root / "pay", {"a.py": CODE})
    (work / ".git" / "index").write_bytes(b"DIRC garbage")
    assert "sdk:./pay:openai" in sightings(whole(connected(root)))


def test_what_is_no_regular_file_is_neither_opened_nor_followed(root: Path) -> None:
    outside = root.parent / "outside"
    outside.mkdir()
    (outside / "secret.py").write_text(CODE)
    work = tree(root / "pay", {"kept.txt": "x"})
    for place in (root, work):
        os.mkfifo(place / "pipe.py")
        (place / "loop").symlink_to("..")
        (place / "self").symlink_to("self")
        (place / "link.py").symlink_to(outside / "secret.py")
        (place / "away").symlink_to(outside)
    (root / "repository").symlink_to(work)
    tools = desk(root.parent / "scratch")
    units, _ = listed(connected(root, tools))
    assert len(units) == 1, [*units]
    assert sightings(whole(connected(root, tools))).keys() == {"repo:./pay"}


def test_a_fifo_in_place_of_gits_own_files_does_not_hang(root: Path) -> None:
    for name in ("HEAD", "config", "index"):
        work = tree(root / f"with-{name}", {"a.py": CODE})
        (work / ".git" / name).unlink()
        os.mkfifo(work / ".git" / name)
    started = time.monotonic()
    whole(connected(root, max_seconds=2))
    assert time.monotonic() - started < 15


def test_names_that_are_not_utf8_and_names_of_modules(root: Path) -> None:
    work = tree(root / "pay", {"logging.py": CODE, "json/__init__.py": CODE, "a\nb.py": CODE, "<b>.py": CODE})
    Path(os.fsdecode(os.fsencode(work) + b"/caf\xe9.py")).write_text(CODE)
    Path(os.fsdecode(os.fsencode(root) + b"/d\xe9p\xf4t")).mkdir()
    shutil.copytree(work, os.fsdecode(os.fsencode(root) + b"/d\xe9p\xf4t/inner"))
    told = whole(connected(root))
    places = {evidence.where for one in sightings(told).values() for evidence in one.evidence}
    assert any(place.startswith("folder:pay:caf\\xe9.py") for place in places)
    assert any("d\\xe9p\\xf4t/inner" in place for place in places)
    assert sightings(told)["sdk:./pay:openai"].attributes["places"] == 5
    for place in places:
        place.encode("utf-8")


def test_a_file_over_the_limit_is_a_gap_that_names_it(root: Path) -> None:
    tree(root / "pay", {"large.py": CODE + "#" * LIMIT, "small.py": CODE, "empty.py": ""})
    found = gaps(whole(connected(root)))
    assert [(gap.scope.rpartition("/")[2], gap.reason) for gap in found] == [("large.py", Reason.LIMIT)]


@pytest.mark.skipif(os.getuid() == 0, reason="root may read everything")
def test_a_directory_that_may_not_be_listed_is_a_gap(root: Path) -> None:
    (root / "closed").mkdir(mode=0o000)
    _, found = listed(connected(root))
    assert [gap.reason for gap in found] == [Reason.DENIED]


def test_a_folder_that_is_not_there_is_said_and_doctor_says_what_to_do(root: Path) -> None:
    connector = connected(root / "missing")
    with pytest.raises(NotServed):
        listed(connector)
    (check,) = connector.check()
    assert not check.ok and "path" in check.remedy
    assert all(check.ok for check in connected(root).check())


def test_a_repository_that_vanished_since_the_listing_is_said(root: Path) -> None:
    tree(root / "pay", {"a.py": CODE})
    connector = connected(root)
    units, _ = listed(connector)
    shutil.rmtree(root / "pay")
    with pytest.raises((NotServed, AccessDenied)):
        list(connector.observe(next(iter(units.values()))))


def test_excluded_places_are_named_in_a_gap(root: Path) -> None:
    tree(root / "pay", {"a.py": CODE})
    tree(root / "old-pay", {"a.py": CODE})
    units, found = listed(connected(root, exclude=["old-*"]))
    assert [key.rpartition("/")[2] for key in units] == ["pay"]
    assert [(gap.reason, gap.scope.rpartition("/")[2]) for gap in found] == [(Reason.SKIPPED, "old-pay")]


def test_the_same_bytes_are_never_parsed_twice(root: Path) -> None:
    tree(root / "pay", {"a.py": CODE, "b.py": "import openai"})
    facts = Remembering()
    facts.learn(whole(connected(root, desk(root.parent / "scratch", facts=facts))))
    (root / "pay" / "b.py").write_text("import openai # changed")
    tools = desk(root.parent / "scratch", facts=facts)
    seen = sightings(whole(connected(root, tools)))
    assert isinstance(tools.detector, PlainDetector) and tools.detector.read == ["b.py"]
    assert seen["sdk:./pay:openai"].attributes["places"] == 2


def test_packed_references_linked_work_trees_and_empty_repositories(root: Path) -> None:
    work = tree(root / "pay", {"a.py": CODE}, remote="https://github.com/acme/pay")
    git("pack-refs", "--all", at=work)
    git("worktree", "add", "-q", "-b", "other", str(root / "linked"), at=work)
    (root / "empty").mkdir()
    git("init", "-q", at=root / "empty")
    make(Repository("void"), root / "void.git")
    found = {each.path.name: each for each in _local.walk(root) if isinstance(each, _local.Repository)}
    assert set(found) == {"pay", "linked", "empty", "void.git"}
    assert _local.head(found["pay"]) == _local.head(found["linked"]) != None  # noqa: E711 - both, and there
    assert _local.head(found["empty"]) is _local.head(found["void.git"]) is None
    seen = sightings(whole(connected(root)))
    assert {"repo:acme/pay", "repo:./empty", "repo:./void.git"} <= set(seen)


def test_a_git_lfs_pointer_carries_the_models_digest(root: Path) -> None:
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{'ab' * 32}\nsize 5000000000\n"
    make(Repository("bare", {"models/m.safetensors": pointer.encode()}), root / "bare.git")
    (found,) = (one for one in sightings(whole(connected(root))).values() if one.kind == "artifact")
    assert found.identifiers == (f"sha256:{'ab' * 32}",)
    assert found.attributes["bytes"] == 5_000_000_000


@pytest.mark.slow
def test_a_hundred_thousand_files(root: Path) -> None:
    for number in range(100):
        (root / f"d{number}").mkdir()
        for name in range(1000):
            (root / f"d{number}" / f"{name}.{'py' if name == 0 else 'png'}").touch()
        (root / f"d{number}" / "0.py").write_text(CODE)
    git("init", "-q", at=root)
    tools = desk(root.parent / "scratch")
    started = time.monotonic()
    seen = sightings(whole(connected(root, tools)))
    assert seen["sdk:./root:openai"].attributes["places"] == 100
    assert time.monotonic() - started < 30
    shutil.rmtree(root / ".git")
    assert sightings(whole(connected(root, tools)))["sdk:./root:openai"].attributes["places"] == 100


@pytest.mark.parametrize(
    ("pattern", "path", "owned"),
    [
        ("*", "a/b.py", True),
        ("*.py", "a/b.py", True),
        ("*.py", "a/b.js", False),
        ("/build/", "build/x/y", True),
        ("/build/", "src/build/x", False),
        ("docs/", "src/docs/x", True),
        ("docs/*", "docs/x", True),
        ("docs/*", "docs/x/y", False),
        ("/apps/**/prod", "apps/a/b/prod/x", True),
        ("**/logs", "a/b/logs/c", True),
        ("apps", "apps/x", True),
        ("a?c.py", "abc.py", True),
    ],
)
def test_codeowners_patterns_mean_what_github_says(pattern: str, path: str, owned: bool) -> None:
    assert _owners.Owners(_owners.rules(f"{pattern} @acme/ml")).of(path) == (("@acme/ml",) if owned else ())


def test_the_last_rule_counts_and_addresses_are_left_out() -> None:
    found = _owners.Owners(_owners.rules("# who\n* @one two@example.org\n*.py @Two # really\n/vendor/\n"))
    assert (found.of("a.md"), found.of("a.py"), found.of("vendor/a.py"), found.whole) == (("@one",), ("@Two",), (), ("@one",))
    assert _owners.person("@Acme/ML") == "person:github/acme/team/ml"
