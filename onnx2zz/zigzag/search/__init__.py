"""ZigZag's temporal search, exact and vectorised: every loop ordering priced at once, only the winners by ZigZag.

docs/search.md proves that the winner is ZigZag's. From the outside in: stage (drop-in for ZigZag's) -> search (one
layer, one spatial mapping) -> pricing (a chunk of orderings) -> allocation, merge_down, profiles, double_buffering,
traffic, energy, stalls, loading. The ZigZag lines named in comments are those of zigzag-dse 3.9.1.
"""

from .objective import Candidate
from .reading import NotCoveredError
from .search import SearchedLayer, convert, temporal_mapping
from .stage import SearchNote, TemporalSearchStage
from .winners import Winners, best_orderings

__all__ = [
    "Candidate",
    "NotCoveredError",
    "SearchNote",
    "SearchedLayer",
    "TemporalSearchStage",
    "Winners",
    "best_orderings",
    "convert",
    "temporal_mapping",
]
