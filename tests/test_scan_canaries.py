"""Secrets planted wherever a careless person would put one: none is in anything that a scan writes, says or hands to a child."""

import base64
import secrets
import sqlite3
import string
import subprocess
import threading
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.estate.github import Environment, Organisation, Repository, github
from tests.estate.kubernetes import objects as k8s
from tests.place import CLUSTER, CODE, Place, git, running, serving

GITHUB = '[[source]]\ntype = "github"\norganisation = "acme"\napi_url = "{}"\nhost = "github.com"\ntoken = "ACME_TOKEN"\nconcurrency = 2\n'
LETTERS = string.ascii_letters + string.digits


class Canaries:
    """Random values, each as a credential of a known shape or of none."""

    def __init__(self) -> None:
        self.values: dict[str, str] = {}

    def openai(self, where: str) -> str:
        return self._keep(where, f"sk-proj-{self._random(74)}T3BlbkFJ{self._random(74)}")

    def github(self, where: str) -> str:
        return self._keep(where, f"ghp_{self._random(36)}")

    def plain(self, where: str) -> str:
        return self._keep(where, self._random(32) + "+/=?")

    def _keep(self, where: str, value: str) -> str:
        self.values[where] = value
        return value

    @staticmethod
    def _random(length: int) -> str:
        return "".join(secrets.choice(LETTERS) for _ in range(length))


def spellings(value: str) -> set[bytes]:
    """In clear, hex, URL-encoded, and base64 at each of the three offsets it may have in a longer text."""
    raw = value.encode()
    shifted = {base64.b64encode(b"." * offset + raw)[4 if offset else 0 : -4] for offset in range(3)}
    plain = {raw, raw.hex().encode(), raw.hex().upper().encode(), quote(value, safe="").encode(), raw[:24], raw[-24:]}
    return plain | shifted | {each.replace(b"+", b"-").replace(b"/", b"_") for each in shifted}


def found(canaries: Canaries, written: dict[str, bytes]) -> list[tuple[str, str]]:
    return [
        (where, name)
        for where, value in canaries.values.items()
        for spelling in spellings(value)
        for name, content in written.items()
        if spelling in content
    ]


def files(*roots: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for root in roots for path in root.rglob("*") if path.is_file()}


class Children:
    """What anyone on this machine can read of the command and of what it starts: their argument lists, as often as one can look."""

    def __init__(self, parent: int) -> None:
        self.seen: set[bytes] = set()
        self._parent, self._over = parent, threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def ended(self) -> bytes:
        self._over.set()
        self._thread.join()
        return b"\n".join(sorted(self.seen))

    def _watch(self) -> None:
        while not self._over.wait(0.002):
            self._look(self._parent)

    def _look(self, process: int) -> None:
        try:
            self.seen.add(Path(f"/proc/{process}/cmdline").read_bytes())
            below = [child for task in Path(f"/proc/{process}/task").iterdir() for child in _children(task)]
        except OSError:
            return
        for child in below:
            self._look(child)


def _children(task: Path) -> list[int]:
    return [int(child) for child in (task / "children").read_text().split()]


def organisation(canaries: Canaries) -> Organisation:
    workflow = f"on: push\nenv:\n  OPENAI_API_KEY: {canaries.openai('workflow')}\njobs: {{}}\n"
    code = f"{CODE}KEY = '{canaries.openai('code')}'\npassword = '{canaries.plain('password in code')}'\n"
    compose = f"services:\n  web:\n    image: acme/web\n    environment:\n      OPENAI_API_KEY: {canaries.openai('compose')}\n"
    url = f"OPENAI_BASE_URL=https://user:{canaries.plain('password in a URL')}@api.openai.com/v1?key={canaries.plain('query of a URL')}\n"
    content = {
        "app.py": code.encode(),
        ".github/workflows/ci.yml": workflow.encode(),
        "compose.yaml": compose.encode(),
        ".env": url.encode(),
        "broken.yaml": f"a: [\n{canaries.openai('a file that cannot be parsed')}: {{".encode(),
    }
    variables = {"OPENAI_API_KEY_PLAIN": canaries.openai("an Actions variable")}
    return Organisation(
        "acme", (Repository("payments", content, variables=variables, environments=(Environment("prod", ("KEY",), variables),)),)
    )


