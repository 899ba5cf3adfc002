"""Times are stored in UTC and read by people: every one is shown in the run's named zone, and relative to the run, never to the reader."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from reports._text import plain
from scanner.model import Run


@dataclass(frozen=True)
class Clock:
    """The zone that times are shown in, and the day that "today" means: the one the run ended on."""

    name: str
    zone: tzinfo
    ended: str

    def moment(self, when: str | None) -> str:
        """`21 Nov 2026, 04:12 UTC+01:00`."""
        time = self._local(when)
        return f"{time.day} {time:%b %Y, %H:%M} {_offset(time)}" if time else _as_given(when)

    def day(self, when: str | None) -> str:
        """`3 March`, with the year where it is not the run's."""
        day, today = self._day(when), self._day(self.ended)
        if day is None:
            return _as_given(when)
        return f"{day.day} {day:%B}" if today and day.year == today.year else f"{day.day} {day:%B %Y}"

    def ago(self, when: str) -> str:
        """`today`, `yesterday`, `on 3 March`."""
        days = self.days_until(when)
        return "today" if days == 0 else "yesterday" if days == -1 else f"on {self.day(when)}"

    def days_until(self, when: str | None) -> int | None:
        """Days from the run's day; negative: in the past; None: not a time."""
        day, today = self._day(when), self._day(self.ended)
        return (day - today).days if day and today else None

    def due(self, when: str | None) -> str:
        """`overdue by 4 days`, `due today`, `due in 3 days`."""
        days = self.days_until(when)
        if days is None:
            return ""
        if days == 0:
            return "due today"
        count = f"{abs(days):,} day{'' if abs(days) == 1 else 's'}"
        return f"overdue by {count}" if days < 0 else f"due in {count}"

    def _day(self, when: str | None) -> date | None:
        if when and len(when) == len("2026-11-21"):
            return _parsed_date(when)
        time = self._local(when)
        return time.date() if time else None

    def _local(self, when: str | None) -> datetime | None:
        try:
            time = datetime.fromisoformat(when or "")
        except ValueError:
            return None
        return (time if time.tzinfo else time.replace(tzinfo=UTC)).astimezone(self.zone)


def clock(run: Run, override: str = "") -> Clock:
    """The run's clock. A zone this machine does not know is shown as UTC, and named so."""
    name = override or run.timezone or "UTC"
    try:
        return Clock(name, ZoneInfo(name), run.finished)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return Clock("UTC", UTC, run.finished)


def _as_given(when: str | None) -> str:
    return plain(when, 40) if when else "at an unknown time"


def _parsed_date(when: str) -> date | None:
    try:
        return date.fromisoformat(when)
    except ValueError:
        return None


def _offset(time: datetime) -> str:
    offset = f"{time:%z}"
    return f"UTC{offset[:3]}:{offset[3:5]}"
