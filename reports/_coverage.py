"""What could not be seen, in plain words: it stands before any result, because it says what the results are worth."""

from collections import defaultdict
from dataclasses import dataclass

from reports._text import listed, plain
from reports._words import PLATFORMS, REASONS, SIGHTS, counted
from scanner.coverage.tally import tally
from scanner.model import Coverage, Gap, Reason, Sight

_PLACES = {
    "github": ("organisation", "organisations"),
    "github/": ("repository", "repositories"),
    "kubernetes": ("cluster", "clusters"),
    "kubernetes/": ("namespace", "namespaces"),
    "#unreferenced-secrets": ("cluster's secrets that nothing refers to", "clusters' secrets that nothing refers to"),
    "aws": ("account", "accounts"),
    "aws/iam": ("account's IAM", "accounts' IAM"),
    "aws/s3": ("bucket", "buckets"),
    "aws/secretsmanager": ("region's Secrets Manager", "regions' Secrets Manager"),
    "aws/sagemaker": ("region's SageMaker", "regions' SageMaker"),
    "aws/bedrock": ("region's Bedrock", "regions' Bedrock"),
    "endpoints": ("endpoint", "endpoints"),
    "folder": ("folder", "folders"),
    "registry": ("registry", "registries"),
    "registry/": ("registry record", "registry records"),
}
_ANY = ("place", "places")
HARMLESS = frozenset({Reason.NOT_SERVED})


@dataclass(frozen=True)
class Unseen:
    """Places of one sort that were not read for one reason; `count` is 0 where the reason is a platform without a source."""

    reason: Reason
    words: str
    names: tuple[str, ...]
    remedies: tuple[str, ...]
    details: tuple[str, ...]
    count: int

    @property
    def of_the_registry(self) -> bool:
        """Whether it is the registry itself that was not read whole, so that no verdict is better than it."""
        return "registr" in self.words

    @property
    def why(self) -> str:
        """The reason in plain words."""
        return REASONS[self.reason]


def unseen(coverage: Coverage) -> tuple[Unseen, ...]:
    """Every place that was not read whole, a registry first, then most places; platforms without a source come last, as one."""
    groups: dict[tuple[Reason, tuple[str, str]], list[Gap]] = defaultdict(list)
    for gap in [*coverage.gaps, *_untold(coverage)]:
        if gap.reason not in HARMLESS:
            groups[gap.reason, _ANY if gap.reason is Reason.NO_SOURCE else place_words(gap.scope)].append(gap)
    told = [_unseen(reason, words, gaps, coverage) for (reason, words), gaps in groups.items()]
    return tuple(sorted(told, key=_urgency))


def coverage_sentence(coverage: Coverage) -> str:
    """`Read 1,204 of 1,260 places (95%). Not read: 3 clusters (access denied). No source is configured for Bedrock.`"""
    seen = tally(coverage)
    least = "" if seen.known else "at least "
    head = f"Read {seen.read:,} of {least}{seen.total:,} places ({seen.share})." if seen.total else "No place was read."
    blind = [f"{one.words} ({one.why})" for one in unseen(coverage) if one.count]
    missing = [name for one in unseen(coverage) if not one.count for name in one.names]
    parts = [head]
    if blind:
        parts.append(f"Not read, or not whole: {listed(blind, 5)}.")
    if missing:
        parts.append(f"No source is configured for {listed(missing, 4)}.")
    return " ".join(parts)


def absence(coverage: Coverage) -> str:
    """What "none found" is worth."""
    seen = tally(coverage)
    told = unseen(coverage)
    blind = [one.words for one in told if one.count]
    missing = sum(len(one.names) for one in told if not one.count)
    if not seen.read:
        return "None found, but no place was read, so this proves nothing."
    if not blind and not missing:
        return f"None found, and all {seen.total:,} places were read."
    parts = [f"{listed(blind)} {'was' if sum(one.count for one in told) == 1 else 'were'} not read whole"] if blind else []
    if missing:
        parts.append(f"{missing:,} platform{'s have' if missing > 1 else ' has'} no source")
    return f"None found, but {' and '.join(parts)}, so this is not proof."


def place_words(scope: str) -> tuple[str, str]:
    """What a coverage path names, in the singular and the plural."""
    part = scope.rpartition("#")[2]
    if f"#{part}" in _PLACES:
        return _PLACES[f"#{part}"]
    head, *rest = scope.split("/")
    if head == "aws":
        service = next((part for part in rest[1:] if f"aws/{part}" in _PLACES), None)
        return _PLACES[f"aws/{service}"] if service else _PLACES["aws"] if len(rest) == 1 else _ANY
    if len(rest) <= 1:
        return _PLACES.get(head, _ANY) if rest or head == "registry" else _ANY
    return _PLACES.get(f"{head}/", _PLACES.get(head, _ANY))


def _urgency(one: Unseen) -> tuple[bool, bool, bool, int, str]:
    return not one.of_the_registry, one.reason is Reason.NO_SOURCE, one.reason is Reason.SKIPPED, -one.count, one.words


def _unseen(reason: Reason, words: tuple[str, str], gaps: list[Gap], coverage: Coverage) -> Unseen:
    scopes = sorted({_place(gap.scope) for gap in gaps})
    named = {scope.path: scope.detail for scope in coverage.scopes if scope.sight is Sight.NO_SOURCE}
    sourceless = reason is Reason.NO_SOURCE
    names = [_platform(scope, named.get(scope, "")) if sourceless else _short(scope) for scope in scopes]
    return Unseen(
        reason,
        counted(len(scopes), ("platform", "platforms") if sourceless else words),
        tuple(plain(name, 80) for name in names),
        tuple(sorted({plain(gap.remedy, 400) for gap in gaps if gap.remedy})),
        tuple(sorted({plain(gap.detail, 400) for gap in gaps if gap.detail})),
        0 if sourceless else len(scopes),
    )


def _untold(coverage: Coverage) -> list[Gap]:
    """Places whose sight is not whole and that no gap at, above or below them explains."""
    told = {_place(gap.scope) for gap in coverage.gaps}
    explained = told | {up for scope in told for up in _above(scope)}
    paths = {scope.path for scope in coverage.scopes}
    inner = {up for path in paths for up in _above(path)}
    return [
        Gap(scope.source, scope.path, SIGHTS[scope.sight], scope.detail)
        for scope in coverage.scopes
        if scope.sight in SIGHTS and scope.path not in inner | explained and not {_place(scope.path), *_above(scope.path)} & told
    ]


def _above(path: str) -> list[str]:
    return [path[:at] for at in range(len(path)) if path[at] == "/"]


def _place(scope: str) -> str:
    """Content and settings of one repository are one place to a reader."""
    return scope.partition("#")[0] if scope.startswith("github/") else scope


def _short(scope: str) -> str:
    """A place without what its words say already: `kubernetes/prod-eu/llm` is the namespace `prod-eu/llm`."""
    if scope.startswith("aws/") and "/s3/" in scope:
        return scope.partition("/s3/")[2]
    head, _, rest = scope.removesuffix("#unreferenced-secrets").partition("/")
    return rest if head in _PLACES and rest else scope


def _platform(scope: str, detail: str) -> str:
    return detail.partition(":")[0] or PLATFORMS.get(scope, scope)
