"""The plain words for what the model names: kinds, relations read in either direction, severities, why a place was not read."""

from scanner.model import Asset, Kind, Reason, Relation, Severity, Sight

_BY_NAME = {str(kind): kind for kind in Kind}
SEVERITIES = tuple(Severity)
"""Worst first."""

KINDS: dict[Kind, tuple[str, str]] = {
    Kind.REPOSITORY: ("repository", "repositories"),
    Kind.MODEL: ("model", "models"),
    Kind.ARTIFACT: ("artifact", "artifacts"),
    Kind.SDK: ("SDK", "SDKs"),
    Kind.DEPLOYMENT: ("deployment manifest", "deployment manifests"),
    Kind.WORKLOAD: ("workload", "workloads"),
    Kind.ENDPOINT: ("endpoint", "endpoints"),
    Kind.CREDENTIAL: ("credential", "credentials"),
    Kind.IDENTITY: ("identity", "identities"),
    Kind.AGENT: ("agent", "agents"),
    Kind.IMAGE: ("image", "images"),
    Kind.DATASET: ("dataset", "datasets"),
    Kind.PERSON: ("owner", "owners"),
}

RELATIONS: dict[Relation, tuple[str, str]] = {
    Relation.USES: ("uses", "used by"),
    Relation.CONTAINS: ("contains", "lies in"),
    Relation.BUILDS: ("builds", "built by"),
    Relation.DEPLOYS: ("deploys", "deployed by"),
    Relation.RUNS: ("runs", "run by"),
    Relation.LOADS: ("loads", "loaded by"),
    Relation.SERVES: ("serves", "served by"),
    Relation.ROUTES: ("routes to", "reached through"),
    Relation.CALLS: ("calls", "called by"),
    Relation.ASSUMES: ("acts as", "assumed by"),
    Relation.HOLDS: ("holds", "held by"),
    Relation.READS: ("reads", "read by"),
    Relation.INVOKES: ("may call", "callable by"),
    Relation.DERIVES: ("was made from", "is the base of"),
    Relation.OWNED: ("is owned by", "owns"),
}
"""How the source speaks of the target, and the target of the source."""

REASONS: dict[Reason, str] = {
    Reason.DENIED: "access denied",
    Reason.THROTTLED: "rate limit outlasted the wait",
    Reason.UNREACHABLE: "no answer",
    Reason.UNEXPECTED: "answered with something else than documented",
    Reason.UNPARSED: "could not be parsed",
    Reason.LIMIT: "larger than the configured limit",
    Reason.PARTIAL: "only partly visible to our account",
    Reason.SHRUNK: "the listing was shorter than last time",
    Reason.SKIPPED: "skipped by configuration",
    Reason.NOT_SERVED: "not offered by the platform there",
    Reason.NO_SOURCE: "no source is configured",
    Reason.DEFECT: "a defect in Gnomon",
}

SIGHTS: dict[Sight, Reason] = {
    Sight.PARTLY: Reason.PARTIAL,
    Sight.DENIED: Reason.DENIED,
    Sight.THROTTLED: Reason.THROTTLED,
    Sight.UNREAD: Reason.UNREACHABLE,
    Sight.STALE: Reason.UNREACHABLE,
    Sight.SKIPPED: Reason.SKIPPED,
    Sight.NO_SOURCE: Reason.NO_SOURCE,
}
"""Why a place was not read, where its scope alone says so."""

PLATFORMS = {"github": "GitHub", "aws": "AWS", "kubernetes": "Kubernetes", "s3": "S3", "sagemaker": "SageMaker", "bedrock": "Bedrock"} | {
    "http": "HTTP endpoints",
    "endpoints": "inference endpoints",
    "folder": "folders",
    "iam": "IAM",
    "azure": "Azure",
    "gcp": "Google Cloud",
}


def check_words(check: str) -> str:
    """`retired-but-running` as `Retired but running`."""
    return check.replace("-", " ").capitalize()


def kind_of(key: str) -> Kind | None:
    """The kind that an asset key starts with; None where it is an identifier."""
    head = key.partition(":")[0]
    return Kind.REPOSITORY if head == "repo" else _BY_NAME.get(head)


def name_of(key: str) -> str:
    """A key without the word for its kind, and a model without its owner."""
    if kind_of(key) is None:
        return key
    rest = key.partition(":")[2]
    return _model_name(rest) if key.startswith("model:") else rest


def _model_name(owned: str) -> str:
    """`acme/payments:ollama/llama3:8b` without the owner: from the last part that has a slash on."""
    parts = owned.split(":")
    start = max((at for at, part in enumerate(parts) if "/" in part), default=0)
    return ":".join(parts[start:])


def platform_of(asset: Asset) -> str:
    """The platform an asset was seen on, as people write it."""
    named = asset.attributes.get("platform") or (asset.scopes[0].partition("/")[0] if asset.scopes else "")
    return PLATFORMS.get(str(named), str(named)) or "not named"


def counted(number: int, words: tuple[str, str]) -> str:
    """`1 cluster`, `1,204 clusters`."""
    return f"{number:,} {words[number != 1]}"
