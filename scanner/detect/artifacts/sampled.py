"""A digest of a large file from 18 small reads: equal files have equal digests, wherever they lie.

The places are drawn from a secret key, so that nobody can make another file that agrees in all of them (docs/identity.md).
"""

import hashlib
import hmac

from scanner.detect.artifacts.ranged import BLOCK, Ranged, Unread

SAMPLES = 16


def sampled_digest(source: Ranged, key: bytes) -> str:
    """`sd1:<64 hex>` over the size, the head, the tail and 16 blocks of 4 KiB at secret places; the whole file where it is small."""
    size = source.size
    if size is None:
        raise Unread("the size is not known")
    digest = hmac.new(key, f"sd1:{size}:".encode(), hashlib.sha256)
    for offset, length in _places(size, key):
        piece = source.read(offset, length)
        if len(piece) != length:
            raise Unread("changed while it was read")
        digest.update(piece)
    return f"sd1:{digest.hexdigest()}"


def _places(size: int, key: bytes) -> list[tuple[int, int]]:
    if size <= (SAMPLES + 2) * BLOCK:
        return [(0, size)] if size else []
    drawn = (hmac.digest(key, f"sd1:{size}:{number}".encode(), "sha256") for number in range(SAMPLES))
    middle = sorted(int.from_bytes(piece[:8], "big") % (size - BLOCK) for piece in drawn)
    return [(0, BLOCK), *((offset, BLOCK) for offset in middle), (size - BLOCK, BLOCK)]
