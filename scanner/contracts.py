"""The page an extender reads: what a connector, a registry and a reporter are.

A connector is one file in `connectors/`, a registry one in `connectors/registries/`, a reporter one in `reports/`. The file's
name is its `type` in the config. Each offers `Settings` (a pydantic model) and one function:

    connectors:   connect(settings, tools) -> Connector
    registries:   connect(settings, tools) -> Registry
    reports:      reporter(settings, tools) -> Reporter

Docs: docs/extending.md.
"""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Protocol

import msgspec
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationInfo, field_validator

from scanner.model import Asset, Gap, Learned, Link, Observation, Record, Report, Sighting, Unit

VARIABLE = re.compile(r"(file:.+|[A-Za-z_]\w{0,199})?", re.ASCII)
RANDOM = re.compile(r"(?=[A-Za-z0-9]*[0-9][A-Za-z])[A-Za-z0-9]{20,}")
"""A long run with digits among its letters: keys look so, names of variables do not."""


def _names_a_secret(value: str) -> str:
    if not VARIABLE.fullmatch(value) or (not value.startswith("file:") and RANDOM.search(value)):
        raise ValueError("looks like the secret itself; write the name of the variable that holds it, or file:/path")
    return value


SecretName = Annotated[str, AfterValidator(_names_a_secret)]
"""The name of a variable, or `file:/path`, that holds a secret; never the secret, which a message never repeats."""


class PluginSettings(BaseModel):
    """What every plugin's Settings share. Unknown keys are refused; values never change."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    def secrets(self) -> Iterator[str]:
        """Where the secrets that this names lie."""
        for name, field in type(self).model_fields.items():
            value = getattr(self, name)
            if value and any(isinstance(each, AfterValidator) and each.func is _names_a_secret for each in field.metadata):
                yield value
            for inner in value if isinstance(value, tuple) else (value,):
                yield from inner.secrets() if isinstance(inner, PluginSettings) else ()

    @field_validator("*")
    @classmethod
    def _beside_the_config(cls, value: object, info: ValidationInfo) -> object:
        """A relative path is relative to the config file's directory."""
        base = info.context.get("directory") if isinstance(info.context, dict) else None
        return _absolute(value, base) if isinstance(base, Path) else value


def _absolute(value: object, base: Path) -> object:
    if isinstance(value, Path):
        return base / value.expanduser()
    if isinstance(value, tuple):
        return tuple(_absolute(item, base) for item in value)
    return value


class SourceSettings(PluginSettings):
    """What every source's Settings share."""

    name: str = Field(default="", description="how reports call this source; the type where empty")
    max_seconds: float = Field(default=3600, gt=0, description="after this long a unit is given up and named in a gap")
    concurrency: int = Field(default=8, ge=1, le=256, description="units of this source read at the same time")


class Network(PluginSettings):
    """[network]: reaches every client, git included."""

    proxy: str | None = Field(default=None, description="http://host:port; empty: none. The environment's proxy variables are not read")
    ca_bundle: Path | None = Field(default=None, description="PEM file of certificate authorities; empty: the system's")
    timeout: float = Field(default=30, gt=0, description="seconds without a byte until a request is given up")
    retries: int = Field(default=3, ge=0, description="tries after the first, with growing waits, on 5xx, resets and timeouts")
    max_wait: float = Field(default=900, ge=0, description="seconds to wait for a rate limit in all, until the unit is a gap")


class Facts(Protocol):
    """The read-only cache of facts by content (git blob id, kind of path, detector version)."""

    def get(self, content: bytes, variant: str) -> bytes | None:
        """The facts of this content, or None."""
        ...

    def many(self, wanted: Collection[tuple[bytes, str]]) -> Mapping[tuple[bytes, str], bytes]:
        """The facts of each content and variant that are known, in few questions."""
        ...


class Detector(Protocol):
    """Bytes to facts, in supervised worker processes (scanner/detect)."""

    version: str

    def wanted(self, path: str, size: int | None) -> bool:
        """Whether a file of this name can matter at all; unwanted ones are not even fetched."""
        ...

    def detect(self, files: Iterable[tuple[str, bytes]]) -> Iterator["tuple[str, Findings]"]:
        """Facts of each file, in any order. A file that killed or outlasted its worker comes back with a reason."""
        ...


