"""The prefilter wakes what matters, lets ordinary code sleep, and says the same with either engine."""

import re
import sysconfig
from functools import cache
from pathlib import Path

import pytest

from scanner.detect import engine, prefilter
from scanner.detect.pool import LocalDetector
from scanner.detect.reading.dispatch import kind_of

CORPUS = Path(__file__).parent / "corpus" / "trees"
NOISY = 0.0015
"""A pattern that wakes more of a background of ordinary code than this has lost its right to."""
AI = re.compile(
    r"(torch|tensorflow|transformers|openai|anthropic|numpy|scipy|sklearn|pandas|llama|hyperscan|picklescan|moto|botocore|boto3|betterleaks|gitleaks|cfnlint|cfn_lint)"
)


@cache
def background() -> list[tuple[str, bytes]]:
    """The standard library and what is installed that has nothing to do with AI: some thousand files of ordinary code."""
    roots = [Path(sysconfig.get_path("stdlib")), Path(sysconfig.get_path("purelib"))]
    paths = {
        path
        for root in roots
        for path in root.rglob("*")
        if path.suffix in (".py", ".json", ".toml", ".yaml", ".yml", ".js", ".sh", ".html", ".cfg", ".c", ".h")
    }
    kept = [path for path in sorted(paths) if not AI.search(str(path)) and path.is_file() and 0 < path.stat().st_size < 400_000]
    return [(path.as_posix(), path.read_bytes()) for path in kept[:: max(1, len(kept) // 4000)]]


@pytest.mark.parametrize("path", sorted(path for path in CORPUS.rglob("*") if path.is_file()), ids=lambda path: path.name)
def test_both_engines_say_the_same(path: Path) -> None:
    data = path.read_bytes()
    assert prefilter.automaton("hyperscan")(data) == prefilter.automaton("re2")(data)


def test_both_engines_say_the_same_of_ordinary_code() -> None:
    for path, data in background()[::10]:
        assert prefilter.automaton("hyperscan")(data) == prefilter.automaton("re2")(data), path


def test_ordinary_code_sleeps() -> None:
    files = [(path, data) for path, data in background() if engine.wanted(path, len(data))]
    woken = [path for path, data in files if prefilter.scan(data, path)]
    assert len(files) > 1000
    assert len(woken) / len(files) <= 0.02, woken[:40]


def test_no_pattern_is_noisy() -> None:
    known = prefilter.patterns()
    count = dict.fromkeys(range(len(known)), 0)
    files = background()
    for path, data in files:
        for number in prefilter.automaton()(data):
            count[number] += prefilter._counts(known[number].tag, path)
    noisy = {known[number]: times for number, times in count.items() if times > max(3, NOISY * len(files))}
    assert noisy == {}


def test_nothing_that_a_rule_would_find_sleeps() -> None:
    detecting = LocalDetector(fingerprint_key=b"k")
    asleep = []
    for path in (path for path in CORPUS.rglob("*") if path.is_file() and "acme__ordinary" not in path.parts):
        name, data = path.relative_to(CORPUS).as_posix(), path.read_bytes()
        found = engine.examine(engine.Task(name, data), b"k").facts
        if found and not next(iter(detecting.detect([(name, data)])))[1].facts:
            asleep.append(name)
    assert asleep == []


def test_a_byte_order_mark_and_utf_16_hide_nothing() -> None:
    text = "import openai\nMODEL = 'gpt-4o'\n"
    for data in (b"\xef\xbb\xbf" + text.encode(), text.encode("utf-16"), text.encode("utf-16-be").join([b"\xfe\xff", b""])):
        (found,) = [found for _, found in LocalDetector(fingerprint_key=b"k").detect([("a.py", data)])]
        assert {fact.kind for fact in found.facts} == {"sdk", "model"}


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        ("src/app.py", True),
        ("Dockerfile.prod", True),
        (".env.local", True),
        ("models/m.onnx", True),
        ("config.yaml.j2", True),
        ("package-lock.json", False),
        ("static/app.min.js", False),
        ("logo.png", False),
        ("LICENSE", False),
        (".git/config", False),
        ("font.woff2", False),
    ],
)
def test_what_cannot_matter_is_not_even_fetched(path: str, wanted: bool) -> None:
    assert engine.wanted(path, 2000) is wanted


def test_an_empty_file_is_not_wanted() -> None:
    assert not engine.wanted("a.py", 0)
    assert kind_of("a.py") == "python"
