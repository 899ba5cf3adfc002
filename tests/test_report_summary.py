"""The words of the first minute: they come from the data, and never claim more than was seen."""

import pytest
from hypothesis import given
from hypothesis import strategies as some
from msgspec.structs import replace

from reports import _coverage, _summary
from reports._facts import Facts, connected
from reports._picture import drawn, steps
from reports._text import clipped, plain
from reports._times import Clock, clock
from scanner.coverage.tally import tally
from scanner.model import Coverage, Finding, Gap, Link, Reason, Relation, Report, Scope, Severity, Sight
from tests.report_sample import SAMPLE, hostile, sample

WHOLE = Coverage((Scope("kubernetes", "k", Sight.READ, 40, 40), Scope("kubernetes/prod-eu", "k", Sight.READ, 40, 40)), ())


def _with(scope: str, reason: Reason) -> Coverage:
    return Coverage(WHOLE.scopes, (Gap("k", scope, reason),))


def _only(*checks: str, **changed: object) -> Report:
    return sample(findings=tuple(one for one in SAMPLE.findings if one.check in checks), **changed)


def test_the_worst_case_names_the_model_the_date_the_endpoints_and_the_key() -> None:
    assert _summary.worst_case(SAMPLE) == (
        "fraud-scorer 1.4 was retired on 3 March and still answers on 2 endpoints in prod-eu; its access key was used yesterday."
    )


@pytest.mark.parametrize(
    ("checks", "sentence"),
    [
        (["suspended-but-running"], "kyc-reranker 0.9 was suspended on 1 October and still runs in prod-eu."),
        (
            ["unregistered-running"],
            "llama3:8b runs in prod-us, and the registry does not know it; nobody is named as its owner.",
        ),
        (["unregistered-coded"], "gpt-4o is called from code in acme/support-bot, and the registry does not know it."),
        (
            ["orphaned-credential"],
            "The access key aws/111122223333/access-key/AKIAQ3EXAMPLEOLD01 still works, though its model MR-0070 is retired, "
            "and AWS has seen no use for 237 days; it was last used on 29 March.",
        ),
        (["missing-owner"], "ocr-invoices 5.0 has no owner (prod-eu)."),
    ],
)
def test_each_list_has_its_sentence(checks: list[str], sentence: str) -> None:
    assert _summary.worst_case(_only(*checks)) == sentence


def test_what_is_waived_is_not_the_worst_case_and_still_in_its_list() -> None:
    report = _only("rejected-but-running")
    assert _summary.worst_case(report) == "Nothing to decide on was found in the 1,204 of 1,260 places that were read."
    assert [one.check for one in _summary.lists(report).retired] == ["rejected-but-running"]


def test_of_the_same_severity_what_is_overdue_leads() -> None:
    criticals = [one for one in SAMPLE.findings if one.severity is Severity.CRITICAL]
    late = tuple(replace(one, due="2026-11-01" if one.check == "unauthenticated-endpoint" else "2026-12-01") for one in criticals)
    assert _summary.ranked(sample(findings=late))[0].check == "unauthenticated-endpoint"


def test_every_finding_is_in_one_list_or_the_rest() -> None:
    shown = [*(one.id for three in _summary.lists(SAMPLE) for one in three), *(one.id for one in _summary.rest(SAMPLE))]
    assert sorted(shown) == sorted(one.id for one in SAMPLE.findings)


def test_without_a_registry_nothing_is_said_to_be_wrong() -> None:
    sentence = _summary.worst_case(sample(judged=False))
    assert sentence == "Found 3 models, 2 artifacts, 3 endpoints and 1 agent; nothing was judged, because no governance registry was read."


def test_a_time_is_in_the_zone_of_the_run_even_across_midnight() -> None:
    here = clock(replace(SAMPLE.run, finished="2026-11-20T23:30:00Z"))
    assert here.moment("2026-11-20T23:30:00Z") == "21 Nov 2026, 00:30 UTC+01:00"
    assert (here.ago("2026-11-20T22:59:00Z"), here.ago("2026-11-20T23:00:00Z"), here.due("2026-11-21")) == (
        "yesterday",
        "today",
        "due today",
    )


@pytest.mark.parametrize("zone", ["Mars/Olympus", "", "../../etc/passwd", "\x00"])
def test_a_zone_that_is_not_known_is_shown_as_utc(zone: str) -> None:
    assert clock(replace(SAMPLE.run, timezone=zone)).name == "UTC"


@given(some.text())
def test_any_text_for_a_time_is_shown_as_it_is(when: str) -> None:
    here: Clock = clock(SAMPLE.run)
    for said in (here.moment(when), here.day(when), here.ago(when)):
        assert said
    assert isinstance(here.due(when), str)


def test_the_denominator_counts_each_place_once_and_no_platform_without_a_source() -> None:
    assert (tally(SAMPLE.coverage).read, tally(SAMPLE.coverage).total) == (1204, 1260)


def test_a_listing_that_failed_makes_the_denominator_a_least_number() -> None:
    blind = Coverage((Scope("github", "g", Sight.DENIED, 0, None, "401"), Scope("kubernetes", "k", Sight.READ, 40, 40)), ())
    assert _coverage.coverage_sentence(blind).startswith("Read 40 of at least 40 places (100%).")
    assert "so this is not proof" in _coverage.absence(blind)


