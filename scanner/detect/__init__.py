"""Bytes to facts: what code, configuration and files say of models, SDKs, servers, credentials and agents.

`detector(settings, key)` gives the supervised pool of processes that connectors read content with; `runtime` holds what a running
workload's image and arguments say; `sightings` turns the facts of a repository into observations.
"""

from scanner.detect.settings import DetectSettings

__all__ = ["DetectSettings"]
