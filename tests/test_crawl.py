"""The crawl: what did not change costs nothing, what breaks ends only its unit, and only what is proved gone goes."""

import logging
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from scanner.contracts import Seen
from scanner.crawl import CrawlResult, Source, crawl
from scanner.crawl.limiter import Ceiling
from scanner.errors import OverLimit, UsageError
from scanner.executor import EngineSettings, open_executor
from scanner.model import Reason, Sight, Sighting
from scanner.store import open_store
from tests.shelf import Shelf, put, say, source

HOURS = (f"2026-01-{hour // 24 + 1:02}T{hour % 24:02}:00:00Z" for hour in count())
A, B = {"sighting": "workload:a"}, {"sighting": "workload:b"}


class Estate:
    """A shelf, a store, and runs one after the other."""

    def __init__(self, directory: Path) -> None:
        self.shelf = Shelf(directory / "shelf")
        self.shelf.directory.mkdir()
        self.url = f"sqlite:///{directory / 'g.db'}"

    def run(self, *sources: Source, finish: bool = True, detector: str = "d1", workers: int = 32, **how: Any) -> CrawlResult:
        self.shelf.observed.clear()
        now = next(HOURS)
        with open_store(self.url) as store, open_executor(EngineSettings(workers=workers)) as executor:
            run = store.begin("c", how.get("partial", False), now)
            result = crawl(sources or (source(self.shelf),), store, executor, run, detector_version=detector, now=lambda: now, **how)
            self.sheets = list(store.sheets())
            if finish:
                with store._engine.begin() as connection:
                    connection.exec_driver_sql("UPDATE runs SET status = 'finished'")
        return result

    def held(self) -> dict[str, bool]:
        """Every asset in the store, and whether it is stale."""
        return {each.asset: sheet.stale for sheet in self.sheets for each in sheet.observations if isinstance(each, Sighting)}

    def put(self, name: str, *items: dict[str, Any], **rest: Any) -> None:
        put(self.shelf.directory, name, *items, **rest)

    def remove(self, *names: str) -> None:
        for name in names:
            (self.shelf.directory / f"{name}.unit").unlink()


@pytest.fixture
def estate(tmp_path: Path) -> Estate:
    return Estate(tmp_path)


def gaps(result: CrawlResult) -> list[tuple[str, Reason]]:
    return [(gap.scope, gap.reason) for gap in result.coverage.gaps if gap.reason is not Reason.NO_SOURCE]


def sight(result: CrawlResult, scope: str) -> Sight:
    return next(each.sight for each in result.coverage.scopes if each.path == scope)


def test_what_is_there_is_stored(estate: Estate) -> None:
    estate.put("llm", A, {"link": ["workload:a", "runs", "image:x"]}, {"learned": "blob"})
    result = estate.run()
    assert estate.held() == {"workload:a": False}
    assert (sight(result, "kubernetes/prod/llm"), gaps(result)) == (Sight.READ, [])
    (run,) = result.sources
    assert (run.name, run.principal, run.units, run.read, run.unchanged) == ("shelf", "reader", 1, 1, 0)


def test_an_unchanged_unit_is_not_read_again(estate: Estate) -> None:
    estate.put("llm", A, revision="1")
    estate.put("ml", B)
    estate.run()
    result = estate.run()
    assert estate.shelf.observed == ["ml"]
    assert (estate.held(), result.sources[0].unchanged) == ({"workload:a": False, "workload:b": False}, 1)


@pytest.mark.parametrize("change", ["revision", "settings", "connector", "detector", "principal", "scope"])
def test_a_unit_is_read_again_when_anything_that_decides_changed(estate: Estate, change: str) -> None:
    estate.put("llm", A, revision="1")
    estate.run()
    estate.put("llm", A, revision="2" if change == "revision" else "1", scope="kubernetes/prod/new" if change == "scope" else None)
    say(estate.shelf.directory, principal="other" if change == "principal" else "reader", version="2" if change == "connector" else "1")
    hashed = source(estate.shelf, settings_hash="s2" if change == "settings" else "s1")
    estate.run(hashed, detector="d2" if change == "detector" else "d1")
    assert estate.shelf.observed == ["llm"]


