"""What can go wrong, as a tree.

GnomonError
├── UsageError            the command or the config is wrong: exit code 2, nothing was read
│   └── ConfigError       names the file, the key and the nearest known key
├── ReadError             a place could not be read: the runner makes a Gap of it
│   ├── AccessDenied      401, 403, AccessDenied
│   ├── Throttled         429 and secondary limits, after the configured wait
│   ├── Unreachable       DNS, refused, timed out, reset, 5xx after retries
│   ├── UnexpectedReply   not what the API documents: another shape, half a body, HTML
│   ├── OverLimit         larger than a limit of the config
│   └── NotServed         the platform does not offer this here (a missing API group, a disabled region)
├── NotModified           a conditional request said "unchanged": the unit keeps what it had
├── StoreError            the store is locked, newer than this program, or broken
└── ReportError           a report could not be written or sent
    └── Undelivered       it is kept, and goes with the next run
"""

from scanner.model import Reason


class GnomonError(Exception):
    """The root. The message is for the operator and says what to do; it never holds content or a secret."""


class UsageError(GnomonError):
    """The command cannot be carried out as given."""


class ConfigError(UsageError):
    """The configuration is wrong."""


class ReadError(GnomonError):
    """A place could not be read."""

    reason = Reason.UNEXPECTED

    def __init__(self, message: str, *, remedy: str = "") -> None:
        super().__init__(message)
        self.remedy = remedy


class AccessDenied(ReadError):
    """We may not read this. `remedy` names the permission to add."""

    reason = Reason.DENIED


class Throttled(ReadError):
    """The platform's rate limit outlasted the configured wait."""

    reason = Reason.THROTTLED


class Unreachable(ReadError):
    """No answer."""

    reason = Reason.UNREACHABLE


class UnexpectedReply(ReadError):
    """An answer that is not what the API documents."""

    reason = Reason.UNEXPECTED


class OverLimit(ReadError):
    """Larger than the config allows to be read."""

    reason = Reason.LIMIT


class NotServed(ReadError):
    """The platform does not offer this here."""

    reason = Reason.NOT_SERVED


class NotModified(GnomonError):
    """The unit is as it was; what is stored of it stands."""


class StoreError(GnomonError):
    """The store cannot be used."""


class ReportError(GnomonError):
    """A report could not be delivered."""


class Undelivered(ReportError):
    """A report could not be sent; it is kept whole and goes with the next run."""
