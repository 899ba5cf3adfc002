"""The figures on the corpus of our own, and that the scorer counts right."""

from pathlib import Path

import pytest

from benchmarks import accuracy, labels
from benchmarks.accuracy import Seen, scored

CORPUS = Path(__file__).parent / "corpus"
LEAST = {"model": (0.95, 0.95), "sdk": (0.95, 0.95), "deployment": (0.95, 0.98), "credential": (0.95, 0.97), "agent": (0.95, 0.97)}


@pytest.fixture(scope="module")
def scores() -> dict[str, dict[str, accuracy.Score]]:
    truths = accuracy.truths(CORPUS / "truth")
    return {repo: scored(truth, accuracy.findings(CORPUS / "trees" / repo, workers=1)) for repo, truth in truths.items()}


def test_the_figures_stay_above_their_limits(scores: dict[str, dict[str, accuracy.Score]]) -> None:
    rows = {row["kind"]: row for row in accuracy.totals(scores)}
    for kind, (recall, precision) in LEAST.items():
        assert (rows[kind]["recall"] >= recall, rows[kind]["precision"] >= precision) == (True, True), rows[kind]


def test_each_class_of_file_is_read(scores: dict[str, dict[str, accuracy.Score]]) -> None:
    rows = {row["class"]: row["recall"] for row in accuracy.classes(scores)}
    assert {name for name, recall in rows.items() if recall >= 0.95} == {"code", "notebook", "other", "terraform", "yaml"}


def test_a_repository_without_ai_gives_nothing(scores: dict[str, dict[str, accuracy.Score]]) -> None:
    assert {kind: score.wrong for kind, score in scores["acme__ordinary"].items() if score.wrong} == {}


TRUTH = {
    "repo": "a__b",
    "negative": False,
    "models": [
        {"model_id": "gpt-4o", "path": "a.py", "tier": "required"},
        {"model_id": "meta-llama/Llama-3.1-8B", "path": "b.py", "tier": "required"},
        {"model_id": "gpt-3.5-turbo", "path": "a.py", "tier": "comment"},
    ],
    "artifacts": [],
    "sdks": [{"family": "openai", "tier": "required"}],
    "deployments": [{"path": "k.yaml", "tier": "optional"}],
    "credentials": [{"name": "OPENAI_API_KEY", "path": "a.py", "tier": "required"}],
    "agents": [],
}


def test_the_scorer_counts_as_the_labels_mean() -> None:
    seen = [
        Seen("model", "a.py", "openai/gpt-4o", 1),
        Seen("model", "a.py", "gpt-3.5-turbo", 2),
        Seen("model", "c.py", "gpt-4o", 2),
        Seen("model", "a.py", "gpt-5", 3),
        Seen("model", "README.md", "gpt-6", 3),
        Seen("sdk", "a.py", "openai", 1),
        Seen("sdk", "a.py", "chromadb", 1),
        Seen("deployment", "k.yaml", "vllm", 1),
        Seen("deployment", "z.yaml", "vllm", 1),
    ]
    score = scored(TRUTH, seen)
    assert score["model"].found == {("gpt-4o", "a.py")}
    assert score["model"].missed == {("meta-llama/Llama-3.1-8B", "b.py")}
    assert score["model"].wrong == {("gpt-5", "a.py")}
    assert (score["sdk"].found, score["sdk"].wrong) == ({"openai"}, frozenset())
    assert score["deployment"].wrong == {"z.yaml"}
    assert score["credential"].missed == {("openai_api_key", "a.py")}


def test_two_spellings_of_a_model_are_one() -> None:
    assert labels.same_model("us.anthropic.claude-3-haiku-20240307-v1:0", "anthropic.claude-3-haiku-20240307-v1:0")
    assert labels.same_model("llama3.2:latest", "LLAMA3.2")
    assert not labels.same_model("gpt-4o", "gpt-4o-mini")
