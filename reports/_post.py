"""One letter to one mail server: encrypted, certificate checked, signed in, and nothing counts as sent before the server has said so."""

import contextlib
import smtplib
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

from reports._network import Final, Passing, trusted
from reports._text import plain
from scanner.contracts import Tools
from scanner.errors import ConfigError

_LATER = range(400, 500)


class Office(NamedTuple):
    """Where letters are handed in. `security` is starttls, tls or none; `password` names the variable that holds it."""

    host: str
    port: int
    security: str
    username: str
    password: str
    sender: str


def post(office: Office, to: Sequence[str], letter: bytes, tools: Tools) -> tuple[str, ...]:
    """Hands a letter in and returns whom the server refused, where it took it for others. Raises Passing or Final."""
    with _said(office), _connected(office, tools) as server:
        refused = server.sendmail(office.sender, list(to), letter)
        with contextlib.suppress(smtplib.SMTPException, OSError):
            server.quit()  # it has the letter: that it hangs up without a farewell changes nothing
        return tuple(sorted(refused))


@contextmanager
def _connected(office: Office, tools: Tools) -> Iterator[smtplib.SMTP]:
    context = None if office.security == "none" else trusted(tools.network)
    timeout = tools.network.timeout
    if office.security == "tls" and context is not None:
        server: smtplib.SMTP = smtplib.SMTP_SSL(office.host, office.port, timeout=timeout, context=context)
    else:
        server = smtplib.SMTP(office.host, office.port, timeout=timeout)
    try:
        if office.security == "starttls":
            server.starttls(context=context)
        if office.username:
            server.login(office.username, tools.secret(office.password))
        yield server
    finally:
        server.close()


@contextmanager
def _said(office: Office) -> Iterator[None]:
    """What the library raises, as what may pass and what will not, in an operator's words."""
    place = f"{office.host}:{office.port}"
    try:
        yield
    except ConfigError as error:
        raise Final(str(error)) from error
    except smtplib.SMTPNotSupportedError as error:
        raise Final(
            f"{place} offers no {'encryption' if office.security == 'starttls' else 'such login'} ({plain(str(error), 120)})"
        ) from error
    except smtplib.SMTPRecipientsRefused as error:
        codes = [code for code, _ in error.recipients.values()]
        raise _by_code(place, max(codes), f"refuses every recipient ({_answer(*next(iter(error.recipients.values())))})") from error
    except smtplib.SMTPAuthenticationError as error:
        raise _by_code(place, error.smtp_code, f"refuses the login of {office.username!r}: check the user name and the variable") from error
    except smtplib.SMTPResponseException as error:
        raise _by_code(place, error.smtp_code, f"answers {_answer(error.smtp_code, error.smtp_error)}") from error
    except smtplib.SMTPServerDisconnected as error:
        raise Passing(f"{place} hung up before it took the mail") from error
    except ssl.SSLCertVerificationError as error:
        raise Final(f"{place}: its certificate is not trusted ({error.verify_message}); check smtp host and [network] ca_bundle") from error
    except TimeoutError as error:
        raise Passing(f"{place} does not answer in time") from error
    except OSError as error:
        raise Passing(f"{place} cannot be reached ({error.strerror or type(error).__name__})") from error


def _by_code(place: str, code: int, what: str) -> Exception:
    return Passing(f"{place} {what}") if code in _LATER else Final(f"{place} {what}")


def _answer(code: int, words: bytes | str) -> str:
    text = words.decode("utf-8", "replace") if isinstance(words, bytes) else words
    return plain(f"{code} {text}", 160)
