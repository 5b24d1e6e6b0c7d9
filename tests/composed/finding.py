"""Something that is wrong with a compiled graph."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """`kind` is the same for faults of one cause, as far as a machine can tell; `what` has names and numbers."""

    kind: str
    what: str
