"""How many tokens each expert of a mixture gets."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class ExpertTokens:
    """`node` and `op`: the router, whose first output is `output`. `tokens`: of each expert, by number. `decided`: who
    says so, in words."""

    output: str
    node: str
    op: str
    tokens: tuple[int, ...]
    decided: str

    @property
    def each(self) -> str:
        """How many, in words: 128, or 4 or 5."""
        return " or ".join(dict.fromkeys((str(min(self.tokens)), str(max(self.tokens)))))


def alike(experts: Sequence[ExpertTokens]) -> Iterator[ExpertTokens]:
    """Routers that send as many tokens, and for the same reason, as one, called after the first."""
    nodes: dict[ExpertTokens, list[str]] = {}
    for one in experts:
        nodes.setdefault(replace(one, output="", node="", op=""), []).append(one.node)
    for one, names in nodes.items():
        yield replace(one, node=names[0] + (f" and {len(names) - 1} more" if len(names) > 1 else ""))
