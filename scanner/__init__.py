"""Gnomon: finds the AI that runs, holds it against the registry, reports what differs."""

__version__ = "0.1.0"
