"""Which assets are AI, each with its because-chain, and which models are where. One hop deep, so that every chain can be read.

A list of known images cannot find shadow AI: a workload is AI too when its repository uses a model or an SDK, when it loads
weights, when it calls an AI endpoint, or when its identity may invoke one. docs/derived.md
"""

from scanner.bulk import uncollected
from scanner.derive.because import because
from scanner.derive.places import places
from scanner.graph import Graph
from scanner.model import Derived


@uncollected
def derive(graph: Graph) -> Derived:
    """What is AI and what runs, is stored or is coded where."""
    ai = because(graph)
    return Derived(ai, tuple(places(graph, ai)))


__all__ = ["derive"]
