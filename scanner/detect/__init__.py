"""Bytes to facts: what code, configuration and files say of models, SDKs, servers, credentials and agents.

`detector(settings, key)` gives the supervised pool of processes that connectors read content with; `runtime` holds what a running
workload's image and arguments say; `sightings` turns the facts of a repository into observations.
"""

from contextlib import AbstractContextManager

from scanner.contracts import Detector
from scanner.detect.settings import DetectSettings

__all__ = ["DetectSettings", "detector"]


def detector(settings: DetectSettings, fingerprint_key: bytes | None) -> AbstractContextManager[Detector]:
    """The pool of a run; without a key, fingerprints of secrets do not join over runs."""
    from scanner.detect import pool

    return pool.detector(settings, fingerprint_key)
