"""How many tokens each expert of a mixture gets."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ExpertTokens:
    """`node` and `op`: the router, whose first output is `output`. `tokens`: of each expert, by number. `decided`: who
    says so, in words."""

    output: str
    node: str
    op: str
    tokens: tuple[int, ...]
    decided: str
