"""Model files, told apart by their names and a few ranged reads; never downloaded whole, never loaded.

is_artifact(path, size)          may it be a model, by its name?
is_companion(path)               does it lie beside weights: a config, a tokenizer?
group(paths_with_sizes)          which files make one model
identify(path, source)           what one file is
identify_group(group, opener)    what a group is, its companions read too
sampled_digest(source, key)      sd1: identity of a large file from 18 reads
"""

from scanner.detect.artifacts.artifact import Artifact
from scanner.detect.artifacts.formats import is_artifact, is_companion, may_be_unnamed, named_format
from scanner.detect.artifacts.grouping import Group, group, is_beside
from scanner.detect.artifacts.identify import identify, identify_group
from scanner.detect.artifacts.ranged import BytesRanged, FileRanged, Ranged, Unread
from scanner.detect.artifacts.sampled import sampled_digest

VERSION = "artifacts-1"
"""Changes whenever the same bytes would give another Artifact."""

__all__ = [
    "VERSION",
    "Artifact",
    "BytesRanged",
    "FileRanged",
    "Group",
    "Ranged",
    "Unread",
    "group",
    "identify",
    "identify_group",
    "is_artifact",
    "is_beside",
    "is_companion",
    "may_be_unnamed",
    "named_format",
    "sampled_digest",
]
