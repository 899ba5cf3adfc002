"""The estate, whole: what `make demo` prints is also a test."""

from collections.abc import Iterator

import pytest

from tests.estate import demo
from tests.estate.comparison import compared, lost
from tests.estate.estate import Estate, standing
from tests.estate.world import World

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def estate(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Estate]:
    with standing(tmp_path_factory.mktemp("an estate") / "demo") as stands:
        yield stands


def test_the_estate_is_as_large_as_it_is_said_to_be(estate: Estate) -> None:
    world = estate.world
    assert len(world.files()) >= 40
    assert len(estate.clusters) == 3
    assert len(world.estate["buckets"]) >= 12
    assert sum(1 for part in ("sagemaker", "probe") for _ in world.every(part)) >= 8
    assert sum(1 for _ in world.every("record")) >= 60


def test_every_verdict_of_the_matrix_is_planted() -> None:
    from scanner.judge.tables import verdicts

    cells = {cell for row in verdicts().matrix.values() for cell in row.values()}
    planted = {row[0] for run in ("expect", "blocked") for row in World().expected(run)}
    assert cells - {"", "ok", "with-drift"} <= planted


def test_a_full_run_says_what_was_planted_and_a_blind_one_resolves_nothing(estate: Estate) -> None:
    first = compared(estate.scan("report"), estate.expected("expect"))
    assert (first.false, first.missing) == ([], [])
    estate.block("prod-us")
    report = estate.scan("report-blocked")
    second, gone = compared(report, estate.expected("blocked")), lost(report, estate.expected("lost"))
    assert (second.false, second.missing, gone.false, gone.missing) == ([], [], [], [])
    assert report["resolved"] == []
    assert demo.blind(report, estate)
