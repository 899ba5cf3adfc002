"""S3: what is there is found, and what could not be read is said."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.s3 import S3, Settings, connect
from connectors.s3.bucket import _listed, _public
from connectors.s3.listing import Object, listing
from connectors.s3.objects import S3Ranged, identifiers
from scanner.contracts import Network, Seen, Tools
from scanner.errors import AccessDenied, GnomonError, ReadError, Throttled, UnexpectedReply
from scanner.model import Gap, Learned, Link, Reason, Sighting, Unit
from tests.estate import artifacts as make
from tests.estate.s3 import S3Server, seaweed

READER, READER_SECRET = "READER00000000000000", "reader-secret-of-the-test-estate"
KEYS = 2_100


class Counts:
    """The limiter's part: counts what was spent."""

    def __init__(self) -> None:
        self.requests = 0
        self.bytes = 0

    def spend(self, requests: int = 0, bytes: int = 0) -> None:
        self.requests += requests
        self.bytes += bytes


class Remembered:
    """The cache's part: what earlier reads learned."""

    def __init__(self, learned: Mapping[tuple[bytes, str], bytes] | None = None) -> None:
        self.learned = dict(learned or {})

    def get(self, content: bytes, variant: str) -> bytes | None:
        return self.learned.get((content, variant))


def tools(scratch: Path, secrets: Mapping[str, str], facts: Remembered | None = None, network: Network | None = None) -> Tools:
    nothing: Any = None
    return Tools(
        network=network or Network(timeout=5, retries=1, max_wait=0),
        detector=nothing,
        facts=facts or Remembered(),
        limiter=Counts(),
        secret=lambda name: secrets[name],
        now=lambda: "2026-11-21T08:00:00Z",
        scratch=scratch,
    )


def source(server: S3Server, scratch: Path, *, key: str = "", secret: str = "", facts: Remembered | None = None, **more: Any) -> S3:
    secrets = {"KEY": key or server.key, "SECRET": secret or server.secret, "SAMPLES": "a secret for samples"}
    asked = Settings(endpoint_url=server.url, access_key_env="KEY", secret_key_env="SECRET", account="111111111111", **more)
    return connect(asked, tools(scratch, secrets, facts))


def unit(connector: S3, name: str) -> Unit:
    return next(one for one in connector.units(Seen()) if isinstance(one, Unit) and one.key.endswith(f"/{name}"))


def seen_in(connector: S3, bucket: str) -> tuple[dict[str, Sighting], list[Gap], list[Any]]:
    found = list(connector.observe(unit(connector, bucket)))
    sightings = {one.asset.removeprefix(f"artifact:s3://{bucket}/"): one for one in found if isinstance(one, Sighting)}
    return sightings, [one for one in found if isinstance(one, Gap)], found


