"""The nouns. Everything Gnomon says is one of these values; none of them ever changes once made.

They are msgspec structs rather than dataclasses: a million observations are made, stored and read back in a run,
and a struct is made four times faster and holds half the memory (docs/decisions/0001-msgspec-structs.md).
"""

from collections.abc import Mapping
from enum import StrEnum

import msgspec

Value = str | int | float | bool | None | tuple[str, ...]
"""What an attribute may hold. Times are ISO 8601 in UTC with a trailing Z."""


class Kind(StrEnum):
    """What an asset is."""

    REPOSITORY = "repository"
    MODEL = "model"
    ARTIFACT = "artifact"
    SDK = "sdk"
    DEPLOYMENT = "deployment"
    WORKLOAD = "workload"
    ENDPOINT = "endpoint"
    CREDENTIAL = "credential"
    IDENTITY = "identity"
    AGENT = "agent"
    IMAGE = "image"
    DATASET = "dataset"
    PERSON = "person"


class Relation(StrEnum):
    """How one asset depends on another: the source always *needs* the target, so what lives is reached forwards."""

    USES = "uses"  # repository -> model, sdk, dataset, agent: its code or configuration names it
    CONTAINS = "contains"  # repository -> artifact, deployment: the file lies in it
    BUILDS = "builds"  # repository -> image
    DEPLOYS = "deploys"  # repository or deployment (a manifest) -> workload, endpoint, image
    RUNS = "runs"  # workload -> image
    LOADS = "loads"  # workload, endpoint, repository -> artifact: opens or mounts these weights
    SERVES = "serves"  # workload, endpoint -> model
    ROUTES = "routes"  # endpoint -> workload: requests sent here arrive there
    CALLS = "calls"  # workload, repository -> endpoint
    ASSUMES = "assumes"  # workload, endpoint, identity -> identity
    HOLDS = "holds"  # identity -> credential: the credential authenticates as the identity
    READS = "reads"  # workload, repository, identity -> credential: is handed it
    INVOKES = "invokes"  # identity -> endpoint, model: is allowed to call it
    DERIVES = "derives"  # model, artifact -> the model it was made from
    OWNED = "owned"  # anything -> person: who answers for it


class Confidence(StrEnum):
    """How sure a rule is of what it saw."""

    DECLARED = "declared"
    INFERRED = "inferred"
    UNRESOLVED = "unresolved"


class Context(StrEnum):
    """Where in a repository something stands; only production code opens a finding (docs/verdicts.md)."""

    PRODUCTION = "production"
    TEST = "test"
    DOCS = "docs"
    EXAMPLE = "example"
    VENDORED = "vendored"
    ARCHIVED = "archived"


