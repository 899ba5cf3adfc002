"""The whole estate standing on loopback: GitHub, S3, AWS, three clusters, inference servers, and Acme's registry."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from tests.estate import planting
from tests.estate.aws import Aws, aws
from tests.estate.github import GitHub, github
from tests.estate.kubernetes import Cluster, cluster, kubeconfig
from tests.estate.s3 import S3Server, seaweed
from tests.estate.world import Row, World, objects

CONFIG = """# The demo's configuration, written by tests/estate/estate.py
output = "report"
waivers = "waivers.toml"

[organisation]
name = "Acme"
timezone = "Europe/Paris"
not_used = {not_used}

[policy]
clean_scans = 1

[[source]]
type = "github"
organisation = "acme"
api_url = "{github}"
host = "github.com"
token = "ESTATE_GITHUB_TOKEN"

[[source]]
type = "s3"
endpoint_url = "{s3}"
account = "{account}"
access_key_env = "ESTATE_S3_KEY"
secret_key_env = "ESTATE_S3_SECRET"

[[source]]
type = "kubernetes"
kubeconfig = "kubeconfig"
contexts = {contexts}

[[source]]
type = "sagemaker"
endpoint_url = "{aws}"
access_key_env = "ESTATE_AWS_KEY"
secret_key_env = "ESTATE_AWS_SECRET"

[[source]]
type = "iam"
endpoint_url = "{aws}"
access_key_env = "ESTATE_AWS_KEY"
secret_key_env = "ESTATE_AWS_SECRET"

[[source]]
type = "inference"
endpoints = {endpoints}

[[registry]]
type = "files"
name = "acme"
path = "registry"

[[registry]]
type = "files"
name = "risk-office"
path = "risk-office.csv"
"""
NOT_USED = [
    "gitlab", "bitbucket", "azure-devops", "azure", "google-cloud", "databricks", "snowflake", "hugging-face", "container-registries",
    "own-servers", "laptops", "saas", "aws-bedrock", "aws-compute",
]  # fmt: skip


class Estate:
    """Everything that runs, and the directory that a user of it would have."""

    def __init__(self, directory: Path, world: World) -> None:
        self.directory = directory
        self.world = world
        self.clusters: dict[str, Cluster] = {}
        self.names: dict[str, str] = {}
        self.environment: dict[str, str] = {}

    def described(self) -> str:
        """What stands, in numbers."""
        world = self.world
        counts = {
            "repositories": len(world.files()),
            "clusters": len(self.clusters),
            "buckets": len(world.estate["buckets"]),
            "endpoints": sum(1 for part in ("sagemaker", "probe") for _ in world.every(part)),
            "records": sum(1 for _ in world.every("record")),
        }
        return ", ".join(f"{count} {what}" for what, count in counts.items())

    def expected(self, run: str) -> list[Row]:
        """The planted verdicts, with what is only known now (key ids, ports) filled in."""
        return sorted((check, planting.filled(asset, self.names), record) for check, asset, record in self.world.expected(run))

    def block(self, name: str) -> None:
        """A cluster stops answering."""
        self.clusters[name].fail(".*", status=503, body=b"")

    def scan(self, output: str, *options: str) -> dict[str, Any]:
        """`gnomon scan`, as a user calls it; the JSON report, parsed."""
        command = [sys.executable, "-m", "scanner", "scan", "--config", "gnomon.toml", "--output", output, *options]
        done = subprocess.run(command, cwd=self.directory, env={**os.environ, **self.environment}, check=False)
        if done.returncode != 0:
            raise SystemExit(f"gnomon scan ended with exit code {done.returncode}")
        report: dict[str, Any] = json.loads((self.directory / output / "report.json").read_text("utf-8"))
        return report


@contextmanager
def standing(directory: Path) -> Iterator[Estate]:
    """The estate, from an empty directory, until the block ends."""
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    estate = Estate(directory, World())
    with ExitStack() as stack:
        servers = directory / "servers"
        code = stack.enter_context(github([planting.organisation(estate.world)], servers / "github"))
        store = stack.enter_context(seaweed(servers / "s3"))
        cloud = stack.enter_context(aws())
        for name in estate.world.estate["clusters"]:
            made = cluster(list(objects(estate.world, name)), name, servers / name)
            estate.clusters[name] = stack.enter_context(made)
        probes = _probes(estate, stack, servers)
        _planted(estate, code, store, cloud)
        _configured(estate, code, store, cloud, probes)
        yield estate


def _probes(estate: Estate, stack: ExitStack, servers: Path) -> list[str]:
    urls = []
    for planted in estate.world.every("probe"):
        name = planted["recording"]
        from tests.estate import inference

        server = inference.llamacpp(servers / name) if planted.get("live") else inference.replay(name)
        url = stack.enter_context(server).url
        estate.names[name] = url
        urls.append(url)
    return urls


def _planted(estate: Estate, code: GitHub, store: S3Server, cloud: Aws) -> None:
    world = estate.world
    planting.buckets(world, store.client())
    planting.sagemaker(world, cloud)
    estate.names |= planting.identities(world, cloud)
    planting.registry(world, estate.directory / "registry", estate.names)
    estate.environment = {
        "ESTATE_GITHUB_TOKEN": code.token,
        "ESTATE_S3_KEY": store.key,
        "ESTATE_S3_SECRET": store.secret,
        "ESTATE_AWS_KEY": "scanner",
        "ESTATE_AWS_SECRET": "scanner",
    }


def _configured(estate: Estate, code: GitHub, store: S3Server, cloud: Aws, probes: list[str]) -> None:
    contexts = ", ".join(f'{{ context = "{name}", environment = "{_environment(name)}" }}' for name in estate.clusters)
    text = CONFIG.format(
        github=code.api_url, s3=store.url, aws=cloud.url, account=estate.world.estate["account"], region=estate.world.estate["region"],
        contexts=f"[{contexts}]", endpoints=json.dumps(probes), not_used=json.dumps(NOT_USED),
    )  # fmt: skip
    (estate.directory / "gnomon.toml").write_text(text, "utf-8")
    planting.waivers(estate.world, estate.directory / "waivers.toml")
    kubeconfig(estate.clusters.values(), estate.directory / "kubeconfig")


def _environment(name: str) -> str:
    return "production" if name.startswith("prod") else name