def test_a_share_is_never_rounded_up_to_all() -> None:
    assert tally(Coverage((Scope("github", "g", Sight.PARTLY, 9999, 10000),), ())).share == "99%"


@pytest.mark.parametrize(
    ("coverage", "worth"),
    [
        (WHOLE, "None found, and all 40 places were read."),
        (Coverage((), ()), "None found, but no place was read, so this proves nothing."),
        (_with("kubernetes/dr", Reason.DENIED), "None found, but 1 cluster was not read whole, so this is not proof."),
        (_with("databricks", Reason.NO_SOURCE), "None found, but 1 platform has no source, so this is not proof."),
        (_with("kubernetes/dr", Reason.NOT_SERVED), "None found, and all 40 places were read."),
    ],
)
def test_none_found_is_worth_what_was_read(coverage: Coverage, worth: str) -> None:
    assert _coverage.absence(coverage) == worth


def test_a_place_without_a_gap_is_still_named_when_its_sight_is_not_whole() -> None:
    coverage = Coverage((Scope("kubernetes/dr", "k", Sight.STALE, 0, 3, "yesterday's"), *WHOLE.scopes), ())
    assert [(one.words, one.names) for one in _coverage.unseen(coverage)] == [("1 cluster", ("dr",))]


def test_a_registry_that_was_not_read_leads() -> None:
    gaps = (
        Gap("k", "kubernetes/a", Reason.DENIED),
        Gap("k", "kubernetes/b", Reason.DENIED),
        Gap("r", "registry/governance", Reason.UNREACHABLE),
    )
    assert _coverage.unseen(Coverage((), gaps))[0].words == "1 registry"
    broken = tuple(Gap("r", f"registry/governance/{name}.toml", Reason.UNPARSED) for name in "ab")
    assert [one.words for one in _coverage.unseen(Coverage((), broken))] == ["2 registry records"]


def test_the_chain_runs_from_the_repository_to_the_owner() -> None:
    chain = connected(Facts(SAMPLE, clock(SAMPLE.run)), SAMPLE.findings[0])
    kinds = [str(step.kind) for step in steps(chain)]
    assert kinds == ["repository", "artifact", "image", "workload", "endpoint", "credential", "person"]
    picture = drawn(chain, SAMPLE.findings[0].asset, None)
    assert picture.count("<text") == 14 and picture.count('class="node') == 7 and picture.count('class="rail') == len(chain)


def test_a_picture_grows_no_further_than_a_dozen_links() -> None:
    many = tuple(Link(f"endpoint:http://10.0.0.{at}", Relation.ROUTES, SAMPLE.findings[0].asset) for at in range(500))
    grown = connected(Facts(sample(links=(*SAMPLE.links, *many)), clock(SAMPLE.run)), SAMPLE.findings[0])
    assert len(grown) <= 12 and set(SAMPLE.findings[0].chain) <= set(grown)


def test_a_chain_that_turns_back_on_itself_is_still_drawn() -> None:
    circle = tuple(Link(f"repo:{a}", Relation.USES, f"repo:{b}") for a, b in ("ab", "bc", "ca", "aa"))
    assert drawn(circle, "repo:a", None).count('class="node') == 3


def test_no_chain_no_picture() -> None:
    assert drawn((), "repo:a", None) == ""


@given(some.text(some.characters(codec=None), max_size=400))
def test_plain_text_is_one_line_that_hides_nothing(text: str) -> None:
    shown = plain(text)
    assert shown.isprintable() or not any(ord(one) < 32 or 0x202A <= ord(one) <= 0x202E or 0xD800 <= ord(one) <= 0xDFFF for one in shown)
    assert len(clipped(text, 160)) <= 190


def test_a_long_name_keeps_its_head_and_tail_and_says_how_long_it_was() -> None:
    assert clipped("a" + "x" * 9998 + "z", 60) == "a" + "x" * 38 + "…" + "x" * 19 + "z" + " (10,000 characters)"


def test_hostile_names_make_a_sentence_of_one_line() -> None:
    for severity in Severity:
        findings: tuple[Finding, ...] = tuple(replace(one, severity=severity) for one in hostile().findings)
        assert "\n" not in _summary.worst_case(replace(hostile(), findings=findings))


def test_secrets_that_nothing_refers_to_are_not_called_clusters() -> None:
    gaps = tuple(Gap("k", f"kubernetes/{name}#unreferenced-secrets", Reason.SKIPPED) for name in ("prod-eu", "staging"))
    (told,) = _coverage.unseen(Coverage((), gaps))
    assert told.words == "2 clusters' secrets that nothing refers to"
    assert told.names == ("prod-eu", "staging")


def test_prose_is_cut_between_its_words() -> None:
    text = "The record of fraud lacks what a review needs: no framework, no source repository, no use case, no risk class, no approver"
    cut = clipped(text, 100)
    assert len(cut) <= 100
    assert all(word in text.split() for half in cut.split("…") for word in half.split())


def test_a_sentence_that_names_its_place_does_not_name_it_again() -> None:
    finding = replace(
        SAMPLE.findings[0], check="missing-owner", asset="record:fraud", title="Nobody answers for fraud 1: its record names no owner"
    )
    assert _summary.worst_of(SAMPLE, [finding]) == "Nobody answers for fraud 1: its record names no owner."
