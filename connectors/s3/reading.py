"""One bucket, or one prefix of it: listed, grouped, identified."""

import hashlib
import hmac
from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import msgspec

from connectors._aws import call, utc
from connectors.s3.listing import Object, listing
from connectors.s3.objects import S3Ranged, identifiers
from connectors.s3.settings import Settings
from scanner.contracts import Tools
from scanner.detect.artifacts import (
    VERSION,
    Artifact,
    Group,
    Unread,
    group,
    identify_group,
    is_artifact,
    is_beside,
    may_be_unnamed,
    named_format,
    sampled_digest,
)
from scanner.errors import ReadError
from scanner.model import Confidence, Evidence, Gap, Kind, Learned, Link, Observation, Reason, Relation, Sighting, Value

MAX_NAMED = 64
SAMPLED_FROM = 1 << 20


class Place(NamedTuple):
    """Where a unit reads: everything that is the same for each of its artifacts."""

    source: str
    client: Any
    bucket: str
    prefix: str
    scope: str
    attributes: Mapping[str, Value]


class Told(NamedTuple):
    """What came of one group: its artifact, or the error that hid it; what to remember."""

    group: Group
    artifact: Artifact | None
    error: ReadError | None = None
    learned: Learned | None = None


class Listed(NamedTuple):
    """The keys that matter, by name, and how many there were in all."""

    objects: dict[str, Object]
    keys: int
    gaps: tuple[Gap, ...]


def observed(place: Place, settings: Settings, tools: Tools) -> Iterator[Observation | Gap | Learned]:
    """Every artifact below the place, its links, and what could not be seen. Raises a ReadError where not even the listing may be read."""
    listed = _listed(place, settings)
    yield from listed.gaps
    unnamed = _unnamed(listed, settings)
    named = group((one.key, one.size) for one in listed.objects.values())
    surest_first = sorted(named, key=lambda one: named_format(one.members[0]) is None)
    groups = [*surest_first, *(Group(key, (key,), bytes=listed.objects[key].size) for key in unnamed)]
    hidden: Counter[Reason] = Counter()
    for told in _told(place, settings, tools, listed.objects, groups[: settings.max_probes]):
        if told.error:
            hidden[told.error.reason] += 1
        yield from _observations(place, told, listed.objects)
    hidden[Reason.LIMIT] += max(0, len(groups) - settings.max_probes) + _unlooked(listed, unnamed)
    yield from (_hidden(place, reason, count) for reason, count in sorted(hidden.items()) if count)


def _listed(place: Place, settings: Settings) -> Listed:
    def wanted(key: str, size: int) -> bool:
        return is_artifact(key, size) or is_beside(key) or may_be_unnamed(key, size) or ".mlpackage/" in key

    def page(**more: object) -> Mapping[str, Any]:
        return call(place.client, "ListObjectsV2", Bucket=place.bucket, **more)

    objects: dict[str, Object] = {}
    keys, gaps = 0, []
    for part in listing(page, place.prefix, wanted, settings.listers):
        objects.update((one.key, one) for one in part.objects)
        keys += part.keys
        if part.error:
            gaps.append(_unlisted(place, part.prefix, part.error))
        if keys > settings.max_keys:
            gaps.append(_too_many(place, settings.max_keys))
            break
    return Listed(dict(sorted(objects.items())), keys, tuple(gaps))


def _unlisted(place: Place, prefix: str, error: ReadError) -> Gap:
    below = prefix.removeprefix(place.prefix).strip("/")
    return Gap(place.source, f"{place.scope}/{below}".rstrip("/"), error.reason, f"listing stopped below {prefix!r}: {error}", error.remedy)


def _too_many(place: Place, limit: int) -> Gap:
    detail = f"more than {limit:,} keys; the rest was not listed"
    return Gap(place.source, place.scope, Reason.LIMIT, detail, "raise max_keys, or name prefixes in `buckets`")


