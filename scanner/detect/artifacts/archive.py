"""A zip's directory and single members by offset, believing none of its numbers (APPNOTE.TXT 4.3, 4.4)."""

import struct
import zlib

import msgspec

from scanner.detect.artifacts.ranged import Reader, Unread

TAIL = 32_768
MAX_DIRECTORY = 8_000_000
MAX_ENTRIES = 100_000
END, END64, LOCATOR, ENTRY, LOCAL = b"PK\x05\x06", b"PK\x06\x06", b"PK\x06\x07", b"PK\x01\x02", b"PK\x03\x04"
FULL = 0xFFFFFFFF


class Member(msgspec.Struct, frozen=True, gc=False):
    """One file of the archive, as the directory tells it."""

    name: str
    offset: int
    packed: int
    size: int
    method: int


def directory(reader: Reader) -> list[Member]:
    """Every member, in the order of the file. Raises Unread where the numbers contradict each other."""
    start, tail = reader.tail(TAIL)
    found = tail.rfind(END)
    if found < 0 or len(tail) < found + 22:
        raise Unread("has no zip directory at its end: half-written or altered")
    count, length, offset = struct.unpack_from("<HII", tail, found + 10)
    end = start + found
    if tail[max(0, found - 20) : found].startswith(LOCATOR):  # PyTorch writes one whether it is needed or not
        end, count, length, offset = _end64(reader, end - 76)
    elif FULL in (length, offset) or count == 0xFFFF:
        raise Unread("its zip64 directory is missing")
    if length > MAX_DIRECTORY or count > MAX_ENTRIES:
        raise Unread(f"its directory claims {count:,} members in {length:,} bytes")
    if offset > end - length:
        raise Unread("its directory lies about where it is")
    shift = end - length - offset
    return _checked(_members(reader.read(end - length, length), count, shift), end - length)


def _end64(reader: Reader, at: int) -> tuple[int, int, int, int]:
    """The wide record, which stands right before its locator."""
    record = reader.read(at, 56) if at >= 0 else b""
    if record[:4] != END64:
        raise Unread("its zip64 directory is not where it says")
    count, length, offset = struct.unpack_from("<QQQ", record, 32)
    return at, count, length, offset


def _members(content: bytes, count: int, shift: int) -> list[Member]:
    members, at = [], 0
    while at + 46 <= len(content) and content[at : at + 4] == ENTRY:
        method, packed, size, name, extra, comment, offset = struct.unpack_from("<10xH8xIIHHH8xI", content, at)
        rest = content[at + 46 + name : at + 46 + name + extra]
        size, packed, offset = _wide(rest, size, packed, offset)
        members.append(Member(content[at + 46 : at + 46 + name].decode("utf-8", "replace"), offset + shift, packed, size, method))
        at += 46 + name + extra + comment
    if len(members) != count:
        raise Unread(f"its directory announces {count:,} members and lists {len(members):,}")
    return sorted(members, key=lambda member: member.offset)


def _wide(extra: bytes, *narrow: int) -> tuple[int, int, int]:
    """The zip64 field replaces, in order, the numbers that are full."""
    at, wide = 0, b""
    while at + 4 <= len(extra):
        kind, length = struct.unpack_from("<HH", extra, at)
        if kind == 1:
            wide = extra[at + 4 : at + 4 + length]
        at += 4 + length
    values = list(narrow)
    for place, value in enumerate(narrow):
        if value == FULL:
            if len(wide) < 8:
                raise Unread("a zip64 member does not tell its size")
            values[place], wide = int.from_bytes(wide[:8], "little"), wide[8:]
    return values[0], values[1], values[2]


def _checked(members: list[Member], end: int) -> list[Member]:
    for member, following in zip(members, [*[later.offset for later in members[1:]], end], strict=True):
        if member.offset + 30 + member.packed > following:
            raise Unread("two of its members overlap")
    return members


def content(reader: Reader, member: Member, limit: int = 4_000_000) -> bytes:
    """One member, unpacked, up to `limit` bytes; Unread beyond."""
    if member.packed > limit or member.size > limit:
        raise Unread(f"{member.name[:80]!r} claims {max(member.packed, member.size):,} bytes")
    names = len(member.name.encode())
    begin = reader.upto(member.offset, 30 + names + 128 + member.packed)
    if begin[:4] != LOCAL or len(begin) < 30:
        raise Unread("its directory points to where no member is")
    start = 30 + sum(struct.unpack_from("<HH", begin, 26))
    packed = reader.read(member.offset + start, member.packed)
    return _unpacked(packed, member.method, limit)


def _unpacked(packed: bytes, method: int, limit: int) -> bytes:
    if method == 0:
        return packed
    if method != 8:
        raise Unread(f"is packed by method {method}, which is not read")
    try:
        found = zlib.decompressobj(-15).decompress(packed, limit + 1)
    except zlib.error as error:
        raise Unread("is packed in a broken way") from error
    if len(found) > limit:
        raise Unread(f"unpacks to more than {limit:,} bytes")
    return found