MODELS: dict[str, bytes] = {
    "fraud/model.safetensors": make.safetensors(dtype="BF16"),
    "fraud/notes.txt": b"nothing to see",
    "chat/llama-Q4_K_M.gguf": make.gguf(),
    "classic/churn.pkl": make.pickled(),
    "classic/rows.pkl": b"\x80\x04}\x94\x8c\x01a\x94K\x01s.",
    "vision/net.onnx": make.onnx(weights=50_000),
    "lfs/model.safetensors": make.lfs_pointer(b"weights"),
    "odd/weights-without-suffix": make.gguf(seed=3) + make.noise(1_100_000),
    "odd/backup-without-suffix": make.noise(1_100_000, 5),
    "odd/empty.gguf": b"",
    "odd/na me+&=ü%20\u202e.gguf": make.gguf(seed=4),
    **{f"llm/llama/{name}": content for name, content in make.sharded(3, base_model="meta-llama/Llama-3.1-8B").items()},
    **{f"adapters/support/{name}": content for name, content in make.lora().items()},
    **{f"tf/1/{name}": content for name, content in make.savedmodel().items()},
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    reader = {READER: (READER_SECRET, ("List:ml-prod", "Read:ml-prod", "List:ml-listed"))}
    with seaweed(tmp_path_factory.mktemp("weed a"), reader) as started:
        started.fill("ml-prod", MODELS)
        started.fill("ml-listed", {"a/model.safetensors": make.safetensors(), "a/clf.pkl": make.pickled()})
        started.fill("ml-denied", {"a/model.safetensors": make.safetensors()})
        started.fill("ml-void", {})
        yield started


@pytest.mark.slow
def test_every_model_is_found_once(server: S3Server, tmp_path: Path) -> None:
    sightings, gaps, found = seen_in(source(server, tmp_path), "ml-prod")
    assert gaps == []
    assert sorted(sightings) == sorted(
        [
            "adapters/support/adapter_model.safetensors", "chat/llama-Q4_K_M.gguf", "classic/churn.pkl", "fraud/model.safetensors",
            "lfs/model.safetensors", "llm/llama", "odd/na me+&=ü%20\u202e.gguf", "odd/weights-without-suffix", "tf/1", "vision/net.onnx",
        ]
    )  # fmt: skip
    links = {(one.source, one.target) for one in found if isinstance(one, Link)}
    base = "hf:meta-llama/Llama-3.1-8B"
    assert links == {("artifact:s3://ml-prod/llm/llama", base), ("artifact:s3://ml-prod/adapters/support/adapter_model.safetensors", base)}


@pytest.mark.slow
def test_a_sighting_says_where_what_and_which_bytes(server: S3Server, tmp_path: Path) -> None:
    import hashlib

    one = seen_in(source(server, tmp_path), "ml-prod")[0]["fraud/model.safetensors"]
    content = MODELS["fraud/model.safetensors"]
    assert one.identifiers == (f"md5:{hashlib.md5(content).hexdigest()}:{len(content)}", "s3://ml-prod/fraud/model.safetensors")
    expected = {
        "platform": "aws",
        "account": "111111111111",
        "bucket": "ml-prod",
        "format": "safetensors",
        "parameters": 136,
        "bytes": len(content),
    }
    assert expected.items() <= dict(one.attributes).items()
    assert one.evidence[0].where == "s3://ml-prod/fraud/model.safetensors"


@pytest.mark.slow
def test_what_was_read_once_is_not_read_again(server: S3Server, tmp_path: Path) -> None:
    first = source(server, tmp_path)
    known, _, found = seen_in(first, "ml-prod")
    learned = {(one.content, one.variant): one.facts for one in found if isinstance(one, Learned)}
    second = source(server, tmp_path, facts=Remembered(learned))
    again, gaps, _ = seen_in(second, "ml-prod")
    assert (again, gaps) == (known, [])
    spent: Any = second.tools.limiter
    assert spent.requests <= 10


@pytest.mark.slow
def test_the_same_file_in_another_bucket_is_not_taken_for_this_one(server: S3Server, tmp_path: Path) -> None:
    server.fill("ml-copy", {"fraud/model.safetensors": MODELS["fraud/model.safetensors"]})
    contents = [
        {one.content for one in seen_in(source(server, tmp_path), name)[2] if isinstance(one, Learned)} for name in ("ml-prod", "ml-copy")
    ]
    assert contents[1] and not contents[0] & contents[1]


@pytest.mark.slow
def test_denied_to_read_is_a_gap_and_certain_names_are_still_sighted(server: S3Server, tmp_path: Path) -> None:
    connector = source(server, tmp_path, key=READER, secret=READER_SECRET, buckets=("ml-listed",))
    sightings, gaps, _ = seen_in(connector, "ml-listed")
    assert list(sightings) == ["a/model.safetensors"]
    assert "unread" in sightings["a/model.safetensors"].attributes
    denied = [gap for gap in gaps if gap.scope == "aws/111111111111/s3/ml-listed"]
    assert [(gap.reason, gap.detail.split()[0]) for gap in denied] == [(Reason.DENIED, "2")]


@pytest.mark.slow
def test_denied_to_list_raises_and_names_the_permission(server: S3Server, tmp_path: Path) -> None:
    connector = source(server, tmp_path, key=READER, secret=READER_SECRET, buckets=("ml-denied",))
    with pytest.raises(AccessDenied) as caught:
        seen_in(connector, "ml-denied")
    assert caught.value.remedy == "allow s3:ListBucket"


@pytest.mark.slow
def test_a_wrong_secret_is_denied_and_never_shown(server: S3Server, tmp_path: Path) -> None:
    connector = source(server, tmp_path, secret="not-the-secret")
    with pytest.raises(AccessDenied) as caught:
        list(connector.units(Seen()))
    assert "not-the-secret" not in f"{caught.value}{caught.value.remedy}{connector.principal()}"
    assert [check.ok for check in connector.check()] == [True, False]


@pytest.mark.slow
def test_an_empty_bucket_has_nothing_and_no_gap(server: S3Server, tmp_path: Path) -> None:
    assert seen_in(source(server, tmp_path), "ml-void") == ({}, [], [])


@pytest.mark.slow
def test_a_bucket_that_goes_away_is_a_gap_and_proves_nothing(server: S3Server, tmp_path: Path) -> None:
    server.fill("ml-going", {"model.gguf": make.gguf()})
    connector = source(server, tmp_path)
    listed = unit(connector, "ml-going")
    client = server.client()
    client.delete_object(Bucket="ml-going", Key="model.gguf")
    client.delete_bucket(Bucket="ml-going")
    with pytest.raises(ReadError) as caught:
        list(connector.observe(listed))
    assert caught.value.reason is Reason.PARTIAL


@pytest.mark.slow
def test_a_prefix_is_a_unit_of_its_own(server: S3Server, tmp_path: Path) -> None:
    connector = source(server, tmp_path, buckets=("ml-prod/llm/",))
    (one,) = (each for each in connector.units(Seen()) if isinstance(each, Unit))
    assert (one.key, one.scope) == ("111111111111/ml-prod/llm", "aws/111111111111/s3/ml-prod/llm")
    assert [seen.asset for seen in connector.observe(one) if isinstance(seen, Sighting)] == ["artifact:s3://ml-prod/llm/llama"]


@pytest.mark.slow
def test_an_excluded_bucket_is_named_as_skipped(server: S3Server, tmp_path: Path) -> None:
    gaps = [one for one in source(server, tmp_path, exclude=("ml-d*",)).units(Seen()) if isinstance(one, Gap)]
    assert [(gap.scope, gap.reason) for gap in gaps] == [("aws/111111111111/s3/ml-denied", Reason.SKIPPED)]


@pytest.mark.slow
def test_limits_are_gaps(server: S3Server, tmp_path: Path) -> None:
    _, gaps, _ = seen_in(source(server, tmp_path, max_probes=2, max_unnamed=1), "ml-prod")
    assert [(gap.reason, gap.remedy) for gap in gaps] == [(Reason.LIMIT, "raise max_probes, max_unnamed or the source's ceilings")]
    _, gaps, _ = seen_in(source(server, tmp_path, max_keys=3), "ml-prod")
    assert Reason.LIMIT in {gap.reason for gap in gaps}


@pytest.mark.slow
def test_sampled_digests_are_taken_where_a_key_is_given(server: S3Server, tmp_path: Path) -> None:
    sightings, _, _ = seen_in(source(server, tmp_path, sample_key_env="SAMPLES"), "ml-prod")
    sampled = {path for path, one in sightings.items() if any(name.startswith("sd1:") for name in one.identifiers)}
    assert sampled == {"odd/weights-without-suffix"}


@pytest.mark.slow
@pytest.mark.parametrize("name", ["flat", "deep"])
def test_a_listing_of_many_pages_is_whole(server: S3Server, tmp_path: Path, name: str) -> None:
    keys = [f"k{n:05}.gguf" if name == "flat" else f"day={n % 3}/hour={n % 7}/k{n:05}.gguf" for n in range(KEYS)]
    client = server.client()
    client.create_bucket(Bucket=f"ml-{name}")
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda key: client.put_object(Bucket=f"ml-{name}", Key=key, Body=b"x"), keys))
    asked = source(server, tmp_path)._client(source(server, tmp_path).sessions[0], "us-east-1")
    found: list[str] = []
    for part in listing(lambda **more: asked.list_objects_v2(Bucket=f"ml-{name}", **more), "", lambda *_: True, 4):
        found += [one.key for one in part.objects]
    assert sorted(found) == sorted(keys)


