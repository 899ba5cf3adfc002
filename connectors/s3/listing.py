"""Every key of a prefix, by as many listers as the prefixes allow and never slower than one page after another.

A listing starts as a plain one. Where its first page shows few and large branches, each branch is listed on its own, at the same
time; where it is flat, or made of many small branches, it stays plain. Nothing is assumed about the order of keys: some stores
do not keep AWS's.
"""

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from datetime import datetime
from typing import Any, NamedTuple

from scanner.errors import ReadError, UnexpectedReply

MAX_BRANCHES = 512
MAX_IN_FIRST_PAGE = 16
MAX_DEPTH = 8
Page = Mapping[str, Any]
List = Callable[..., Page]
Wanted = Callable[[str, int], bool]


class Object(NamedTuple):
    """One key of a listing. `full` are the checksums over the whole object, by algorithm."""

    key: str
    size: int
    etag: str
    updated: datetime | None
    storage: str
    full: tuple[str, ...]


class Part(NamedTuple):
    """One page's worth of a listing: its wanted keys, how many keys it held, or the error that ended its prefix."""

    objects: tuple[Object, ...]
    keys: int
    prefix: str
    error: ReadError | None = None


class _Task(NamedTuple):
    prefix: str
    token: str = ""
    probe: bool = False
    plain: bool = False
    known: frozenset[str] = frozenset()
    depth: int = 0


Outcome = tuple[Part, tuple[_Task, ...]]


def listing(list_page: List, prefix: str, wanted: Wanted, workers: int) -> Iterator[Part]:
    """Parts in the order they come. An error of the first page is raised; a later one is in the Part of its prefix."""
    first, more = _step(list_page, _Task(prefix), wanted)
    yield first
    if not more:
        return
    with ThreadPoolExecutor(workers, thread_name_prefix="s3-list") as pool:
        running = {pool.submit(_safely, list_page, task, wanted) for task in more}
        try:
            while running:
                done, running = wait(running, return_when=FIRST_COMPLETED)
                for part, tasks in map(Future.result, done):
                    running |= {pool.submit(_safely, list_page, task, wanted) for task in tasks}
                    yield part
        finally:
            for future in running:
                future.cancel()


def _safely(list_page: List, task: _Task, wanted: Wanted) -> Outcome:
    try:
        return _step(list_page, task, wanted)
    except ReadError as error:
        return Part((), 0, task.prefix, error), ()


def _step(list_page: List, task: _Task, wanted: Wanted) -> Outcome:
    return _probe(list_page, task, wanted) if task.probe else _page(list_page, task, wanted)


def _page(list_page: List, task: _Task, wanted: Wanted) -> Outcome:
    page = _whole(list_page(Prefix=task.prefix, **({"ContinuationToken": task.token} if task.token else {})), task.token)
    part = _part(page, task, wanted)
    token = page["NextContinuationToken"] if page["IsTruncated"] else ""
    if not token:
        return part, ()
    return part, (_after_first(page, task, token) if not task.token and not task.plain else task._replace(token=token),)


def _after_first(page: Page, task: _Task, token: str) -> _Task:
    """A look at the branches, where the first page shows few of them; else the next page."""
    keys = [entry["Key"] for entry in page.get("Contents", ())]
    splits = 0 < len(_branches(keys, task.prefix)) <= MAX_IN_FIRST_PAGE
    return task._replace(token=token, probe=splits, known=task.known.union(keys) if splits else task.known)


def _whole(page: Page, token: str) -> Page:
    """A page that says whether more follows, and how to get it; without, an empty reply would pass for an empty bucket."""
    if "IsTruncated" not in page or (page["IsTruncated"] and page.get("NextContinuationToken", token) == token):
        raise UnexpectedReply("s3:ListBucket: a page does not say what follows it; the listing is not complete")
    return page


def _branches(keys: list[str], prefix: str) -> set[str]:
    start = len(prefix)
    return {key[start:].partition("/")[0] for key in keys if "/" in key[start:]}


def _probe(list_page: List, task: _Task, wanted: Wanted) -> Outcome:
    """Looks at the branches of a prefix whose first page is read; lists them apart, or goes on after that page."""
    page = list_page(Prefix=task.prefix, Delimiter="/")
    branches = [branch["Prefix"] for branch in page.get("CommonPrefixes", ())]
    if page.get("IsTruncated", True) or not 0 < len(branches) <= MAX_BRANCHES or task.depth > MAX_DEPTH:
        return _page(list_page, task._replace(probe=False, plain=True), wanted)
    lone = len(branches) == 1
    below = (_Task(branch, probe=lone, known=task.known, depth=task.depth + 1) for branch in branches)
    return _part(page, task, wanted), tuple(below)


def _part(page: Page, task: _Task, wanted: Wanted) -> Part:
    entries = page.get("Contents", ())
    fresh = [entry for entry in entries if entry["Key"] not in task.known] if task.known else entries
    found = tuple(_object(entry) for entry in fresh if wanted(entry["Key"], entry["Size"]))
    return Part(found, len(fresh), task.prefix)


def _object(entry: Page) -> Object:
    full = tuple(entry.get("ChecksumAlgorithm", ())) if entry.get("ChecksumType") == "FULL_OBJECT" else ()
    etag = str(entry.get("ETag", "")).strip('"')
    return Object(entry["Key"], entry["Size"], etag, entry.get("LastModified"), entry.get("StorageClass", "STANDARD"), full)