def _unnamed(listed: Listed, settings: Settings) -> list[str]:
    """Large keys without a suffix, spread evenly over the listing."""
    keys = _without_suffix(listed)
    step = max(1, -(-len(keys) // settings.max_unnamed)) if settings.max_unnamed else len(keys) + 1
    return keys[::step] if settings.max_unnamed else []


def _without_suffix(listed: Listed) -> list[str]:
    return [one.key for one in listed.objects.values() if may_be_unnamed(one.key, one.size) and not is_artifact(one.key, one.size)]


def _unlooked(listed: Listed, unnamed: list[str]) -> int:
    return len(_without_suffix(listed)) - len(unnamed)


def _told(place: Place, settings: Settings, tools: Tools, objects: Mapping[str, Object], groups: list[Group]) -> Iterator[Told]:
    key = tools.secret(settings.sample_key_env).encode() if settings.sample_key_env else b""
    with ThreadPoolExecutor(settings.readers, thread_name_prefix="s3-read") as pool:
        try:
            yield from pool.map(lambda one: _tell(place, tools, objects, one, key), groups)
        finally:
            pool.shutdown(cancel_futures=True)


def _tell(place: Place, tools: Tools, objects: Mapping[str, Object], one: Group, key: bytes) -> Told:
    content, variant = _content(place.bucket, one, objects), _variant(key)
    known = tools.facts.get(content, variant)
    if known is not None:
        return Told(one, msgspec.json.decode(known, type=Artifact | None))
    try:
        found = _identified(place, objects, one, key)
    except ReadError as error:
        named = named_format(one.members[0])
        return Told(one, Artifact(format=named, bytes=one.bytes, unread=str(error)) if named else None, error)
    return Told(one, found, None, Learned(content, variant, msgspec.json.encode(found)))


def _variant(key: bytes) -> str:
    """What was asked of the content; another key gives other sampled digests."""
    return f"{VERSION}+sd1:{hmac.digest(key, b'variant', 'sha256').hex()[:8]}" if key else VERSION


def _content(bucket: str, one: Group, objects: Mapping[str, Object]) -> bytes:
    """What the group holds, as far as a listing tells: the same again, and it need not be read again."""
    files = [objects[path] for path in (*one.members, *one.companions)]
    said = f"{bucket}\n" + "\n".join(f"{file.key}\t{file.size}\t{file.etag}\t{file.updated}\t{file.storage}" for file in files)
    return hashlib.sha256(said.encode("utf-8", "surrogatepass")).digest()


def _identified(place: Place, objects: Mapping[str, Object], one: Group, key: bytes) -> Artifact | None:
    sources = {path: S3Ranged(place.client, place.bucket, objects[path]) for path in (*one.members, *one.companions)}
    first = sources[one.members[0]]
    found = identify_group(one, sources.__getitem__)
    if found is None or len(one.members) > 1:
        return found
    return msgspec.structs.replace(found, identifiers=tuple(sorted({*found.identifiers, *identifiers(first), *_sampled(first, key)})))


def _sampled(first: S3Ranged, key: bytes) -> tuple[str, ...]:
    if not key or first.found.size < SAMPLED_FROM:
        return ()
    try:
        return (sampled_digest(first, key),)
    except Unread:
        return ()


def _observations(place: Place, told: Told, objects: Mapping[str, Object]) -> Iterator[Observation | Learned]:
    if told.learned:
        yield told.learned
    if told.artifact is None:
        return
    asset = f"artifact:s3://{place.bucket}/{told.group.path}"
    named = [f"s3://{place.bucket}/{path}" for path in dict.fromkeys((told.group.path, *told.group.members[:MAX_NAMED]))]
    sure = Confidence.INFERRED if told.artifact.unread else Confidence.DECLARED
    evidence = (Evidence(f"s3://{place.bucket}/{told.group.members[0]}", f"artifact.{told.artifact.format}", sure),)
    updated = max((utc(objects[path].updated) or "" for path in told.group.members), default="")
    attributes = {**place.attributes, **told.artifact.attributes(), "path": told.group.path, **({"updated": updated} if updated else {})}
    yield Sighting(asset, Kind.ARTIFACT, tuple(sorted({*named, *told.artifact.identifiers})), attributes, evidence)
    if told.artifact.base_model and "/" in told.artifact.base_model:
        yield Link(asset, Relation.DERIVES, f"hf:{told.artifact.base_model}", evidence)


def _hidden(place: Place, reason: Reason, count: int) -> Gap:
    if reason is Reason.LIMIT:
        detail = f"{count:,} keys that may be models were not looked at"
        return Gap(place.source, place.scope, reason, detail, "raise max_probes, max_unnamed or the source's ceilings")
    remedy = "allow s3:GetObject, and kms:Decrypt where the bucket is encrypted with KMS" if reason is Reason.DENIED else ""
    return Gap(place.source, place.scope, reason, f"{count:,} files that may be models could be listed but not read", remedy)