def test_a_unit_that_cannot_be_read_keeps_what_it_had_as_stale(estate: Estate) -> None:
    estate.put("llm", A)
    estate.run()
    estate.put("llm", {"raise": "denied"})
    result = estate.run()
    assert estate.held() == {"workload:a": True}
    assert (gaps(result), sight(result, "kubernetes/prod/llm")) == ([("kubernetes/prod/llm", Reason.DENIED)], Sight.STALE)
    assert next(gap for gap in result.coverage.gaps if gap.source == "shelf").remedy == "add shelf:Read"
    estate.put("llm", A)
    assert gaps(estate.run()) == []
    assert estate.held() == {"workload:a": False}


def test_a_unit_that_never_could_be_read_says_why(estate: Estate) -> None:
    estate.put("llm", {"raise": "throttled"})
    assert sight(estate.run(), "kubernetes/prod/llm") is Sight.THROTTLED
    assert estate.held() == {}


def test_what_was_seen_before_a_unit_failed_counts_and_the_rest_is_stale(estate: Estate) -> None:
    estate.put("llm", A, B, revision="1")
    estate.run()
    estate.put("llm", A, {"sighting": "workload:new"}, {"raise": "throttled"}, revision="2")
    result = estate.run()
    assert estate.held() == {"workload:a": False, "workload:new": False, "workload:b": True}
    assert sight(result, "kubernetes/prod/llm") is Sight.PARTLY
    estate.put("llm", A, revision="2")
    estate.run()
    assert (estate.shelf.observed, estate.held()) == (["llm"], {"workload:a": False})


def test_a_part_that_was_denied_keeps_what_it_held_as_stale(estate: Estate) -> None:
    estate.put("llm", A, B)
    estate.run()
    estate.put("llm", A, {"gap": ["kubernetes/prod/llm/secrets", "denied"]})
    assert gaps(estate.run()) == [("kubernetes/prod/llm/secrets", Reason.DENIED)]
    assert estate.held() == {"workload:a": False, "workload:b": True}


def test_a_file_that_cannot_be_parsed_hides_only_itself(estate: Estate) -> None:
    estate.put("llm", {**A, "at": "src/a.py"}, {**B, "at": "chart.yaml"}, revision="1")
    estate.run()
    broken = {"gap": ["kubernetes/prod/llm/chart.yaml", "unparsed"]}
    estate.put("llm", broken, revision="2")
    assert gaps(estate.run()) == [("kubernetes/prod/llm/chart.yaml", Reason.UNPARSED)]
    assert estate.held() == {"workload:b": True}
    assert gaps(estate.run()) == [("kubernetes/prod/llm/chart.yaml", Reason.UNPARSED)]
    assert estate.shelf.observed == []


def test_what_reading_again_could_heal_is_read_again(estate: Estate) -> None:
    estate.put("llm", A, {"gap": ["kubernetes/prod/llm/secrets", "denied"]}, revision="1")
    estate.run()
    estate.run()
    assert estate.shelf.observed == ["llm"]


def test_a_defect_is_loud_without_content_and_ends_only_its_unit(estate: Estate, caplog: pytest.LogCaptureFixture) -> None:
    estate.put("bad", {"raise": "bug"})
    estate.put("worse", {"raise": "exit"})
    estate.put("llm", A)
    with caplog.at_level(logging.ERROR, "gnomon.crawl"):
        result = estate.run()
    assert gaps(result) == [("kubernetes/prod/bad", Reason.DEFECT), ("kubernetes/prod/worse", Reason.DEFECT)]
    assert estate.held() == {"workload:a": False}
    assert "ZeroDivisionError at tests.shelf" in caplog.text
    assert "hunter2" not in caplog.text + repr(result)


