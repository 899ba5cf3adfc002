"""A million observations against 100,000 records: resolve, graph, derive, reconcile and judge, in one process.

The estate is made up, with the proportions of a large organisation: repositories that name models, buckets of weights,
clusters that run some of them, keys. Four in a hundred things differ from the registry.
"""

import gc
import random
import resource
import subprocess
import sys
import time
from collections.abc import Iterator

import msgspec

from benchmarks.rows import Row
from scanner.derive import derive
from scanner.graph import Graph
from scanner.judge import Policy, judge
from scanner.model import Coverage, Evidence, Kind, Link, Observation, Record, Relation, Scope, Sheet, Sight, Sighting, State, Transition
from scanner.reconcile import reconcile
from scanner.resolve import resolve

NOW = "2026-11-21T07:00:00Z"
RECORDS = 100_000
REPOSITORIES = 40_000
RATE, MEMORY = 100_000, 2.0


def run() -> list[Row]:
    """Observations a second, and memory, of a process of its own."""
    code = "from benchmarks.reconciliation import measured; measured()"
    reply = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    told = msgspec.json.decode(reply.splitlines()[-1])
    return [
        Row("reconciliation: observations a second", f"{told['rate']:,.0f}", f">= {RATE:,}", told["rate"] >= RATE),
        Row("reconciliation: memory, GiB", f"{told['memory']:.2f}", f"<= {MEMORY}", told["memory"] <= MEMORY),
    ]


def measured() -> None:
    """Prints the stages, then one line of JSON."""
    sheets, records = list(estate()), list(registry())
    count = sum(len(sheet.observations) for sheet in sheets)
    gc.collect()
    gc.freeze()
    start = time.perf_counter()
    findings = _line(sheets, records)
    seconds = time.perf_counter() - start
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"{count:,} observations, {len(records):,} records, {findings:,} findings in {seconds:.1f} s")
    print(msgspec.json.encode({"rate": count / seconds, "memory": memory}).decode())


def _line(sheets: list[Sheet], records: list[Record]) -> int:
    clock = time.perf_counter()

    def lap(name: str) -> None:
        nonlocal clock
        now = time.perf_counter()
        print(f"{name:12} {now - clock:6.2f} s")
        clock = now

    inventory = resolve(sheets)
    lap("resolve")
    graph = Graph(inventory)
    lap("graph")
    derived = derive(graph)
    lap("derive")
    matches = reconcile(inventory, derived, records)
    lap("reconcile")
    coverage = Coverage(tuple(Scope(path, "bench", Sight.READ, 1, 1) for path in ("aws", "github", "kubernetes")), ())
    judged = judge(graph, derived, matches, records, coverage, Policy(), (), NOW)
    lap("judge")
    return len(judged.findings)


def registry() -> Iterator[Record]:
    """Provider models, Hugging Face models and artifacts, each with an owner; one in twenty retired."""
    for number in range(RECORDS):
        state = State.RETIRED if number % 20 == 0 else State.APPROVED
        yield Record(
            id=f"r{number}",
            name=f"model {number}",
            version="1",
            state=state,
            registry="bench",
            where=f"registry/{number}.toml:1",
            identifiers=(f"sha256:{number:064x}", f"api:openai/m{number}", f"hf:org/m{number}@{number:040x}"),
            owner=f"team-{number % 500}",
            approver="governance",
            use_case="scoring",
            business_purpose="scores what its name says",
            risk_class="limited",
            framework="pytorch 2",
            source_repository=f"repo:acme/r{number % REPOSITORIES}",
            transitions=(Transition(state, "2026-03-03"),),
        )


def estate() -> Iterator[Sheet]:
    """Sheets of 25 observations for a repository, and as many for what runs."""
    chance = random.Random(20261121)
    for number in range(REPOSITORIES):
        yield Sheet("github", f"github/acme/r{number}#content", False, tuple(_code(number, chance)))
        yield Sheet("kubernetes", f"kubernetes/prod/n{number}", False, tuple(_running(number, chance)))


def _known(chance: random.Random) -> int:
    """One of the records, or, in four of a hundred, something that nobody registered."""
    return chance.randrange(RECORDS) if chance.random() > 0.04 else RECORDS + chance.randrange(RECORDS)


def _code(number: int, chance: random.Random) -> Iterator[Observation]:
    key, place = f"repo:acme/r{number}", f"github:acme/r{number}@1f3c2a9"
    yield Sighting(key, Kind.REPOSITORY, (f"uid:github:R_{number}",), {"visibility": "internal"}, (Evidence(place, "listing"),))
    for each in range(4):
        model = f"m{_known(chance)}"
        name, seen = f"model:acme/r{number}:openai/{model}", (Evidence(f"{place}:src/app{each}.py:12", "openai-call"),)
        told = {"provider": "openai", "model_id": model, "context": "production", "repository": key}
        yield Sighting(name, Kind.MODEL, (f"api:openai/{model}",), told, seen)
        yield Link(key, Relation.USES, name, seen)
    yield Sighting(f"sdk:acme/r{number}:openai", Kind.SDK, (), {"version": "1"}, (Evidence(f"{place}:requirements.txt:1", "pypi"),))
    yield Link(key, Relation.USES, f"sdk:acme/r{number}:openai")
    yield Sighting(f"image:ghcr.io/acme/r{number}", Kind.IMAGE, (), {}, (Evidence(f"{place}:.github/workflows/build.yml:9", "push"),))
    yield Link(key, Relation.BUILDS, f"image:ghcr.io/acme/r{number}")


def _running(number: int, chance: random.Random) -> Iterator[Observation]:
    place = f"kubernetes:prod/n{number}"
    account = f"identity:prod/n{number}/serviceaccount/app"
    yield Sighting(account, Kind.IDENTITY, (), {"type": "service-account"})
    for each in range(2):
        key, digest = f"workload:prod/n{number}/deployment/w{each}", f"sha256:{_known(chance):064x}"
        artifact, seen = f"artifact:s3://models/{number}/{each}/model.safetensors", (Evidence(f"{place}/deployment/w{each}:spec", "mount"),)
        told = {"cluster": "prod", "namespace": f"n{number}", "running": True, "environment": "production"}
        yield Sighting(key, Kind.WORKLOAD, (f"uid:kubernetes:{number}-{each}",), told, seen)
        yield Sighting(artifact, Kind.ARTIFACT, (digest,), {"format": "safetensors", "bucket": "models"}, seen)
        yield Link(key, Relation.LOADS, f"s3://models/{number}/{each}/model.safetensors", seen)
        yield Link(key, Relation.ASSUMES, account, seen)
    secret = f"credential:prod/n{number}/secret/openai"
    yield Sighting(secret, Kind.CREDENTIAL, (), {"provider": "openai", "type": "kubernetes-secret", "created": "2026-01-01T00:00:00Z"})
    yield Link(f"workload:prod/n{number}/deployment/w0", Relation.READS, secret)
    yield Sighting(f"endpoint:prod/n{number}/service/app", Kind.ENDPOINT, (), {"exposure": "internal"})
    yield Link(f"endpoint:prod/n{number}/service/app", Relation.ROUTES, f"workload:prod/n{number}/deployment/w0")


if __name__ == "__main__":
    measured()
