"""Files that stand for another: Git LFS and DVC pointers, and names in a Hugging Face cache. They carry exact identity for free."""

import re

import msgspec

from scanner.detect.artifacts.artifact import Artifact
from scanner.detect.artifacts.formats import is_artifact, table
from scanner.detect.artifacts.ranged import Reader
from scanner.detect.artifacts.yamls import mapping

LFS = b"version https://git-lfs.github.com/spec/v1\n"
OID = re.compile(rb"^oid sha256:([0-9a-f]{64})$", re.MULTILINE)
SIZE = re.compile(rb"^size (\d{1,18})$", re.MULTILINE)
CACHE = re.compile(r"(?:^|/)models--([^/]+?)--([^/]+)/(?:snapshots/([0-9a-f]{40})/|blobs/([0-9a-f]{64})$|)")
MAX_DVC = 65_536


def lfs(path: str, head: bytes) -> Artifact | None:
    """A Git LFS pointer (https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md): sha256 and size of the real file."""
    oid, size = OID.search(head), SIZE.search(head)
    if not head.startswith(LFS) or oid is None:
        return None
    rows = table().candidates(path)
    named = next((row.id for row in rows if row.certain), rows[0].id if len(rows) == 1 else "git-lfs-pointer")
    return Artifact(format=named, bytes=int(size[1]) if size else None, identifiers=(f"sha256:{oid[1].decode()}",))


def dvc(_: str, reader: Reader) -> Artifact | None:
    """A .dvc file: md5, size and path of what it stands for; None where that is no model."""
    for out in mapping(reader.head(MAX_DVC)).get("outs") or ():
        target, digest, size = (out.get(name) for name in ("path", "md5", "size")) if isinstance(out, dict) else (None, None, None)
        if not isinstance(target, str) or not isinstance(digest, str) or not is_artifact(target, None):
            continue
        known = isinstance(size, int) and re.fullmatch(r"[0-9a-f]{32}", digest) is not None
        rows = [row for row in table().candidates(target) if not target.endswith(".xml")]  # data too: a pointer shows no first bytes
        if not rows:
            continue
        return Artifact(format=rows[0].id, bytes=size if known else None, identifiers=(f"md5:{digest}:{size}",) if known else ())
    return None


def cached(path: str, found: Artifact) -> Artifact:
    """Adds what a Hugging Face cache's folder names say: the repository, its revision, a large file's sha256."""
    match = CACHE.search(path)
    if match is None:
        return found
    organisation, name, revision, blob = match.groups()
    repository = f"{organisation}/{name.replace('--', '/')}"
    more = [f"hf:{repository}", *([f"hf:{repository}@{revision}"] if revision else []), *([f"sha256:{blob}"] if blob else [])]
    return msgspec.structs.replace(found, identifiers=tuple(sorted({*found.identifiers, *more})))
