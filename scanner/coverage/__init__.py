"""What was seen, what was not, and the questions that a judge asks of it. Pure: values in, values out.

A scope is a path (docs/vocabulary.md); a `#` ends a place as a `/` does, so `github/acme/payments` holds
`github/acme/payments#content`. Units are the leaves; a gap stands for everything below its scope.
"""

from scanner.coverage.places import Can, above, below, common, exact, key, root
from scanner.coverage.questions import EXACT, Looked, unread, whole
from scanner.coverage.tree import Told, build, sight_of, unknown_platforms

__all__ = [
    "EXACT",
    "Can",
    "Looked",
    "Told",
    "above",
    "below",
    "build",
    "common",
    "exact",
    "key",
    "root",
    "sight_of",
    "unknown_platforms",
    "unread",
    "whole",
]