def test_what_cannot_be_stored_is_left_out_and_named(estate: Estate) -> None:
    estate.put("llm", A, {"sighting": "workload:\udcff"}, {"sighting": "workload:x", "attributes": {"deep": {"not": "flat"}}})
    result = estate.run()
    assert (estate.held(), gaps(result)) == ({"workload:a": False}, [("kubernetes/prod/llm", Reason.DEFECT)])
    assert "2 observations" in next(gap.detail for gap in result.coverage.gaps if gap.reason is Reason.DEFECT)


def test_a_unit_whose_name_cannot_be_stored_is_named(estate: Estate) -> None:
    estate.put("llm", A, scope="kubernetes/prod/\udcff")
    assert gaps(estate.run()) == [("kubernetes/prod/?", Reason.DEFECT)]


def test_unchanged_on_request_keeps_what_it_had_as_fresh(estate: Estate) -> None:
    estate.put("llm", A)
    estate.run()
    estate.put("llm", {"raise": "unchanged"})
    result = estate.run()
    assert (estate.held(), sight(result, "kubernetes/prod/llm"), result.sources[0].unchanged) == ({"workload:a": False}, Sight.READ, 1)
    estate.put("llm", {"raise": "throttled"})
    estate.run()
    assert estate.held() == {"workload:a": True}
    estate.put("llm", {"raise": "unchanged"})
    estate.run()
    assert estate.held() == {"workload:a": False}


def test_unchanged_since_never_is_an_unexpected_reply(estate: Estate) -> None:
    estate.put("llm", {"raise": "unchanged"})
    assert gaps(estate.run()) == [("kubernetes/prod/llm", Reason.UNEXPECTED)]
    assert gaps(estate.run()) == [("kubernetes/prod/llm", Reason.UNEXPECTED)]


def test_a_stuck_unit_is_given_up_and_named(estate: Estate) -> None:
    estate.put("llm", {"stuck": True})
    estate.put("ml", B)
    result = estate.run(source(estate.shelf, max_seconds=0.2, concurrency=1))
    assert gaps(result) == [("kubernetes/prod/llm", Reason.LIMIT)]
    assert estate.held() == {"workload:b": False}


def test_a_stuck_listing_is_given_up_and_nothing_is_gone(estate: Estate) -> None:
    estate.put("llm", A)
    estate.put("ml", B)
    estate.run()
    estate.remove("ml")
    say(estate.shelf.directory, stuck=True)
    result = estate.run(source(estate.shelf, max_seconds=0.2))
    assert gaps(result) == [("kubernetes/prod", Reason.LIMIT)]
    assert estate.held() == {"workload:a": False, "workload:b": True}


def test_a_unit_too_large_is_read_up_to_the_limit_and_named(estate: Estate) -> None:
    estate.put("llm", {"many": 12_000})
    assert gaps(estate.run(max_observations=7_000)) == [("kubernetes/prod/llm", Reason.LIMIT)]
    assert len(estate.held()) == 7_000
    assert gaps(estate.run(max_observations=12_000)) == []
    assert len(estate.held()) == 12_000


def test_what_a_complete_listing_omits_is_gone(estate: Estate) -> None:
    for name in ("llm", "ml", "web"):
        estate.put(name, {"sighting": f"workload:{name}"})
    estate.run()
    estate.remove("ml")
    result = estate.run()
    assert (sorted(estate.held()), gaps(result)) == (["workload:llm", "workload:web"], [])
    assert sight(result, "kubernetes/prod/ml") is Sight.READ


@pytest.mark.parametrize(
    ("listing", "where", "reason"),
    [
        ({"raise": "denied"}, "kubernetes/prod", Reason.DENIED),
        ({"raise": "bug"}, "kubernetes/prod", Reason.DEFECT),
        ({"raise_principal": "denied"}, "kubernetes/prod", Reason.DENIED),
        ({"gaps": [["kubernetes/prod", "unreachable"]]}, "kubernetes/prod", Reason.UNREACHABLE),
        ({"gaps": [["kubernetes/prod/ml", "skipped-by-config"]]}, "kubernetes/prod/ml", Reason.SKIPPED),
        ({"principal": "weaker"}, "kubernetes/prod", Reason.PARTIAL),
    ],
)
def test_what_an_incomplete_or_weaker_listing_omits_is_kept(estate: Estate, listing: dict[str, Any], where: str, reason: Reason) -> None:
    for name in ("llm", "ml"):
        estate.put(name, {"sighting": f"workload:{name}"})
    estate.run()
    estate.remove("ml")
    say(estate.shelf.directory, **listing)
    for _ in range(2):
        result = estate.run()
        assert gaps(result) == [(where, reason)]
        assert estate.held()["workload:ml"] is True
    say(estate.shelf.directory)
    estate.run()
    assert "workload:ml" not in estate.held()


