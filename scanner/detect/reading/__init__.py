"""Readers: one language or format each, bytes to the few things that rules look at.

Every reader gives the same: literals with the names they are bound to, imports, documents (configuration as values), shell lines.
What a rule says of a literal is then the same in every language.
"""

from scanner.detect.reading.literal import Import, Literal, Reading, Unreadable

__all__ = ["Import", "Literal", "Reading", "Unreadable"]
