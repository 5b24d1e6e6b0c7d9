"""A figure that stands in an accelerator's file, with where it comes from."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """`value` in `unit` (pJ, um2); `source` is a citation, `scaled by` a law where it is not a table's own."""

    value: float
    unit: str
    source: str

    def __post_init__(self) -> None:
        assert self.value >= 0 and self.source
