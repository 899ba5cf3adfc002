"""The morning's mail: what it says, that it is private, and that no failure of a mail server loses one."""

import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from pydantic import ValidationError

from reports import _delta, _mail, email
from reports._post import Office
from scanner.contracts import Destination, Network, Tools
from scanner.errors import ConfigError, Undelivered
from scanner.model import Baseline, Finding, Point, Report, Severity, Status
from tests.desk import desk
from tests.mailroom import PASSWORD, Mailroom, certificate, mailroom
from tests.report_sample import HOSTILE, SAMPLE, hostile, sample

TO = ("governance@example.com", "second@example.com")


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Mailroom]:
    with mailroom(tmp_path) as made:
        yield made


def settings(room: Mailroom | None = None, **changed: Any) -> email.Settings:
    fields = {"host": "127.0.0.1", "port": room.port if room else 0, "security": "none", "sender": "gnomon@example.com", "to": TO}
    return email.Settings(**{**fields, "retry_seconds": 0, **changed})


def tools(tmp_path: Path, retries: int = 1, ca_bundle: Path | None = None, password: str = PASSWORD) -> Tools:
    network = Network(timeout=5, retries=retries, max_wait=5, ca_bundle=ca_bundle)
    return desk(tmp_path / "scratch", network=network, secret={"MAIL_PASSWORD": password}.__getitem__)


def send(tmp_path: Path, wanted: email.Settings, report: Report = SAMPLE, **options: Any) -> None:
    files = email.reporter(wanted, tools(tmp_path, **options)).write(report, Destination(tmp_path / "out"))
    assert files == ()


def unsent(tmp_path: Path) -> list[Path]:
    return sorted((tmp_path / "out" / "unsent" / "email").glob("*"))


def night(number: int, report: Report = SAMPLE) -> Report:
    run = replace(report.run, id=f"2026-11-{number}", finished=f"2026-11-{number}T04:00:00Z")
    return replace(report, run=run)


def text_of(report: Report, **changed: Any) -> str:
    return _mail.as_text(said(report, **changed))


def said(report: Report, every_hours: float = 24, most: int = 40, url: str = "") -> _mail.Morning:
    return _mail.morning(_delta.delta(report, every_hours), _mail.Wanted("intake", most, url, "report.html"))


def finding(**changed: Any) -> Finding:
    return replace(next(one for one in SAMPLE.findings if one.check == "version-drift"), **changed)


def points(*finished: str) -> tuple[Point, ...]:
    return tuple(Point(when, when, {}, 1, 1) for when in finished)


# --- what it says -----------------------------------------------------------------------------------------------------


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


# --- that it arrives --------------------------------------------------------------------------------------------------


def test_the_mail_arrives_with_both_parts(tmp_path: Path, room: Mailroom) -> None:
    send(tmp_path, settings(room))
    ((sender, to, mail),) = room.taken
    assert (sender, tuple(to)) == ("gnomon@example.com", TO)
    assert [part.get_content_type() for part in mail.walk()] == ["multipart/alternative", "text/plain", "text/html"]
    plain_part = mail.get_body(("plain",))
    assert plain_part is not None and plain_part.get_content().replace("\r\n", "\n").rstrip() == text_of_default(SAMPLE).rstrip()
    assert unsent(tmp_path) == []


def text_of_default(report: Report) -> str:
    return _mail.as_text(_mail.morning(_delta.delta(report), _mail.Wanted("no owner named", 40, "", "report.html")))


def test_attachments_are_opt_in_and_capped(tmp_path: Path, room: Mailroom) -> None:
    send(tmp_path, settings(room, attach=("html", "csv"), max_bytes=100_000))
    _, _, mail = room.taken[0]
    names = [part.get_filename() for part in mail.iter_attachments()]
    assert names == ["findings.csv"]
    body = mail.get_body(("plain",))
    assert body is not None and "report.html is not attached: it is larger than 100,000 bytes." in " ".join(body.get_content().split())


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_the_connection_is_encrypted_and_signed_in(tmp_path: Path, security: str) -> None:
    with mailroom(tmp_path, security, auth=security == "starttls") as room:
        login = {"username": "gnomon", "password": "MAIL_PASSWORD"} if security == "starttls" else {}
        send(tmp_path, settings(room, security=security, **login), ca_bundle=room.certificate)
        assert len(room.taken) == 1


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_certificate_that_nobody_trusts_gets_no_mail_and_no_password(tmp_path: Path, security: str) -> None:
    with mailroom(tmp_path, security) as room, pytest.raises(Undelivered, match="certificate is not trusted"):
        send(tmp_path, settings(room, security=security))
    assert (room.taken, len(unsent(tmp_path))) == ([], 1)


def test_a_certificate_of_another_host_gets_no_mail(tmp_path: Path) -> None:
    with mailroom(tmp_path, "tls", names=("127.0.0.9",)) as room, pytest.raises(Undelivered, match="certificate is not trusted"):
        send(tmp_path, settings(room, security="tls"), ca_bundle=room.certificate)
    assert room.taken == []


def test_a_server_without_encryption_gets_no_mail(tmp_path: Path, room: Mailroom) -> None:
    with pytest.raises(Undelivered, match="offers no encryption"):
        send(tmp_path, settings(room, security="starttls"))
    assert room.taken == []


