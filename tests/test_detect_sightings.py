"""Facts become sightings and links with the keys of the vocabulary."""

import msgspec
import pytest

from scanner.contracts import Findings
from scanner.detect.context import context_of
from scanner.detect.pool import LocalDetector
from scanner.detect.rules.file import fact
from scanner.detect.sightings import observations, summarise
from scanner.model import Context, Gap, Kind, Link, Reason, Relation, Sighting

HERE = {"platform": "github", "source": "gh", "scope": "github/acme/payments#content"}
MANIFEST = b"""apiVersion: apps/v1
kind: Deployment
metadata: {name: gw, namespace: llm}
spec:
  template:
    spec:
      containers:
      - image: vllm/vllm-openai:v0.6
        args: ["--model", "meta-llama/Llama-3.1-8B-Instruct", "--served-model-name=chat"]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec: {template: {spec: {containers: [{image: nginx, env: [{name: OPENAI_MODEL, value: gpt-4o}]}]}}}
"""


def told(path: str, data: bytes, owner: str = "acme/payments") -> list[Sighting | Link | Gap]:
    detecting = LocalDetector(fingerprint_key=b"k")
    return [
        one for name, found in detecting.detect([(path, data)]) for one in observations(owner, f"github:{owner}@1f3c2a9", name, found, HERE)
    ]


def links(told_: list[Sighting | Link | Gap]) -> set[tuple[str, str, str]]:
    return {(one.source, one.relation.value, one.target) for one in told_ if isinstance(one, Link)}


def test_a_manifest_serves_the_model_that_its_container_is_given_and_no_other() -> None:
    seen = links(told("k8s/llm.yaml", MANIFEST))
    gateway = "deployment:acme/payments:k8s/llm.yaml#Deployment/gw"
    assert (gateway, "serves", "model:acme/payments:huggingface/meta-llama/Llama-3.1-8B-Instruct") in seen
    assert (gateway, "deploys", "image:docker.io/vllm/vllm-openai") in seen
    assert ("repo:acme/payments", "contains", gateway) in seen
    assert ("repo:acme/payments", "uses", "model:acme/payments:openai/gpt-4o") in seen
    assert {target for source, relation, target in seen if relation == "serves"} == {
        "model:acme/payments:huggingface/meta-llama/Llama-3.1-8B-Instruct"
    }


def test_a_sighting_says_where_and_by_which_rule() -> None:
    model = next(one for one in told("k8s/llm.yaml", MANIFEST) if isinstance(one, Sighting) and one.kind is Kind.MODEL)
    assert model.identifiers == ("hf:meta-llama/Llama-3.1-8B-Instruct",)
    assert model.attributes["served_id"] == "chat"
    assert {name: model.attributes[name] for name in ("platform", "repository", "path", "line", "context", "provider")} == {
        "platform": "github",
        "repository": "repo:acme/payments",
        "path": "k8s/llm.yaml",
        "line": 9,
        "context": "production",
        "provider": "huggingface",
    }
    assert model.evidence[0].where == "github:acme/payments@1f3c2a9:k8s/llm.yaml:9"


@pytest.mark.parametrize(
    ("owner", "key"),
    [
        ("acme/payments", "credential:github/acme/payments/actions/OPENAI_API_KEY"),
        ("ghe.acme.example/acme/payments", "credential:github/acme/payments/actions/OPENAI_API_KEY"),
        ("./payments", "credential:./payments:env/OPENAI_API_KEY"),
    ],
)
def test_a_workflow_reads_its_secrets_whatever_they_open(owner: str, key: str) -> None:
    workflow = b"jobs:\n  a:\n    env:\n      A: ${{ secrets.OPENAI_API_KEY }}\n      B: ${{ secrets.NPM_TOKEN }}\n"
    seen = told(".github/workflows/ci.yml", workflow, owner)
    assert (f"repo:{owner}", "reads", key) in links(seen)
    assert (f"repo:{owner}", "reads", key.replace("OPENAI_API_KEY", "NPM_TOKEN")) in links(seen)
    assert [one.asset for one in seen if isinstance(one, Sighting)] == [key]


def test_a_repository_builds_the_image_that_its_workflow_pushes() -> None:
    workflow = b"""jobs:
  b:
    steps:
      - uses: docker/build-push-action@v6
        with:
          tags: ghcr.io/acme/gateway:1.2,ghcr.io/acme/gateway:latest
"""
    assert ("repo:acme/payments", "builds", "image:ghcr.io/acme/gateway") in links(told(".github/workflows/release.yml", workflow))
    makefile = b"build:\n\tdocker build -t ghcr.io/acme/worker:dev .\n"
    assert ("repo:acme/payments", "builds", "image:ghcr.io/acme/worker") in links(told("Makefile", makefile))


def test_a_file_that_was_not_read_is_a_gap_with_its_reason() -> None:
    gaps = list(observations("acme/payments", "w", "a.json", Findings(unread="over-limit: 9 bytes of text"), HERE))
    assert gaps == [Gap("gh", "github/acme/payments#content", Reason.LIMIT, "a.json: over-limit: 9 bytes of text")]


def test_one_model_in_many_places_is_one_sighting_with_its_strongest_context() -> None:
    def at(path: str, line: int) -> list[Sighting | Link | Gap]:
        one = fact("model", "r", line, provider="openai", model_id="gpt-4o")
        placed = msgspec.structs.replace(one, attributes={"context": context_of(path).value})
        return list(observations("acme/payments", "w", path, Findings((placed,)), HERE))

    seen = list(summarise([*at("tests/test_a.py", 3), *at("src/a.py", 7), *at("src/a.py", 9), *at("docs/a.md", 1)]))
    (sighting,) = [one for one in seen if isinstance(one, Sighting)]
    assert (sighting.attributes["context"], sighting.attributes["places"], sighting.attributes["path"]) == ("production", 4, "src/a.py")
    assert [one.where for one in sighting.evidence] == ["w:src/a.py:7", "w:tests/test_a.py:3", "w:docs/a.md:1"]
    assert [one.relation for one in seen if isinstance(one, Link)] == [Relation.USES]


@pytest.mark.parametrize(
    ("path", "context"),
    [
        ("src/app.py", Context.PRODUCTION),
        ("tests/test_app.py", Context.TEST),
        ("pkg/app_test.go", Context.TEST),
        ("src/test/java/AppTest.java", Context.TEST),
        ("docs/guide.md", Context.DOCS),
        ("README.md", Context.DOCS),
        ("requirements.txt", Context.PRODUCTION),
        ("examples/chat.py", Context.EXAMPLE),
        (".env.example", Context.EXAMPLE),
        ("vendor/github.com/x/y.go", Context.VENDORED),
        ("node_modules/openai/index.js", Context.VENDORED),
        ("contest/app.py", Context.PRODUCTION),
    ],
)
def test_a_path_tells_its_context(path: str, context: Context) -> None:
    assert context_of(path) is context
