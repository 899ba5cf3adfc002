"""Inference servers on loopback: recorded replies of real ones, a live llama.cpp, and hand-made ones after the vendors' documents."""

from tests.estate.inference.live import llamacpp
from tests.estate.inference.replayed import HAND_MADE, Server, answering, hand_made, replay

__all__ = ["HAND_MADE", "Server", "answering", "hand_made", "llamacpp", "replay"]
