"""A contradiction between a model and its workload."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Mismatch:
    """Something in the workload that the model contradicts. `layer`: its id; None for what concerns the whole node."""

    node: str
    layer: int | None
    where: str
    expected: str | float
    got: str | float
    cause: str