def test_a_principal_that_differs_for_one_night_proves_as_much_as_before(estate: Estate) -> None:
    for name in ("llm", "ml"):
        estate.put(name, {"sighting": f"workload:{name}"})
    estate.run()
    say(estate.shelf.directory, principal="reader, and one cluster is blocked")
    estate.run()
    say(estate.shelf.directory)
    estate.remove("ml")
    result = estate.run()
    assert (gaps(result), sorted(estate.held())) == ([], ["workload:llm"])


def test_a_cluster_that_does_not_answer_leaves_the_others_provable(estate: Estate) -> None:
    """One source, two clusters, a principal each: the blocked one is kept, and what the other no longer lists is gone."""
    for name in ("llm", "ml", "web"):
        estate.put(name, {"sighting": f"workload:{name}"})
    estate.put("far", {"sighting": "workload:far"}, scope="kubernetes/prod-us/far")
    here, there = {"kubernetes/prod": "reader"}, {"kubernetes/prod-us": "other"}
    say(estate.shelf.directory, principal={**here, **there})
    estate.run()
    estate.remove("ml", "far")
    say(estate.shelf.directory, principal=here, gaps=[["kubernetes/prod-us", "unreachable"]])
    result = estate.run()
    assert estate.held() == {"workload:far": True, "workload:llm": False, "workload:web": False}
    assert gaps(result) == [("kubernetes/prod-us", Reason.UNREACHABLE)]
    assert sight(result, "kubernetes/prod/ml") is Sight.READ
    assert result.sources[0].principal == "reader"


def test_a_principal_that_changed_in_one_cluster_proves_nothing_there_and_all_elsewhere(estate: Estate) -> None:
    for name in ("llm", "ml", "web"):
        estate.put(name, {"sighting": f"workload:{name}"})
        estate.put(f"us-{name}", {"sighting": f"workload:us-{name}"}, scope=f"kubernetes/prod-us/{name}")
    say(estate.shelf.directory, principal={"kubernetes/prod": "reader", "kubernetes/prod-us": "reader"})
    estate.run()
    estate.remove("ml", "us-ml")
    say(estate.shelf.directory, principal={"kubernetes/prod": "reader", "kubernetes/prod-us": "weaker"})
    result = estate.run()
    assert gaps(result) == [("kubernetes/prod-us", Reason.PARTIAL)]
    assert "workload:ml" not in estate.held() and estate.held()["workload:us-ml"] is True


def test_the_principal_of_one_place_does_not_make_another_place_read_again(estate: Estate) -> None:
    estate.put("llm", A, revision="1")
    estate.put("far", B, revision="1", scope="kubernetes/prod-us/far")
    say(estate.shelf.directory, principal={"kubernetes/prod": "reader", "kubernetes/prod-us": "reader"})
    estate.run()
    say(estate.shelf.directory, principal={"kubernetes/prod": "reader", "kubernetes/prod-us": "other"})
    estate.run()
    assert estate.shelf.observed == ["far"]


def test_other_settings_prove_nothing_about_what_they_do_not_list(estate: Estate) -> None:
    for name in ("llm", "ml"):
        estate.put(name, {"sighting": f"workload:{name}"})
    estate.run()
    estate.remove("ml")
    for _ in range(2):
        result = estate.run(source(estate.shelf, settings_hash="narrower"))
    assert (gaps(result), estate.held()["workload:ml"]) == ([("kubernetes/prod", Reason.PARTIAL)], True)


