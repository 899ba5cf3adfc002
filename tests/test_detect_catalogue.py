"""Every row of the catalogue is told by its examples and not by its counter-examples."""

import re

import pytest

from scanner.detect import catalogue, lexicon, runtime
from scanner.detect.pool import LocalDetector
from scanner.detect.rules import agents, constants, leaks, packages, resources
from scanner.detect.rules.slots import Slot, key_slot, places


@pytest.mark.parametrize("row", catalogue.servers(), ids=lambda row: row.id)
def test_a_server_is_known_by_its_images(row: catalogue.Server) -> None:
    assert [runtime.server_of(image) for image in row.examples] == [row.id] * len(row.examples)
    assert [runtime.server_of(image) for image in row.counterexamples] != [row.id] * len(row.counterexamples) or not row.counterexamples


@pytest.mark.parametrize("row", catalogue.providers(), ids=lambda row: row.id)
def test_a_provider_is_known_by_its_hosts_and_credentials(row: catalogue.Provider) -> None:
    assert [runtime.api_host(url) for url in row.examples] == [row.id] * len(row.examples)
    assert row.id not in [runtime.api_host(url) for url in row.counterexamples]
    assert {runtime.credential_name(name) for name in row.env} <= {row.id}


@pytest.mark.parametrize("row", lexicon.families(), ids=lambda row: row.provider)
def test_a_family_of_models_is_known_by_its_ids_wherever_they_stand(row: lexicon.Family) -> None:
    unsure = [name for name in row.examples if not (found := lexicon.named(name)) or not found.sure]
    mistaken = [name for name in row.counterexamples if (found := lexicon.named(name)) and found.sure]
    assert (unsure, mistaken) == ([], [])


def test_words_that_are_also_names_of_models_need_a_place_that_says_so() -> None:
    words = [
        "haystack",
        "mistral",
        "chroma",
        "whisper",
        "gemini",
        "claude",
        "llama",
        "sonar",
        "flux",
        "together",
        "command",
        "phi",
        "orca",
        "solar",
    ]
    assert [word for word in words if (found := lexicon.named(word)) and found.sure] == []


def test_the_snapshot_is_dated_and_most_of_it_is_known_without_it() -> None:
    snapshot = lexicon.snapshot()
    assert re.fullmatch(r"20\d\d-\d\d-\d\d", snapshot.made)
    assert len(snapshot.models) > 4000
    sure = sum(1 for name in snapshot.models if (found := lexicon.named(name)) and found.sure)
    assert sure / len(snapshot.models) > 0.75


def test_no_name_of_a_package_belongs_to_two_families() -> None:
    seen: dict[tuple[str, str], str] = {}
    twice = []
    for row in packages.sdks():
        for ecosystem in ("pypi", "npm", "go", "maven", "nuget", "crates", "gems"):
            for name in getattr(row, ecosystem):
                owner = seen.setdefault((ecosystem, name.lower()), row.family)
                if owner != row.family:
                    twice.append((ecosystem, name, owner, row.family))
    allowed = {"langchain-aws", "langchain-openai", "openai-whisper"}
    assert [entry for entry in twice if entry[1] not in allowed] == []


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("model_name_or_path", Slot.STRONG),
        ("modelId", Slot.STRONG),
        ("MODEL_ID", Slot.STRONG),
        ("--model", Slot.STRONG),
        ("model", Slot.WEAK),
        ("heavyModel", Slot.WEAK),
        ("model_type", Slot.BARRED),
        ("model_version", Slot.NONE),
        ("image", Slot.BARRED),
        ("title", Slot.BARRED),
        ("remodeling", Slot.NONE),
    ],
)
def test_a_key_says_what_it_holds(key: str, expected: Slot) -> None:
    assert key_slot(key) is expected


def test_every_table_loads_and_every_expression_compiles() -> None:
    for row in resources.customs():
        re.compile(row.group)
    for cloud in resources.clouds():
        re.compile(
            f"{cloud.terraform}|{cloud.type}|{cloud.code}|{cloud.ai_only}" if not cloud.ai_only.startswith("(?i)") else cloud.ai_only
        )
    for framework in agents.frameworks():
        re.compile(framework.text), re.compile(framework.files)
    for key in leaks.shapes():
        re.compile(key.regex), re.compile(key.wake)
    assert places().strong_keys


def test_a_constant_of_an_sdk_stands_for_its_model_and_other_constants_for_none() -> None:
    known = constants.constants()
    told = {
        text: next((fact.model_id for fact in found.facts if fact.rule == "constant"), "")
        for text in (*known.examples, *known.counterexamples)
        for _, found in LocalDetector(fingerprint_key=b"k").detect(
            [("a.go", f'import openai "github.com/sashabaranov/go-openai"\nvar m = {text}\n'.encode())]
        )
    }
    assert told == {**known.examples, **known.counterexamples}
