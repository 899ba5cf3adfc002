"""Keys per second over a SeaweedFS bucket of 20,000 keys: ours beside a bare boto3 paginator, in turn, in the same run."""

import statistics
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from benchmarks.rows import Row
from connectors._aws import call
from connectors.s3.listing import listing
from scanner.detect.artifacts import is_artifact, is_beside, may_be_unnamed
from tests.estate.s3 import S3Server, seaweed

KEYS, DEEP_KEYS = 20_000, 8_000
ROUNDS = 5


def run() -> list[Row]:
    """One row for a flat bucket, one for a bucket with few large prefixes."""
    with tempfile.TemporaryDirectory() as scratch, seaweed(Path(scratch) / "weed") as server:
        _fill(server, "bench-flat", [f"events-{number:06}.json" for number in range(KEYS)])
        _fill(server, "bench-deep", [f"team-{number % 8}/model-{number:06}.safetensors" for number in range(KEYS)])
        return [_row(server, "bench-flat", "one flat prefix"), _row(server, "bench-deep", "eight prefixes")]


def _fill(server: S3Server, bucket: str, keys: list[str]) -> None:
    client = server.client()
    client.create_bucket(Bucket=bucket)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda key: client.put_object(Bucket=bucket, Key=key, Body=b"x"), keys))


def _row(server: S3Server, bucket: str, what: str) -> Row:
    client = server.client()
    ours, bare = [], []
    for _ in range(ROUNDS):
        bare.append(_rate(lambda: _paginated(client, bucket)))
        ours.append(_rate(lambda: _listed(client, bucket)))
    mine, theirs = statistics.median(ours), statistics.median(bare)
    measured = f"{mine / theirs:.2f} of a bare paginator ({mine:,.0f} of {theirs:,.0f} keys/s)"
    return Row(f"S3 listing, {KEYS:,} keys, {what}", measured, ">= 0.8", mine / theirs >= 0.8)


def _rate(count: Callable[[], int]) -> float:
    started = time.perf_counter()
    found = count()
    assert found == KEYS, found
    return found / (time.perf_counter() - started)


def _paginated(client: Any, bucket: str) -> int:
    pages = client.get_paginator("list_objects_v2").paginate(Bucket=bucket)
    return sum(1 for page in pages for entry in page.get("Contents", ()) if entry["Key"] and entry["Size"])


def _listed(client: Any, bucket: str) -> int:
    def wanted(key: str, size: int) -> bool:
        return is_artifact(key, size) or is_beside(key) or may_be_unnamed(key, size)

    return sum(part.keys for part in listing(lambda **more: call(client, "ListObjectsV2", Bucket=bucket, **more), "", wanted, 8))


if __name__ == "__main__":
    print(*run(), sep="\n")
