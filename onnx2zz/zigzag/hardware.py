"""The few plain facts about an accelerator that the rest of the project needs, without ZigZag."""

from dataclasses import dataclass


@dataclass(frozen=True)
class TopPort:
    """A port of an operand's highest memory: its width in bit per cycle, and the tensors that must pass it at least
    once (memory operands: inputs that are read through it, the output if it is written through it)."""

    width: int
    serves: frozenset[str]
    memory: str = ""


@dataclass(frozen=True)
class ArrayAndPorts:
    """What an accelerator offers: its array's dimensions (D1: 32), whether it computes in memory, its top ports."""

    array: tuple[tuple[str, int], ...]
    in_memory: bool
    top_ports: tuple[TopPort, ...]

    @property
    def units(self) -> int:
        """Operations per cycle at most."""
        product = 1
        for _, size in self.array:
            product *= size
        return product
