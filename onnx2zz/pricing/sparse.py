"""What a result has only sometimes."""

from dataclasses import dataclass

BEYOND = (
    *("physical", "events", "choice", "certificate", "breakdown", "sidecar", "events_from"),
    *("host", "approximate", "mapping", "hardware", "extracted", "system", "stacks", "pipeline", "auto", "core_counts"),
    *("priced_on", "in_memory", "experts", "blocks", "core_kinds", "spills", "weights_fill", "placement"),
    *("footprint", "outside_blocks", "per"),
)
"""What stands beside ZigZag's numbers, and is left out of JSON where there is nothing of the kind."""


@dataclass(frozen=True, repr=False, eq=False)
class Sparse:
    """A part of a result of which JSON leaves out the fields in BEYOND where they hold nothing."""