class Store:
    """ListObjectsV2 over a set of keys, in any order, a few to the page."""

    def __init__(self, keys: list[str], page: int) -> None:
        self.keys = keys
        self.page = page
        self.requests: Counter[str] = Counter()

    def __call__(self, Prefix: str, ContinuationToken: str = "0", Delimiter: str = "") -> Mapping[str, Any]:
        self.requests["probe" if Delimiter else "page"] += 1
        entries: dict[tuple[str, bool], None] = {}
        for key in self.keys:
            if key.startswith(Prefix):
                rest = key[len(Prefix) :]
                branch = Delimiter and Delimiter in rest
                entries[Prefix + rest.partition("/")[0] + "/" if branch else key, bool(branch)] = None
        start = int(ContinuationToken)
        page = list(entries)[start : start + self.page]
        more = {"NextContinuationToken": str(start + self.page)} if start + self.page < len(entries) else {}
        contents = [{"Key": key, "Size": 1, "ETag": '"e"'} for key, branch in page if not branch]
        return {
            "IsTruncated": bool(more),
            **more,
            "Contents": contents,
            "CommonPrefixes": [{"Prefix": key} for key, branch in page if branch],
        }


@settings(max_examples=200, deadline=None)
@given(
    keys=st.sets(st.lists(st.sampled_from(["a", "b", "c d", "ü", ""]), min_size=1, max_size=5).map("/".join), max_size=60),
    page=st.integers(2, 9),
)
def test_a_split_listing_holds_every_key_once(keys: set[str], page: int) -> None:
    store = Store(sorted(keys - {""}), page)
    parts = list(listing(store, "", lambda *_: True, 3))
    assert sorted(one.key for part in parts for one in part.objects) == store.keys
    assert sum(part.keys for part in parts) == len(store.keys)


