"""The morning's mail, its words: what changed, by owner, in a part of text and one of HTML."""

from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from pydantic import ValidationError

from reports import _delta, _mail, email
from reports._post import Office
from scanner.contracts import Destination
from scanner.errors import ConfigError
from scanner.model import Baseline, Finding, Point, Report, Severity, Status
from tests.desk import desk
from tests.mailroom import settings, tools
from tests.report_sample import HOSTILE, SAMPLE, hostile, sample


def text_of(report: Report, **changed: Any) -> str:
    return _mail.as_text(said(report, **changed))


def said(report: Report, every_hours: float = 24, most: int = 40, url: str = "") -> _mail.Morning:
    return _mail.morning(_delta.delta(report, every_hours), _mail.Wanted("intake", most, url, "report.html"))


def finding(**changed: Any) -> Finding:
    return replace(next(one for one in SAMPLE.findings if one.check == "version-drift"), **changed)


def points(*finished: str) -> tuple[Point, ...]:
    return tuple(Point(when, when, {}, 1, 1) for when in finished)


def test_the_delta_comes_first_and_by_owner() -> None:
    lines = text_of(SAMPLE).splitlines()
    assert lines[3] == "fraud-scorer 1.4 was retired on 3 March and still answers on 2 endpoints in"
    assert "8 new   1 reopened   2 overdue   1 lost from sight   2 resolved" in lines
    owners = [
        line.partition("  (")[0] for line in lines if (line and line[0] != " " and "@acme" in line) or line in ("fraud-ml", "kyc", "growth")
    ]
    assert owners == ["fraud-ml", "@acme/claims", "kyc", "growth", "@acme/support"]
    assert "intake  (nobody is named as owner)" in lines
    order = [lines.index(heading) for heading in ("TO ACT ON, BY OWNER", "LOST FROM SIGHT", "RESOLVED")]
    assert order == sorted(order)


@pytest.mark.parametrize("report", [SAMPLE, hostile(), sample(300), sample(judged=False)], ids=["sample", "hostile", "many", "unjudged"])
def test_the_text_is_never_wider_than_76_columns(report: Report) -> None:
    assert max(map(len, text_of(report).splitlines())) <= 76


def test_each_finding_is_said_once_and_nothing_of_the_delta_is_left_out() -> None:
    told = text_of(SAMPLE)
    changed = [one for one in SAMPLE.findings if one.waived_by is None and one.status is not Status.ONGOING]
    assert [told.count(one.id) for one in (*changed, *SAMPLE.resolved)] == [1] * (len(changed) + len(SAMPLE.resolved))
    quiet = {"G-005001", "G-004002", "G-005004", "G-005006", "G-001177"}
    assert [one for one in quiet if one in told] == []


def test_sight_changed_has_a_part_of_its_own_and_is_neither_new_nor_resolved() -> None:
    report = sample(findings=(finding(status=Status.SIGHT_CHANGED),), resolved=(finding(id="G-9", status=Status.SIGHT_CHANGED),))
    told = _delta.delta(report)
    assert {name: number for name, number in told.counts().items() if number} == {"sight": 2, "open": 1}
    assert "SIGHT CHANGED" in text_of(report) and "RESOLVED" not in text_of(report)
    assert "Nothing to act on" in text_of(report)


def test_it_is_sent_also_when_nothing_changed() -> None:
    report = sample(findings=(finding(status=Status.ONGOING, due="2026-12-31"),), resolved=())
    assert said(report).subject == "nothing changed, 1 open - Gnomon Acme Insurance"
    assert "Nothing changed since the last run: 1 open." in text_of(report)


def test_what_runs_though_retired_is_said_every_morning() -> None:
    loud = replace(next(one for one in SAMPLE.findings if one.id == "G-003a92"), status=Status.ONGOING)
    report = sample(findings=(loud,), resolved=())
    assert said(report).subject.startswith("Retired but running: fraud-scorer 1.4; nothing new")
    assert loud.id in text_of(report)


def test_missed_runs_are_named() -> None:
    report = sample(trend=points("2026-11-17T03:40:00Z", "2026-11-21T03:41:55Z"))
    assert _delta.nights_missed(_delta.delta(report)) == "3 runs missed: none ended on 18, 19 and 20 November, when one was due."
    assert "3 runs missed" in said(report).subject
    assert _delta.nights_missed(_delta.delta(report, every_hours=24 * 7)) == ""


@pytest.mark.parametrize(
    "finished",
    [("2026-11-20T10:00:00Z", "2026-11-21T03:41:55Z"), ("2026-11-20T00:30:00Z", "2026-11-21T07:30:00Z"), ("2026-11-21T03:41:55Z",)],
)
def test_a_run_that_took_longer_or_shorter_is_not_missed(finished: tuple[str, ...]) -> None:
    assert _delta.delta(sample(trend=points(*finished))).missed == ()