class Fact(msgspec.Struct, frozen=True, gc=False):
    """What a rule found in one file: never its text, never a secret's value.

    `kind` is a Kind's value; `name` the SDK, server, credential or agent; `line` counts from 1 (0: the file as a whole);
    `attributes` as in docs/vocabulary.md (`served_by`, `images`, `context`, `fingerprint`, ...).
    """

    kind: str
    rule: str
    confidence: str
    line: int = 0
    name: str = ""
    provider: str = ""
    model_id: str = ""
    revision: str = ""
    format: str = ""
    identifiers: tuple[str, ...] = ()
    attributes: Mapping[str, str | int | float | bool | tuple[str, ...]] = {}


class Findings(msgspec.Struct, frozen=True):
    """All facts of one file; `unread` says why it was not read whole, where it was not."""

    facts: tuple[Fact, ...] = ()
    unread: str = ""


class Limiter(Protocol):
    """Requests and bytes of one credential, shared by all units that use it."""

    def spend(self, requests: int = 0, bytes: int = 0) -> None:
        """Counts; raises OverLimit once a ceiling of the config is passed."""
        ...


class Tools(msgspec.Struct, frozen=True):
    """What the runner hands to a plugin where it runs."""

    network: Network
    detector: Detector
    facts: Facts
    limiter: Limiter
    secret: Callable[[str], str]
    """The value of an environment variable or `file:/path`, named in the config; raises ConfigError where it is missing."""
    now: Callable[[], str]
    """The time, ISO 8601 UTC."""
    scratch: Path
    """A private directory (0700) that is removed after the run."""
    note: Callable[[str], None] = lambda _: None
    """A line for the log: progress, waits. Never content."""
    ours: tuple[Path, ...] = ()
    """Gnomon's own records, waivers and reports: what they say of AI is no use of it."""


class Seen(msgspec.Struct, frozen=True):
    """What the sources named in `after` saw; empty otherwise."""

    sightings: tuple[Sighting, ...] = ()
    links: tuple[Link, ...] = ()


class Check(msgspec.Struct, frozen=True):
    """One line of `gnomon doctor`: what was tried, whether it went well, and what to do if not."""

    what: str
    ok: bool
    detail: str = ""
    remedy: str = ""


class Connector(Protocol):
    """One source. Only lists and reads. A unit may be read by any worker, more than once, in any order."""

    after: tuple[str, ...]
    """Types of sources that must be read before this one; their sightings come as `seen`."""
    version: str
    """Changes whenever the same bytes would give other observations."""

    def principal(self) -> str | Mapping[str, str]:
        """Who we are there and what we may see, in a form that changes when either does; never a secret.

        Where a source has several clusters or accounts, one for each by its coverage path (`kubernetes/prod-eu`); one that does not
        answer is left out, is a gap of `units`, and makes no other unproved (docs/decisions/principal-per-place.md).
        """
        ...

    def units(self, seen: Seen) -> Iterator[Unit | Gap]:
        """A cheap, complete listing. A Gap among the units says that the listing is not complete below its scope."""
        ...

    def observe(self, unit: Unit) -> Iterator[Observation | Gap | Learned]:
        """All there is to know of one unit. Raises a ReadError where it cannot be read, NotModified where it is as it was."""
        ...

    def check(self) -> Iterator[Check]:
        """Tries the access cheaply, for `gnomon doctor`."""
        ...


class Registry(Protocol):
    """Where the organisation keeps its approved models."""

    def records(self) -> Iterator[Record | Gap]:
        """Every record; a broken one comes with what is readable and its faults in `broken`, beside a Gap."""
        ...


class Explore(Protocol):
    """What a reporter may ask of the graph beyond the lists."""

    def neighbourhood(self, key: str, hops: int = 2) -> tuple[tuple[Asset, ...], tuple[Link, ...]]:
        """The assets within so many links of `key`, in either direction, and the links among them."""
        ...


class Destination(msgspec.Struct, frozen=True):
    """Where a report goes: a directory (files are written 0600, whole or not at all) or, where `directory` is None, standard output."""

    directory: Path | None


class Reporter(Protocol):
    """One output."""

    def write(self, report: Report, to: Destination) -> tuple[Path, ...]:
        """Writes the report and returns the files it made."""
        ...