def test_a_flat_listing_costs_what_a_paginator_costs() -> None:
    store = Store([f"k{n:05}" for n in range(2000)], 100)
    list(listing(store, "", lambda *_: True, 8))
    assert store.requests == {"page": 20}


def test_many_small_branches_are_listed_together() -> None:
    store = Store([f"user{n:04}/model.gguf" for n in range(2000)], 100)
    list(listing(store, "", lambda *_: True, 8))
    assert store.requests["page"] + store.requests["probe"] == 20


def test_few_large_branches_are_listed_apart() -> None:
    store = Store([f"{team}/{n:04}.gguf" for team in "abcd" for n in range(500)], 100)
    parts = list(listing(store, "", lambda *_: True, 8))
    assert {part.prefix for part in parts} == {"", "a/", "b/", "c/", "d/"}


def test_a_branch_that_fails_is_named_and_ends_nothing_else() -> None:
    store = Store([f"{team}/{n:04}.gguf" for team in "abcd" for n in range(500)], 100)

    def denied(Prefix: str, **more: str) -> Mapping[str, Any]:
        if Prefix == "c/":
            raise AccessDenied("no", remedy="allow s3:ListBucket")
        return store(Prefix, **more)

    parts = list(listing(denied, "", lambda *_: True, 8))
    assert [part.prefix for part in parts if part.error] == ["c/"]
    assert {one.key[0] for part in parts for one in part.objects} == {"a", "b", "d"}


