"""A place to run the real command in: a directory with repositories, a registry, a config, and what the command says there."""

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import chdir, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from typer.testing import CliRunner

from scanner.cli import app
from tests.estate.kubernetes import Cluster, cluster
from tests.estate.kubernetes import objects as k8s

TOP = Path(__file__).resolve().parent.parent
GIT = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "GIT_AUTHOR_DATE": "2026-11-01T00:00:00Z", "PATH": os.environ["PATH"]}
GIT |= {"GIT_COMMITTER_DATE": GIT["GIT_AUTHOR_DATE"]}
QWEN = "Qwen/Qwen2.5-7B-Instruct"
CODE = f'from transformers import AutoModel\n\nmodel = AutoModel.from_pretrained("{QWEN}")\n'
COMPLETE = {
    "version": "1",
    "state": "deployed",
    "framework": "pytorch 2.7",
    "use_case": "customer operations",
    "business_purpose": "Does the work that its name says for the teams of Acme",
    "owner": "ml-platform",
    "owner_person": "jdoe",
    "approver": "m-governance",
    "risk_class": "limited",
    "source_repository": "repo:acme/models",
    "source_commit": "5f2c1e0",
    "review_due": "2099-01-01",
}
CLUSTER = '[[source]]\ntype = "kubernetes"\nkubeconfig = "kubeconfig-{name}.yaml"\ncontexts = ["{name}"]\n'
QUICK = "[network]\ntimeout = 5\nretries = 0\nmax_wait = 1\n"
LLAMA = "meta-llama/Llama-3.1-8B-Instruct"


class Done(NamedTuple):
    """How the command ended, and what it said."""

    code: int
    out: str
    err: str


class Place:
    """`environment` holds what the user of the command has set."""

    def __init__(self, directory: Path) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self.directory = directory
        self.environment: dict[str, str] = {}

    def repository(self, name: str, files: Mapping[str, str | bytes], *, under: str = "code") -> Path:
        """A work tree with one commit and a remote on github.com."""
        path = self.directory / under / name
        path.mkdir(parents=True, exist_ok=True)
        for file, content in files.items():
            (path / file).parent.mkdir(parents=True, exist_ok=True)
            (path / file).write_bytes(content if isinstance(content, bytes) else content.encode())
        if not (path / ".git").exists():
            git(path, "init", "-q", "-b", "main")
            git(path, "remote", "add", "origin", f"https://github.com/acme/{name}.git")
        git(path, "add", "-A")
        git(path, "-c", "user.name=a", "-c", "user.email=a@example.org", "commit", "-q", "-m", "all", "--allow-empty")
        return path

    def records(self, *records: Mapping[str, Any], file: str = "registry/records.json") -> Path:
        """These records and no others in a file of the registry; each is complete but for what it says itself."""
        path = self.directory / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps([COMPLETE | {"name": record["id"]} | record for record in records]), "utf-8")
        return path

    def config(self, *sources: str, registry: bool = True, more: str = "") -> Path:
        """gnomon.toml; `more` stands before the tables."""
        registries = '[[registry]]\ntype = "files"\npath = "registry"\n' if registry else ""
        path = self.directory / "gnomon.toml"
        path.write_text("\n".join([more, QUICK, *sources, registries]), "utf-8")
        return path

    def gnomon(self, *arguments: str) -> Done:
        """The command, in this process: the same code, without the second that Python takes to start."""
        with chdir(self.directory):
            done = CliRunner().invoke(app, arguments, env={**self.environment}, catch_exceptions=False)
        return Done(done.exit_code, done.stdout, done.stderr)

    def started(self, *arguments: str, **options: Any) -> "subprocess.Popen[str]":
        """The command, in a process of its own."""
        environment = {**os.environ, "PYTHONPATH": str(TOP), **self.environment}
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, **options}
        return subprocess.Popen([sys.executable, "-m", "scanner", *arguments], cwd=self.directory, env=environment, **pipes)

    def scan(self, *options: str, code: int = 0) -> dict[str, Any]:
        """The JSON report of a scan that ends so."""
        done = self.gnomon("scan", "--format", "json", *options)
        assert done.code == code, done
        return self.report()

    def report(self, output: str = "gnomon-report") -> dict[str, Any]:
        """The JSON report that lies there."""
        read: dict[str, Any] = json.loads((self.directory / output / "report.json").read_text("utf-8"))
        return read


def git(path: Path, *arguments: str) -> None:
    """git, without the machine's own configuration."""
    subprocess.run(["git", "-C", str(path), *arguments], check=True, env=GIT)


def checks(report: Mapping[str, Any], status: str | None = None) -> list[str]:
    """The verdicts of a report by name, but those that only name a gap; of one status where it is given."""
    rows = (row for row in report["findings"] if row["check"] != "blind-spot")
    return sorted(row["check"] for row in rows if status in (None, row["status"]))


def statuses(report: Mapping[str, Any]) -> dict[str, str]:
    """The status of each verdict, by its check; closed ones too."""
    rows = (*report["findings"], *report["resolved"])
    return {row["check"]: row["status"] for row in rows if row["check"] != "blind-spot"}


def gaps(report: Mapping[str, Any], *but: str) -> list[tuple[str, str]]:
    """Scope and reason of what was not seen, but platforms without a source."""
    return [(gap["scope"], gap["reason"]) for gap in report["gaps"] if gap["reason"] not in ("no-source", *but)]


def serving(model: str = LLAMA, name: str = "gateway", namespace: str = "llm", **options: Any) -> list[dict[str, Any]]:
    """A Deployment that is rolled out and serves a model."""
    container = k8s.container("vllm/vllm-openai:v0.8.4", args=["--model", model], **options)
    return list(k8s.rolled_out(k8s.deployment(name, namespace, container)))


@contextmanager
def running(place: Place, objects: Iterable[Mapping[str, Any]], name: str = "prod-eu", **options: Any) -> Iterator[Cluster]:
    """A cluster with the namespaces `llm` and `web`, whose kubeconfig lies in the place."""
    there = [k8s.namespace("llm"), k8s.namespace("web"), *objects]
    with cluster(there, name, place.directory, **options) as made:
        yield made


def removed(made: Cluster, objects: Iterable[Mapping[str, Any]]) -> None:
    """Takes objects out of a cluster."""
    for each in objects:
        made.server.storage.remove(each["kind"], each["metadata"]["name"])
