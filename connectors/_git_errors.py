"""What git's words mean. Git has no error codes: its messages are the interface, in English because LC_ALL is C."""

import re

import msgspec

from scanner.errors import AccessDenied, OverLimit, ReadError, Throttled, UnexpectedReply, Unreachable

NO_ANSWER = (
    r"error: 5\d\d|Could not resolve|Failed to connect|timed out|too slow|Connection re|Empty reply|early EOF|hung up"
    r"|unexpected disconnect|RPC failed|SSL|certificate|proxy"
)
REFUSED = r"error: 40[13]|Authentication failed|could not read Username|terminal prompts disabled"
ABSENT = r"error: 404|not found|does not exist|does not appear to be a git repository"
STRANGE = r"dumb http|protocol error|bad line length|invalid content-type|unable to update url base|redirect|not valid"


class Meaning(msgspec.Struct, frozen=True):
    """What words in git's message say, and what to do."""

    pattern: str
    kind: type[ReadError]
    words: str
    remedy: str


MEANINGS = (
    Meaning(r"signal 25|File too large|No space left", OverLimit, "larger than the limit", "raise max_clone_bytes of this source"),
    Meaning(r"error: 429|rate limit", Throttled, "the server limits our rate", "lower concurrency, or run again later"),
    Meaning(REFUSED, AccessDenied, "denied", "let the token read contents"),
    Meaning(ABSENT, AccessDenied, "not found, or not visible to the token", "let the token read contents"),
    Meaning(NO_ANSWER, Unreachable, "no whole answer", "check network.proxy and network.ca_bundle, or run again later"),
    Meaning(STRANGE, UnexpectedReply, "not what a git server answers", "check api_url"),
)
NOT_OURS = re.compile(r"not our ref|couldn't find remote ref|unadvertised object")


class Vanished(UnexpectedReply):
    """The commit that was asked for is not there any more: the branch was rewritten, or is empty."""


def error(command: str, code: int, said: str) -> ReadError:
    """The error of our tree for a failed command. Git's words are never shown: they may quote what was scanned."""
    if NOT_OURS.search(said):
        return Vanished(f"git {command}: the commit is not there any more")
    for meaning in MEANINGS:
        if re.search(meaning.pattern, said, re.IGNORECASE):
            return meaning.kind(f"git {command}: {meaning.words}", remedy=meaning.remedy)
    return UnexpectedReply(f"git {command} failed with code {code}", remedy="run the same git command by hand to see its message")
