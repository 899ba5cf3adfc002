"""The morning's mail on its way: private, and lost by no failure of a mail server."""

import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from reports import _delta, _mail, email
from scanner.contracts import Destination, Network
from scanner.errors import Undelivered
from scanner.model import Report
from tests.desk import desk
from tests.mailroom import PASSWORD, TO, Mailroom, mailroom, night, send, settings, unsent
from tests.report_sample import SAMPLE

pytestmark = pytest.mark.slow


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Mailroom]:
    with mailroom(tmp_path) as made:
        yield made


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