@pytest.mark.parametrize(
    "page",
    [{}, {"Contents": []}, {"IsTruncated": True, "Contents": []}, {"IsTruncated": True, "NextContinuationToken": "", "Contents": []}],
)
def test_a_page_that_does_not_say_what_follows_is_no_empty_bucket(page: Mapping[str, Any]) -> None:
    with pytest.raises(UnexpectedReply):
        list(listing(lambda **_: page, "", lambda *_: True, 1))


def test_a_token_that_comes_twice_is_an_error_and_no_end() -> None:
    page = {"IsTruncated": True, "NextContinuationToken": "same", "Contents": []}
    assert [type(part.error) for part in listing(lambda **_: page, "", lambda *_: True, 1)] == [type(None), UnexpectedReply]


PAGE = '<?xml version="1.0"?><ListBucketResult><Name>b</Name><IsTruncated>false</IsTruncated>%s</ListBucketResult>'
ENTRY = (
    "<Contents><Key>m.gguf</Key><Size>5000</Size><ETag>&quot;e&quot;</ETag><LastModified>2026-01-01T00:00:00.000Z</LastModified></Contents>"
)
Answer = Callable[[BaseHTTPRequestHandler], tuple[Any, ...]]


@contextmanager
def answering(answer: Answer) -> Iterator[S3Server]:
    """A server that gives one answer to all that is asked of it."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            status, body, *headers = answer(self)
            self.send_response(status)
            for name, value in (headers[0] if headers else {"Content-Length": str(len(body))}).items():
                self.send_header(name, value)
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(body)

        do_HEAD = do_GET

        def log_message(self, format: str, *args: object) -> None:
            """Says nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as httpd:
        threading.Thread(target=httpd.serve_forever, args=(0.01,), daemon=True).start()
        try:
            yield S3Server(f"http://127.0.0.1:{httpd.server_address[1]}", "AKIDEXAMPLE", "secret")
        finally:
            httpd.shutdown()


def error(code: str) -> bytes:
    return f'<?xml version="1.0"?><Error><Code>{code}</Code><Message>m</Message></Error>'.encode()


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (lambda _: (503, error("SlowDown")), Throttled),
        (lambda _: (403, error("AccessDenied")), AccessDenied),
        (lambda _: (404, error("NoSuchBucket")), ReadError),
        (lambda _: (200, b"<html>a captive portal"), ReadError),
        (lambda _: (200, b"<html><body>hello</body></html>"), UnexpectedReply),
        (lambda _: (200, b""), UnexpectedReply),
        (lambda _: (500, b"oops"), ReadError),
    ],
)
def test_a_bad_reply_is_an_error_of_ours(answer: Answer, expected: type[GnomonError], tmp_path: Path) -> None:
    with answering(answer) as bad, pytest.raises(expected):
        seen_in(source(bad, tmp_path, buckets=("b",)), "b")


def test_an_object_that_goes_away_while_it_is_read_is_a_gap(tmp_path: Path) -> None:
    def answer(request: BaseHTTPRequestHandler) -> tuple[int, bytes]:
        return (200, (PAGE % ENTRY).encode()) if "list-type" in request.path else (404, error("NoSuchKey"))

    with answering(answer) as bad:
        sightings, gaps, _ = seen_in(source(bad, tmp_path, buckets=("b",)), "b")
    assert list(sightings) == ["m.gguf"]
    assert [gap.reason for gap in gaps if gap.scope.endswith("/b")] == [Reason.PARTIAL]


def test_nothing_but_reading_is_ever_sent_and_the_requester_never_pays(tmp_path: Path) -> None:
    asked: list[tuple[str, str | None]] = []

    def answer(request: BaseHTTPRequestHandler) -> tuple[int, bytes]:
        asked.append((request.command, request.headers.get("x-amz-request-payer")))
        return (200, (PAGE % ENTRY).encode()) if "list-type" in request.path else (403, error("AccessDenied"))

    with answering(answer) as bad:
        _, gaps, _ = seen_in(source(bad, tmp_path, buckets=("b",)), "b")
    assert set(asked) == {("GET", None)}
    assert {gap.scope for gap in gaps} == {"aws/111111111111/s3/b#settings", "aws/111111111111/s3/b"}