class Severity(StrEnum):
    """From the table in scanner/data/severity.toml, worst first."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    INFO = "info"


class State(StrEnum):
    """Where a registry record stands in its life."""

    PROPOSED = "proposed"
    APPROVED = "approved"
    DEPLOYED = "deployed"
    SUSPENDED = "suspended"
    RETIRED = "retired"
    REJECTED = "rejected"


class Reason(StrEnum):
    """Why something was not seen."""

    DENIED = "denied"
    THROTTLED = "throttled"
    UNREACHABLE = "unreachable"
    UNEXPECTED = "unexpected-reply"
    UNPARSED = "unparsed"
    LIMIT = "over-limit"
    PARTIAL = "partial-sight"
    SHRUNK = "listing-shrank"
    SKIPPED = "skipped-by-config"
    NOT_SERVED = "not-served"
    NO_SOURCE = "no-source"
    DEFECT = "defect"


class Evidence(msgspec.Struct, frozen=True, gc=False):
    """Where something was seen, by which rule, and how sure that rule is.

    `where` is a place a person can open: `github:acme/payments@1f3c2a9:src/app.py:12`,
    `kubernetes:prod-eu/llm/deployment/gateway:spec.template.spec.containers[0].image`, `s3://ml-prod/fraud/model.safetensors`.
    """

    where: str
    rule: str
    confidence: Confidence = Confidence.DECLARED


class Sighting(msgspec.Struct, frozen=True, tag="sighting"):
    """This thing exists. `identifiers` are typed strings (docs/identity.md); `attributes` use the names of docs/vocabulary.md."""

    asset: str
    kind: Kind
    identifiers: tuple[str, ...] = ()
    attributes: Mapping[str, Value] = {}
    evidence: tuple[Evidence, ...] = ()


class Link(msgspec.Struct, frozen=True, tag="link"):
    """`source` needs `target`. Both are asset keys, or identifiers where the connector cannot know the key."""

    source: str
    relation: Relation
    target: str
    evidence: tuple[Evidence, ...] = ()


class Gap(msgspec.Struct, frozen=True, tag="gap"):
    """What should have been read and was not. `scope` is a coverage path, such as `kubernetes/prod-eu/llm`."""

    source: str
    scope: str
    reason: Reason
    detail: str = ""
    remedy: str = ""


class Learned(msgspec.Struct, frozen=True, tag="learned"):
    """Facts worth remembering by content, so that the same bytes are never parsed twice. Only the coordinator stores them."""

    content: bytes
    variant: str
    facts: bytes


Observation = Sighting | Link


class Unit(msgspec.Struct, frozen=True):
    """What a connector reads in one go.

    `key` is unique within its source; `scope` is its place in the coverage tree; `revision` says what was there (None: always
    read again); `hints` are what the listing already knew, handed to `observe`.
    """

    key: str
    scope: str
    revision: str | None = None
    hints: Mapping[str, Value] = {}


class Asset(msgspec.Struct, frozen=True):
    """One thing, whatever number of sightings told of it. `aliases` are the other keys it was seen under."""

    key: str
    kind: Kind
    identifiers: tuple[str, ...]
    attributes: Mapping[str, Value]
    evidence: tuple[Evidence, ...]
    scopes: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    stale: bool = False


class Sheet(msgspec.Struct, frozen=True):
    """All that is known of one unit: `stale` where this run could not read it and an earlier one could."""

    source: str
    scope: str
    stale: bool
    observations: tuple[Observation, ...]


class Inventory(msgspec.Struct, frozen=True):
    """Sheets made into things: assets by key, links between keys that exist."""

    assets: Mapping[str, Asset]
    links: tuple[Link, ...]
    stale_links: frozenset[int] = frozenset()
    """Positions in `links` that only stale sheets told of."""
    numbers: tuple[bytes, bytes, bytes] | None = None
    """The links as int32 columns, where they are known: positions of source and target in `assets`, and of the relation in its list."""


class Observed(StrEnum):
    """How a model is there, strongest first."""

    RUNNING = "running"  # a workload or an endpoint that can be invoked, or is scheduled
    STORED = "stored"  # an artifact at rest
    CODED = "coded"  # named in a repository


class Place(msgspec.Struct, frozen=True):
    """One model in one place: `subject` is the model, the artifact, or the AI thing itself; `host` is where a person finds it.

    `chain` is the proof from the host to the subject. A stale place protects and never accuses.
    """

    subject: str
    host: str
    observed: Observed
    context: Context = Context.PRODUCTION
    stale: bool = False
    chain: tuple[Link, ...] = ()


class Derived(msgspec.Struct, frozen=True):
    """Which assets are AI, each with its because-chain, and which models are where."""

    ai: Mapping[str, tuple[Link, ...]]
    places: tuple[Place, ...]


class BaseModel(msgspec.Struct, frozen=True):
    """What a registered model was made from."""

    id: str
    relation: str


class ApprovedScope(msgspec.Struct, frozen=True):
    """Where a record may run. An empty dimension is not restricted."""

    environments: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    clusters: tuple[str, ...] = ()
    namespaces: tuple[str, ...] = ()
    repositories: tuple[str, ...] = ()
    endpoints: tuple[str, ...] = ()
    tools: tuple[str, ...] = ()


class Transition(msgspec.Struct, frozen=True):
    """One step of a record's life: `when` is ISO 8601 UTC."""

    to: State
    when: str
    who: str = ""
    origin: State | None = None
    evidence: str = ""


class Record(msgspec.Struct, frozen=True):
    """One entry of the governance registry (docs/registry.md). `where` is the file and line, or the address, it was read from."""

    id: str
    name: str
    version: str | None
    state: State
    registry: str
    where: str
    identifiers: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    provider: str | None = None
    base_model: BaseModel | None = None
    owner: str | None = None
    owner_person: str | None = None
    approver: str | None = None
    use_case: str | None = None
    business_purpose: str | None = None
    risk_class: str | None = None
    framework: str | None = None
    source_repository: str | None = None
    source_commit: str | None = None
    approved_scope: ApprovedScope = ApprovedScope()
    standby: tuple[str, ...] = ()
    identities: tuple[str, ...] = ()
    offboard_by: str | None = None
    review_due: str | None = None
    retire_on: str | None = None
    rollback_ref: str | None = None
    hold_until: str | None = None
    record_updated: str | None = None
    model_changed: str | None = None
    transitions: tuple[Transition, ...] = ()
    broken: tuple[str, ...] = ()
    extra: Mapping[str, Value] = {}


