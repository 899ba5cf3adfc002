"""[policy]: what the organisation decides about its own verdicts."""

from datetime import date

from pydantic import Field

from scanner.contracts import PluginSettings


class Due(PluginSettings):
    """[policy.due]: days until a finding of this severity is overdue."""

    critical: int = Field(default=2, ge=0, description="days to act on a critical finding")
    high: int = Field(default=7, ge=0, description="days to act on a high finding")
    medium: int = Field(default=30, ge=0, description="days to act on a medium finding")
    low: int = Field(default=90, ge=0, description="days to act on a low finding")


class Policy(PluginSettings):
    """[policy]."""

    unused_days: int = Field(
        default=90, ge=1, description="days unused after which a credential that may be used from anywhere is an orphan"
    )
    grace_days: int = Field(default=14, ge=0, description="a credential younger than this is no orphan yet")
    lately_days: int = Field(default=30, ge=1, description="a credential used within so many days was used lately")
    long_lived_days: int = Field(default=365, ge=1, description="a credential not changed for so many days is long-lived")
    clean_scans: int = Field(default=3, ge=1, description="complete scans in a row without a trace that prove a retirement")
    hold_days: int = Field(
        default=0, ge=0, description="days after its retirement in which an old version that runs beside its successor is only `retiring`"
    )
    near_miss: float = Field(default=80, ge=0, le=100, description="how alike, of 100, a record's name must be to be shown as a near miss")
    near_misses: int = Field(default=3, ge=0, le=20, description="near misses shown for one finding")
    production: tuple[str, ...] = Field(
        default=("production", "prod", "prd", "live"), description="environments that count as production; any other that is named does not"
    )
    baseline: date | None = Field(
        default=None,
        description="findings first seen up to this day are the backlog: reported, not told as changes; in place of `gnomon baseline`",
    )
    due: Due = Due()