def test_a_first_listing_that_fails_is_a_gap_at_its_platform(estate: Estate) -> None:
    say(estate.shelf.directory, raise_principal="denied")
    assert gaps(estate.run()) == [("kubernetes", Reason.DENIED)]
    assert gaps(estate.run(source(estate.shelf, kind="s3"))) == [("aws", Reason.DENIED)]
    assert gaps(estate.run(source(estate.shelf, kind="homemade"))) == [("homemade", Reason.DENIED)]


def test_a_listing_that_shrank_must_be_seen_twice(estate: Estate) -> None:
    names = [f"n{number}" for number in range(10)]
    for name in names:
        estate.put(name, {"sighting": f"workload:{name}"})
    estate.run()
    estate.remove(*names[:3])
    first = estate.run(finish=False)
    assert gaps(first) == [("kubernetes/prod", Reason.SHRUNK)]
    assert [asset for asset, stale in estate.held().items() if stale] == ["workload:n0", "workload:n1", "workload:n2"]
    assert gaps(estate.run()) == [("kubernetes/prod", Reason.SHRUNK)], "the same run, resumed, is no second listing"
    second = estate.run()
    assert (gaps(second), len(estate.held())) == ([], 7)


def test_what_is_listed_again_must_be_missed_anew(estate: Estate) -> None:
    names = [f"n{number}" for number in range(10)]
    for name in names:
        estate.put(name, {"sighting": f"workload:{name}"})
    estate.run()
    estate.remove(*names[:3])
    estate.run()
    for name in names[:3]:
        estate.put(name, {"sighting": f"workload:{name}"})
    assert gaps(estate.run()) == []
    estate.remove(*names[:3])
    assert gaps(estate.run()) == [("kubernetes/prod", Reason.SHRUNK)]


def test_an_empty_listing_must_be_seen_twice(estate: Estate) -> None:
    estate.put("llm", A)
    estate.run()
    estate.remove("llm")
    assert gaps(estate.run()) == [("kubernetes/prod", Reason.SHRUNK)]
    assert estate.held() == {"workload:a": True}
    assert (gaps(estate.run()), estate.held()) == ([], {})


def test_a_partial_run_touches_only_its_own_sources(estate: Estate, tmp_path: Path) -> None:
    estate.put("llm", A)
    other = Shelf(tmp_path / "other")
    put(other.directory, "bucket", B, scope="aws/1/s3/b")
    both = source(estate.shelf), source(other, "buckets", "s3")
    estate.run(*both)
    result = estate.run(both[0], partial=True)
    assert "aws-s3" not in {scope.path for scope in result.coverage.scopes}
    assert estate.held() == {"workload:a": False, "workload:b": True}
    assert (gaps(result), sight(result, "aws/1/s3/b")) == ([("aws/1/s3", Reason.SKIPPED)], Sight.STALE)


def test_a_source_that_left_the_config_is_named_and_protects(estate: Estate, tmp_path: Path) -> None:
    estate.put("llm", A)
    other = Shelf(tmp_path / "other")
    put(other.directory, "bucket", B, scope="aws/1/s3/b")
    estate.run(source(estate.shelf), source(other, "buckets", "s3"))
    result = estate.run()
    named = [gap for gap in result.coverage.gaps if gap.source == "buckets"]
    assert [(gap.scope, gap.reason) for gap in named] == [("aws/1/s3", Reason.NO_SOURCE)]
    assert "gnomon forget --source buckets" in named[0].remedy
    assert estate.held()["workload:b"] is True


def test_a_source_sees_what_the_ones_before_it_saw(estate: Estate, tmp_path: Path) -> None:
    estate.put("llm", A, {"link": ["workload:a", "calls", "endpoint:x"]})
    probing = Shelf(tmp_path / "probe", after=("kubernetes",))
    put(probing.directory, "x", B, scope="endpoints/x")
    estate.run(source(probing, "probe", "inference"), source(estate.shelf))
    assert [each.asset for each in probing.seen.sightings] == ["workload:a"]
    assert [each.target for each in probing.seen.links] == ["endpoint:x"]
    assert estate.shelf.seen == Seen()