class Match(msgspec.Struct, frozen=True):
    """`because` is what agreed: `strong sha256:ab12…`, `pinned hf:org/name@rev`, `weak api:openai/gpt-4o`."""

    asset: str
    record: str
    because: str
    strong: bool


class NearMiss(msgspec.Struct, frozen=True):
    """A record that looks alike, for people to decide on. It never registers anything."""

    record: str
    name: str
    score: float


class Status(StrEnum):
    """What a finding is against the run before."""

    NEW = "new"
    ONGOING = "ongoing"
    REOPENED = "reopened"
    RESOLVED = "resolved"
    LOST = "lost-from-sight"
    SIGHT_CHANGED = "sight-changed"


class Finding(msgspec.Struct, frozen=True):
    """One thing a person has to decide on.

    `asset` is the place (the running workload, the bucket's artifact, the repository's model), `subject` the model in it where
    that is another asset. `chain` is the shortest proof through the graph. `id` is stable (docs/findings.md).
    """

    id: str
    check: str
    asset: str
    severity: Severity
    title: str
    evidence: tuple[Evidence, ...]
    remedy: str
    subject: str | None = None
    record: str | None = None
    owner: str | None = None
    because: str = ""
    severity_because: tuple[str, ...] = ()
    controls: tuple[str, ...] = ()
    chain: tuple[Link, ...] = ()
    near_misses: tuple[NearMiss, ...] = ()
    due: str | None = None
    status: Status = Status.NEW
    first_seen: str | None = None
    last_seen: str | None = None
    waived_by: str | None = None
    backlog: bool = False
    """Of the baseline: reported like any other, and no part of what changed (docs/baseline.md)."""


class Baseline(msgspec.Struct, frozen=True):
    """What was first seen up to `until` is the backlog. `by` and `when` say who decided that; times are ISO 8601 UTC."""

    until: str
    by: str
    when: str
    why: str = ""


class Sight(StrEnum):
    """How well a place was seen."""

    READ = "read"
    PARTLY = "partly"
    DENIED = "denied"
    THROTTLED = "throttled"
    UNREAD = "unread"
    STALE = "stale"
    SKIPPED = "skipped"
    NO_SOURCE = "no-source"


class Scope(msgspec.Struct, frozen=True):
    """One node of the coverage tree: `read` of `total` units below `path` were read. `total` None: not even the listing was possible."""

    path: str
    source: str
    sight: Sight
    read: int
    total: int | None
    detail: str = ""


class Coverage(msgspec.Struct, frozen=True):
    """The tree as a flat, sorted tuple; a scope's parent is its path without the last segment."""

    scopes: tuple[Scope, ...]
    gaps: tuple[Gap, ...]


class SourceRun(msgspec.Struct, frozen=True):
    """What one source did in a run."""

    name: str
    type: str
    principal: str
    units: int
    read: int
    unchanged: int
    requests: int
    bytes: int
    seconds: float


class Run(msgspec.Struct, frozen=True):
    """The facts of one run, as run.json holds them. Times are ISO 8601 UTC."""

    id: str
    started: str
    finished: str
    partial: bool
    organisation: str
    timezone: str
    versions: Mapping[str, str]
    hashes: Mapping[str, str]
    sources: tuple[SourceRun, ...]
    registries: tuple[str, ...]
    self_declared: bool
    previous: str | None = None


class Point(msgspec.Struct, frozen=True):
    """One past run, for the trend."""

    run: str
    finished: str
    open: Mapping[str, int]
    read: int
    total: int


class Report(msgspec.Struct, frozen=True):
    """All that a reporter may read."""

    run: Run
    coverage: Coverage
    findings: tuple[Finding, ...]
    resolved: tuple[Finding, ...]
    assets: tuple[Asset, ...]
    links: tuple[Link, ...]
    records: tuple[Record, ...]
    matches: tuple[Match, ...]
    trend: tuple[Point, ...]
    counted: Mapping[str, int] = {}
    judged: bool = True
    baseline: Baseline | None = None
    registries_whole: bool = True
    """Every registry was read whole: "in no record" may be believed. Otherwise nothing new is called unregistered."""