def store_of(content: bytes, headers: Mapping[str, str], entry: str = "", range_cut: int = 0) -> Answer:
    """A bucket with one object, m.gguf, whose replies carry these headers."""
    listed = ENTRY.replace("5000", str(len(content))).replace("<ETag>", f"{entry}<ETag>")

    def answer(request: BaseHTTPRequestHandler) -> tuple[Any, ...]:
        if "list-type" in request.path:
            return 200, (PAGE % listed).encode()
        if not request.path.startswith("/b/m.gguf"):
            return 403, error("AccessDenied")
        ranged = request.headers.get("Range")
        first, last = (int(end) for end in ranged.removeprefix("bytes=").split("-")) if ranged else (0, len(content) - 1)
        body = content[first : last + 1]
        return (206 if ranged else 200), body[: len(body) - range_cut], {"ETag": '"e"', "Content-Length": str(len(body)), **headers}

    return answer


def test_a_checksum_that_the_listing_promises_is_asked_for_once(tmp_path: Path) -> None:
    entry = "<ChecksumAlgorithm>SHA256</ChecksumAlgorithm><ChecksumType>FULL_OBJECT</ChecksumType>"
    headers = {"x-amz-checksum-sha256": "A" * 43 + "=", "x-amz-checksum-type": "FULL_OBJECT", "x-amz-version-id": "v7"}
    with answering(store_of(make.gguf(), headers, entry)) as good:
        sightings, _, _ = seen_in(source(good, tmp_path, buckets=("b",)), "b")
    assert sightings["m.gguf"].identifiers == ("s3://b/m.gguf", "s3:b/m.gguf@v7", "sha256:" + "0" * 64)


def test_an_object_in_glacier_is_named_and_not_read(tmp_path: Path) -> None:
    with answering(store_of(make.gguf(), {}, "<StorageClass>GLACIER</StorageClass>")) as cold:
        connector = source(cold, tmp_path, buckets=("b",), sample_key_env="SAMPLES")
        sightings, gaps, _ = seen_in(connector, "b")
    assert "GLACIER" in str(sightings["m.gguf"].attributes["unread"])
    assert [gap.scope for gap in gaps] == ["aws/111111111111/s3/b#settings"]


@pytest.mark.slow
def test_names_that_prove_a_model_are_read_before_those_that_may(server: S3Server, tmp_path: Path) -> None:
    sightings, _, _ = seen_in(source(server, tmp_path, max_probes=8, max_unnamed=0), "ml-prod")
    assert "vision/net.onnx" in sightings and "classic/churn.pkl" not in sightings


def test_half_a_body_is_a_gap(tmp_path: Path) -> None:
    with answering(store_of(make.gguf(), {"Connection": "close"}, range_cut=100)) as bad:
        sightings, gaps, found = seen_in(source(bad, tmp_path, buckets=("b",)), "b")
    assert list(sightings) == ["m.gguf"]
    assert Reason.UNEXPECTED in {gap.reason for gap in gaps}
    assert not any(isinstance(one, Learned) for one in found), "a failure that passes is not remembered"


def held(headers: Mapping[str, Any], **changed: Any) -> tuple[str, ...]:
    one = Object("k", 5, "d41d8cd98f00b204e9800998ecf8427e", None, "STANDARD", ())
    nothing: Any = None
    source = S3Ranged(nothing, "b", one._replace(**changed))
    source.headers = {"ETag": f'"{source.found.etag}"', **headers}
    return identifiers(source)