def test_the_backlog_leaves_the_delta_but_what_is_retired_and_runs_stays_loud() -> None:
    backlog = tuple(replace(one, backlog=True) for one in SAMPLE.findings)
    gone = tuple(replace(one, backlog=True) for one in SAMPLE.resolved)
    report = sample(findings=backlog, resolved=gone, baseline=Baseline("2026-11-03T04:00:00Z", "m-governance", "2026-11-04T09:00:00Z"))
    told = _delta.delta(report)
    assert sorted(one.id for one in told.act) == ["G-001102", "G-003a91", "G-003a92"]
    assert (told.lost, told.sight, told.resolved) == ((), (), ())
    assert len(told.backlog) == 13
    assert "Backlog (dated 3 November by m-governance): 13 findings still open, 2 of it" in text_of(report)


def test_findings_beyond_the_cap_are_counted_and_the_worst_are_shown() -> None:
    report = sample(900)
    told = said(report, most=10)
    shown = [line for part in told.owners for line in part.lines]
    assert len(shown) == 10
    assert {line.severity for line in shown} == {"critical"}
    hidden = len(_delta.delta(report).act) + len(_delta.delta(report).still) - 10
    assert f"And {hidden:,} more findings to act on, in the report (report.html)." in text_of(report, most=10)
    assert len(_mail.as_html(told)) < 100_000


def test_the_largest_mail_is_not_cut_off_by_a_mail_program() -> None:
    """Gmail shows no more than 102 KB of the HTML part."""
    report = sample(900)
    long = tuple(replace(one, title=one.title + "long " * 60, remedy="do it " * 90) for one in report.findings)
    assert len(_mail.as_html(said(replace(report, findings=long)))) < 102_000


@pytest.mark.parametrize("name", [*HOSTILE, "two\r\nBcc: thief@example.com", "=?utf-8?q?x?="])
def test_no_name_makes_a_header_or_an_element(name: str) -> None:
    run = replace(SAMPLE.run, organisation=name)
    report = sample(findings=(finding(title=name, owner=name, remedy=name, severity=Severity.CRITICAL),), run=run)
    raw = email.letter(report, settings())
    head = raw.partition(b"\r\n\r\n")[0]
    assert b"\nBcc" not in head and head.count(b"\nSubject:") + head.startswith(b"Subject:") == 1
    page = _mail.as_html(said(report))
    assert (
        "<script" not in page
        and "<img" not in page
        and "onmouseover=" not in page.replace("&#39; onmouseover=", "").replace("' onmouseover=", "")
    )
    assert not set("\u202e\u2067\u2069\x00") & set(page + text_of(report))


def test_the_html_asks_no_network_for_anything() -> None:
    page = _mail.as_html(said(SAMPLE))
    assert "http" not in page and "<style" not in page and "url(" not in page
    assert page.count("style=") > 60


def test_findings_lead_to_the_report() -> None:
    assert 'href="https://reports.example.com/r.html#f-G-003a91"' in _mail.as_html(said(SAMPLE, url="https://reports.example.com/r.html"))


def test_an_inventory_without_verdicts_says_so() -> None:
    told = said(sample(judged=False, findings=(), resolved=()))
    assert told.subject.startswith("inventory only")
    assert "No governance registry was read" in _mail.as_text(told)


def test_it_is_printed_rather_than_sent_to_standard_output(tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    email.reporter(settings(port=1), tools(tmp_path)).write(SAMPLE, Destination(None))
    assert capfdbinary.readouterr().out.startswith(b"Subject: Retired but running")


@pytest.mark.parametrize(
    ("changed", "what"),
    [
        ({"to": ("nobody",)}, "not a mail address"),
        ({"to": ("a@example.com\nBcc: b@example.com",)}, "not a mail address"),
        ({"sender": "Gnomon <gnomon@example.com>"}, "not a mail address"),
        ({"username": "gnomon"}, "go together"),
        ({"host": "smtp.example.com", "username": "gnomon", "password": "MAIL_PASSWORD"}, "encrypted"),
        ({"name": "../up"}, "pattern"),
    ],
)
def test_settings_that_cannot_be_right_are_refused(changed: dict[str, Any], what: str) -> None:
    with pytest.raises(ValidationError, match=what):
        settings(**changed)


def test_a_missing_password_is_told_before_anything_is_read(tmp_path: Path) -> None:
    def missing(name: str) -> str:
        raise ConfigError(f"the variable {name} is not set")

    with pytest.raises(ConfigError, match="MAIL_PASSWORD"):
        email.reporter(settings(username="gnomon", password="MAIL_PASSWORD"), desk(tmp_path / "scratch", secret=missing))


def test_the_office_has_the_port_of_its_security() -> None:
    assert settings(security="tls").office == Office("127.0.0.1", 465, "tls", "", "", "gnomon@example.com")