def workloads(canaries: Canaries) -> list[dict[str, object]]:
    env = {"OPENAI_API_KEY": canaries.openai("env"), "DB_PASSWORD": canaries.plain("env of no known shape")}
    env |= {"OPENAI_BASE_URL": f"https://user:{canaries.plain('userinfo in env')}@llm.acme.io/v1?token={canaries.plain('query in env')}"}
    hidden = base64.b64encode(canaries.plain("data of a Secret").encode()).decode()
    note = {"kubectl.kubernetes.io/last-applied-configuration": canaries.plain("annotation"), "description": canaries.openai("description")}
    web = k8s.deployment(
        "web", "web", k8s.container("acme/web:1", env=env, args=["--api-key", canaries.openai("argument")]), annotations=note
    )
    return [*serving(env=env), *k8s.rolled_out(web), k8s.thing("v1", "Secret", "keys", "llm", data={"key": hidden}, type="Opaque")]


@pytest.mark.slow
def test_no_secret_leaves_the_place_where_it_lies(tmp_path: Path) -> None:
    canaries = Canaries()
    place, temporary = Place(tmp_path / "place"), tmp_path / "tmp"
    temporary.mkdir()
    token = canaries.github("our own token")
    local = place.repository("local", {"app.py": f"{CODE}KEY = '{canaries.openai('a local repository')}'\n"})
    git(local, "remote", "set-url", "origin", f"https://user:{canaries.github('a remote in .git/config')}@github.com/acme/local.git")
    place.records({"id": "other", "identifiers": ["hf:acme/other"], "state": "approved"})
    with github([organisation(canaries)], tmp_path / "github", token=token) as acme, running(place, workloads(canaries)) as cluster:
        place.config(
            GITHUB.format(acme.api_url),
            '[[source]]\ntype = "folder"\npath = "code"\n',
            CLUSTER.format(name="prod-eu") + "list_secrets = true\n",
        )
        place.environment = {"ACME_TOKEN": token, "TMPDIR": str(temporary), "UNRELATED_SECRET": canaries.plain("an unrelated variable")}
        cluster.fail("/services", status=500, body=f"error: {canaries.openai('an error body')}".encode())
        acme.fail("GET", ".*/dependabot/.*", status=500, body=f"oops {canaries.openai('an error of GitHub')}".encode())
        with place.started("scan", stderr=subprocess.PIPE) as process:
            children = Children(process.pid)
            out, err = process.communicate(timeout=120)
            arguments = children.ended()
        kubernetes = cluster.token
    assert process.returncode == 0, err
    canaries.values["the cluster's token"] = kubernetes
    written = files(place.directory / "gnomon-report", temporary) | files_beside(place)
    written |= {"stdout": out.encode(), "stderr": err.encode(), "argument lists": arguments}
    assert found(canaries, written) == []
    assert b"git" in arguments
    assert [path for path in written if path.startswith(str(temporary))] == []
    assert {"leaked-credential"} <= {row["check"] for row in place.report()["findings"]}, "the canaries were seen, and not merely missed"


def files_beside(place: Place) -> dict[str, bytes]:
    """The store, its log and its key."""
    raw = {str(path): path.read_bytes() for path in place.directory.glob("gnomon.*") if path.name != "gnomon.toml"}
    with sqlite3.connect(place.directory / "gnomon.db") as store:
        tables = [name for (name,) in store.execute("select name from sqlite_master where type = 'table'")]
        rows = {f"table {name}": b"\n".join(map(_bytes, store.execute(f"select * from {name}"))) for name in tables}
    store.close()
    assert rows["table units"] and rows["table findings"]
    return raw | rows


def _bytes(row: tuple[object, ...]) -> bytes:
    return b"\t".join(value if isinstance(value, bytes) else str(value).encode() for value in row)


def test_a_canary_would_be_found(tmp_path: Path) -> None:
    canaries = Canaries()
    value = canaries.plain("here")
    for spelling in (value, value.encode().hex(), quote(value, safe=""), base64.b64encode(f"user:{value}".encode()).decode()):
        assert found(canaries, {"file": f"before {spelling} after".encode()})
    assert not found(canaries, {"file": b"nothing"})