@pytest.mark.parametrize(
    ("headers", "changed", "expected"),
    [
        ({}, {}, ("md5:d41d8cd98f00b204e9800998ecf8427e:5",)),
        ({"ServerSideEncryption": "AES256"}, {}, ("md5:d41d8cd98f00b204e9800998ecf8427e:5",)),
        ({"ServerSideEncryption": "aws:kms"}, {}, ()),
        ({"SSECustomerAlgorithm": "AES256"}, {}, ()),
        ({}, {"etag": "d41d8cd98f00b204e9800998ecf8427e-3"}, ()),
        ({}, {"size": 0}, ()),
        ({"VersionId": "null", "ServerSideEncryption": "aws:kms"}, {}, ()),
        ({"VersionId": "v7", "ServerSideEncryption": "aws:kms"}, {}, ("s3:b/k@v7",)),
        ({"ChecksumType": "COMPOSITE", "ChecksumSHA256": "A" * 43 + "="}, {"etag": "x-2"}, ()),
        ({"ChecksumType": "FULL_OBJECT", "ChecksumSHA256": "A" * 43 + "="}, {"etag": "x-2"}, ("sha256:" + "0" * 64,)),
        ({"ChecksumType": "FULL_OBJECT", "ChecksumCRC64NVME": "AAAA="}, {"etag": "x-2"}, ("crc64nvme:AAAA=:5",)),
        ({"ETag": '"another"', "ChecksumType": "FULL_OBJECT", "ChecksumCRC64NVME": "AAAA="}, {}, ()),
    ],
)
def test_only_what_proves_the_whole_content_is_an_identifier(
    headers: dict[str, Any], changed: dict[str, Any], expected: tuple[str, ...]
) -> None:
    assert held(headers, **changed) == expected


PUBLIC, PRIVATE = {"PolicyStatus": {"IsPublic": True}}, {}
ENFORCED = {"OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}}
BLOCKED = {"IgnorePublicAcls": True, "RestrictPublicBuckets": True}


@pytest.mark.parametrize(
    ("block", "policy", "owns", "public"),
    [
        ({}, PUBLIC, {}, True),
        ({}, PUBLIC, ENFORCED, True),
        (BLOCKED, PUBLIC, {}, False),
        ({"RestrictPublicBuckets": True}, PUBLIC, ENFORCED, False),
        (None, PUBLIC, {}, None),
        ({}, PRIVATE, ENFORCED, False),
        ({}, PRIVATE, {}, None),
        (BLOCKED, None, None, False),
        (None, None, None, None),
        ({"IgnorePublicAcls": True}, None, None, None),
    ],
)
def test_public_is_said_only_where_it_is_known(block: Any, policy: Any, owns: Any, public: bool | None) -> None:
    assert _public(block, policy, owns) is public


def test_a_listing_open_to_everyone_is_said() -> None:
    acl = {"Grants": [{"Grantee": {"URI": "http://acs.amazonaws.com/groups/global/AllUsers"}, "Permission": "READ"}]}
    assert _listed({}, acl, {}) is True
    assert _listed(BLOCKED, acl, {}) is False
    assert _listed(None, acl, {}) is None
    assert _listed({}, None, {}) is None
    assert _listed({}, {"Grants": []}, {}) is False


@pytest.mark.slow
def test_regions_tags_and_policies_as_aws_tells_them(tmp_path: Path) -> None:
    from moto.server import ThreadedMotoServer

    moto = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    moto.start()
    try:
        host, port = moto.get_host_and_port()
        server = S3Server(f"http://{host}:{port}", "AKIDEXAMPLE", "secret")
        client = server.client()
        client.create_bucket(Bucket="ml-eu", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
        client.put_object(Bucket="ml-eu", Key="m.gguf", Body=make.gguf(), ChecksumAlgorithm="SHA256")
        tags = [{"Key": "Team", "Value": "fraud"}, {"Key": "env", "Value": "production"}, {"Key": "password", "Value": "hunter2"}]
        client.put_bucket_tagging(Bucket="ml-eu", Tagging={"TagSet": tags})
        sightings, _, found = seen_in(source(server, tmp_path), "ml-eu")
    finally:
        moto.stop()
    attributes = dict(sightings["m.gguf"].attributes)
    assert (attributes["owner"], attributes["environment"]) == ("fraud", "production")
    assert b"hunter2" not in b"".join(msgspec.json.encode(one) for one in found)