def test_a_ca_bundle_that_is_none_keeps_the_mail(tmp_path: Path, room: Mailroom) -> None:
    (tmp_path / "none.pem").write_text("nothing", "ascii")
    with pytest.raises(Undelivered, match="no file of certificates"):
        send(tmp_path, settings(room, security="starttls"), ca_bundle=tmp_path / "none.pem")


def test_a_wrong_password_keeps_the_mail_and_says_neither_password(tmp_path: Path) -> None:
    with mailroom(tmp_path, "starttls", auth=True) as room:
        wanted = settings(room, security="starttls", username="gnomon", password="MAIL_PASSWORD")
        with pytest.raises(Undelivered, match="refuses the login of 'gnomon'") as told:
            send(tmp_path, wanted, ca_bundle=room.certificate, password="wrong-password")
        assert not {PASSWORD, "wrong-password"} & set(str(told.value).split())
        (kept,) = unsent(tmp_path)
        assert stat.S_IMODE(kept.stat().st_mode) == 0o600
        assert b"wrong-password" not in kept.read_bytes()


def test_an_unsent_mail_goes_with_the_next_run_marked_late(tmp_path: Path, room: Mailroom) -> None:
    with pytest.raises(Undelivered, match="cannot be reached"):
        send(tmp_path, settings(port=1), night(19))
    with pytest.raises(Undelivered, match="2 kept in"):
        send(tmp_path, settings(port=1), night(20))
    send(tmp_path, settings(room), night(21))
    assert [subject[:27] for subject in room.subjects] == [
        "[Late: of Thu, 19 Nov 2026]",
        "[Late: of Fri, 20 Nov 2026]",
        "Retired but running: fraud-",
    ]
    assert unsent(tmp_path) == []


@pytest.mark.parametrize("answer", ["450 4.2.0 greylisted, try again", "421 4.3.2 closing"])
def test_greylisting_is_waited_out(tmp_path: Path, room: Mailroom, answer: str) -> None:
    room.answers = [answer]
    send(tmp_path, settings(room))
    assert (len(room.taken), room.tries, unsent(tmp_path)) == (1, 2, [])


def test_a_connection_that_drops_in_mid_message_is_tried_again(tmp_path: Path, room: Mailroom) -> None:
    room.drop_in_data = 1
    send(tmp_path, settings(room))
    assert (len(room.taken), room.tries) == (1, 2)


def test_a_server_that_always_drops_keeps_the_mail(tmp_path: Path, room: Mailroom) -> None:
    room.drop_in_data = 9
    with pytest.raises(Undelivered, match="hung up before it took the mail"):
        send(tmp_path, settings(room))
    assert (room.taken, len(unsent(tmp_path))) == ([], 1)


def test_a_server_that_takes_the_mail_and_hangs_up_has_it(tmp_path: Path, room: Mailroom) -> None:
    room.hang_up_after = True
    send(tmp_path, settings(room))
    assert (len(room.taken), unsent(tmp_path)) == (1, [])


def test_a_refused_recipient_takes_the_mail_from_nobody_else(tmp_path: Path, room: Mailroom) -> None:
    room.refused = {TO[1]: "550 5.1.1 no such user"}
    with pytest.raises(Undelivered, match=r"refuses second@example\.com, and took it for the others"):
        send(tmp_path, settings(room), night(20))
    room.refused = {}
    send(tmp_path, settings(room), night(21))
    assert [to for _, to, _ in room.taken] == [[TO[0]], [TO[1]], list(TO)]


def test_a_mail_that_is_refused_for_good_does_not_hold_up_the_next(tmp_path: Path, room: Mailroom) -> None:
    room.answers = ["552 5.3.4 too large", "552 5.3.4 too large"]
    with pytest.raises(Undelivered, match=r"552 5\.3\.4 too large"):
        send(tmp_path, settings(room), night(20))
    with pytest.raises(Undelivered):
        send(tmp_path, settings(room), night(21))
    assert [subject[:5] for subject in room.subjects] == ["Retir"]
    assert [path.name for path in unsent(tmp_path)] == ["2026-11-20.eml"]


def test_a_run_that_was_killed_while_it_sent_has_kept_its_mail(tmp_path: Path, room: Mailroom) -> None:
    class Killed(BaseException):
        pass

    def kill(_: str) -> str:
        raise Killed

    wanted = settings(room, username="gnomon", password="MAIL_PASSWORD")
    made = email.Email(wanted, desk(tmp_path / "scratch", network=Network(), secret=kill))
    with pytest.raises(Killed):
        made.write(SAMPLE, Destination(tmp_path / "out"))
    assert len(unsent(tmp_path)) == 1


def test_only_so_many_are_kept_and_what_was_given_up_is_said(tmp_path: Path) -> None:
    folder = tmp_path / "out" / "unsent" / "email"
    folder.mkdir(parents=True)
    for number in range(70):
        (folder / f"2026-01-{number:03}.eml").write_bytes(email.letter(SAMPLE, settings()))
    with pytest.raises(Undelivered, match="11 older than the last 60 were given up"):
        send(tmp_path, settings(port=1), retries=0)
    assert len(unsent(tmp_path)) == 60


def test_the_office_has_the_port_of_its_security() -> None:
    assert settings(security="tls").office == Office("127.0.0.1", 465, "tls", "", "", "gnomon@example.com")


def test_a_certificate_can_be_made(tmp_path: Path) -> None:
    assert all(path.exists() for path in certificate(tmp_path, ("127.0.0.1",)))