def test_sources_that_wait_for_each_other_are_refused(estate: Estate, tmp_path: Path) -> None:
    one, other = Shelf(tmp_path / "a", after=("s3",)), Shelf(tmp_path / "b", after=("kubernetes",))
    with pytest.raises(UsageError, match="wait for each other"):
        estate.run(source(one, "a"), source(other, "b", "s3"))


def test_units_in_flight_are_bounded(estate: Estate) -> None:
    class Counting(Shelf):
        now = most = 0

        def observe(self, unit: Any) -> Iterator[Any]:
            Counting.now += 1
            Counting.most = max(Counting.most, Counting.now)
            yield from super().observe(unit)
            Counting.now -= 1

    for number in range(40):
        estate.put(f"n{number}", {"sighting": f"workload:{number}"})
    estate.run(source(Counting(estate.shelf.directory), concurrency=3))
    assert (len(estate.held()), Counting.most <= 3) == (40, True)


def test_workers_bound_all_sources_together_and_a_stuck_unit_gives_its_place_back(estate: Estate) -> None:
    for number in range(6):
        estate.put(f"n{number}", {"stuck": True} if number == 0 else {"sighting": f"workload:{number}"})
    result = estate.run(source(estate.shelf, max_seconds=3, concurrency=6), workers=1)
    assert gaps(result) == [("kubernetes/prod/n0", Reason.LIMIT)]
    assert len(estate.held()) == 5


def test_a_duplicate_in_a_listing_is_read_once(estate: Estate) -> None:
    class Twice(Shelf):
        def units(self, seen: Seen) -> Iterator[Any]:
            yield from super().units(seen)
            yield from super().units(seen)

    estate.put("llm", A)
    shelf = Twice(estate.shelf.directory)
    assert estate.run(source(shelf)).sources[0].units == 1
    assert shelf.observed == ["llm"]


def test_an_interrupt_ends_the_run_at_once_and_it_can_be_resumed(estate: Estate) -> None:
    def interrupted(_source: str, _listed: int, done: int) -> None:
        if done == 2:
            raise KeyboardInterrupt

    for number in range(5):
        estate.put(f"n{number}", {"sighting": f"workload:{number}"})
    with pytest.raises(KeyboardInterrupt):
        estate.run(source(estate.shelf, concurrency=1), progress=interrupted)
    result = estate.run()
    assert (len(estate.held()), result.sources[0].unchanged) == (5, 2)


def test_progress_counts_up_to_what_is_listed(estate: Estate) -> None:
    told: list[tuple[str, int, int]] = []
    for number in range(3):
        estate.put(f"n{number}", {"sighting": f"workload:{number}"}, revision="1")
    note: Callable[[str, int, int], None] = lambda *counts: told.append(counts)  # noqa: E731 - a def would say no more
    estate.run(progress=note)
    assert told[-1] == ("shelf", 3, 3)


def test_a_ceiling_is_kept(estate: Estate) -> None:
    limiter = Ceiling(max_requests=2, max_bytes=100)
    limiter.spend(requests=2, bytes=100)
    with pytest.raises(OverLimit, match="2 requests"):
        limiter.spend(requests=1)
    with pytest.raises(OverLimit):
        limiter.spend()
    with pytest.raises(OverLimit, match="100 bytes"):
        Ceiling(max_bytes=100).spend(bytes=101)
    Ceiling().spend(requests=10**9, bytes=10**12)


def test_two_crawls_of_one_estate_store_the_same(tmp_path: Path) -> None:
    dumps = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        estate = Estate(tmp_path / name)
        for number in range(30):
            estate.put(f"n{number}", {"sighting": f"workload:{number}"}, {"gap": [f"kubernetes/prod/n{number}/x", "unparsed"]})
        result = estate.run()
        dumps.append((estate.sheets, result.coverage))
    assert dumps[0] == dumps[1]
