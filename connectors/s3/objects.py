"""One object read by offset, and what its headers prove of its content."""

import base64
import binascii
import re
from collections.abc import Mapping
from typing import Any

from connectors._aws import call, errors
from connectors.s3.listing import Object
from scanner.detect.artifacts import Unread
from scanner.errors import ReadError, UnexpectedReply

MD5 = re.compile(r"[0-9a-f]{32}")
PLAIN = (None, "AES256")  # encryption under which an ETag of a single part is the MD5 of the content (AWS: "Object integrity")
STRONG = re.compile(r"[0-9A-Za-z_-]+")
COLD = ("GLACIER", "DEEP_ARCHIVE")
EMPTY = 0
Reply = Mapping[str, Any]


class S3Ranged:
    """A Ranged over GetObject. All reads are of one version: a change between them is an error. The requester never pays."""

    def __init__(self, client: Any, bucket: str, found: Object) -> None:
        self.client = client
        self.bucket = bucket
        self.found = found
        self.size: int | None = found.size
        self.requests = 0
        self.received = 0
        self.headers: Reply = {}

    def read(self, offset: int, length: int) -> bytes:
        """Up to `length` bytes from `offset`."""
        if self.found.storage in COLD:
            raise Unread(f"lies in {self.found.storage}, where reading costs money and hours")
        reply = self._get(offset, min(length, self.found.size - offset))
        self.headers = self.headers or {name: value for name, value in reply.items() if name != "Body"}
        content = self._body(reply, offset, length)
        self.requests += 1
        self.received += len(content)
        return content

    def _body(self, reply: Reply, offset: int, length: int) -> bytes:
        """All of the bytes that were asked for: half a body is an error, never a short file."""
        with errors(self.client), reply["Body"] as body:
            content: bytes = body.read(length)
        announced = min(length, int(reply.get("ContentLength", 0)))
        if offset and reply["ResponseMetadata"]["HTTPStatusCode"] != 206:
            raise UnexpectedReply(f"s3://{self.bucket}: answers ranged reads with whole files")
        if len(content) < announced:
            raise UnexpectedReply(f"s3://{self.bucket}: half a body came, {len(content)} of {announced} bytes")
        return content

    def _get(self, offset: int, length: int) -> Reply:
        wanted: dict[str, Any] = {"Range": f"bytes={offset}-{offset + length - 1}"}
        if STRONG.fullmatch(self.found.etag):
            wanted["IfMatch"] = f'"{self.found.etag}"'
        return call(self.client, "GetObject", Bucket=self.bucket, Key=self.found.key, **wanted)


def identifiers(source: S3Ranged) -> tuple[str, ...]:
    """What a listing, the headers of a read and, where the listing promises a checksum, one HEAD say about the content."""
    found = source.found
    if found.size == EMPTY:
        return ()
    headers = {**source.headers, **_head(source)}
    return tuple(sorted({*_version(source.bucket, found.key, headers), *_checksums(headers, found), *_md5(headers, found)}))


def _head(source: S3Ranged) -> Reply:
    """The checksums, which a ranged read does not carry. Without the permission there are none; nothing else is lost."""
    if not {"SHA256", "CRC64NVME"} & set(source.found.full):
        return {}
    try:
        return call(source.client, "HeadObject", Bucket=source.bucket, Key=source.found.key, ChecksumMode="ENABLED")
    except ReadError:
        return {}


def _version(bucket: str, key: str, headers: Reply) -> tuple[str, ...]:
    version = headers.get("VersionId", "null")
    return () if version == "null" else (f"s3:{bucket}/{key}@{version}",)


def _checksums(headers: Reply, found: Object) -> tuple[str, ...]:
    """Only checksums over the whole object; that of a multipart upload is mostly one of part checksums (COMPOSITE)."""
    if headers.get("ChecksumType") != "FULL_OBJECT" or not _same(headers, found):
        return ()
    sha256, crc64 = _hex(headers.get("ChecksumSHA256"), 32), headers.get("ChecksumCRC64NVME")
    return (*((f"sha256:{sha256}",) if sha256 else ()), *((f"crc64nvme:{crc64}:{found.size}",) if crc64 else ()))


def _hex(encoded: object, length: int) -> str | None:
    try:
        content = base64.b64decode(str(encoded), validate=True)
    except (binascii.Error, ValueError):
        return None
    return content.hex() if len(content) == length else None


def _md5(headers: Reply, found: Object) -> tuple[str, ...]:
    """The ETag, where AWS says that it is the MD5: one part, and neither KMS nor a key of the customer's."""
    plain = bool(headers) and headers.get("ServerSideEncryption") in PLAIN and not headers.get("SSECustomerAlgorithm")
    return (f"md5:{found.etag}:{found.size}",) if plain and MD5.fullmatch(found.etag) and _same(headers, found) else ()


def _same(headers: Reply, found: Object) -> bool:
    return str(headers.get("ETag", "")).strip('"') == found.etag
