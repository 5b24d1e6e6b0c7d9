"""Energy of a mapping (cost_model/cost_model.py:487-541, 550-608), in ZigZag's order of additions."""

import numpy as np

from .arrays import Floats
from .nest import READ_TO_HIGH, READ_TO_LOW, WRITE_FROM_HIGH, WRITE_FROM_LOW, DataDirection, Nest, Operand
from .reading import NotCoveredError
from .traffic import Flow, Flows


def energy(nest: Nest, flows: Flows) -> Floats:
    """(N,) in pJ. flows: under the fractional unrolling.

    Raises NotCoveredError where data passes a memory that has no port for it: ZigZag raises ValueError.
    """
    total = np.zeros(1)
    for op, operand in enumerate(nest.operands):
        for level, memory in enumerate(operand.levels):
            words = {
                direction: _words(operand, level, direction, flows.get((op, level, direction)))
                for direction in DataDirection
            }
            read = words[READ_TO_HIGH] * memory.read_energy + words[READ_TO_LOW] * memory.read_energy
            write = words[WRITE_FROM_HIGH] * memory.write_energy + words[WRITE_FROM_LOW] * memory.write_energy
            # The sum of one memory is formed before it is added to the total, as ZigZag does. Another order would round
            # otherwise, and prices are compared to the last bit.
            total = total + (read + write)
    return total + nest.mac_energy


def _words(operand: Operand, level: int, direction: DataDirection, flow: Flow | None) -> float | Floats:
    """Accesses of the port's greatest width, of which a fraction suffices where its least width is smaller."""
    if flow is None:
        return 0.0
    width = operand.levels[level].widths.get(direction)
    if width is None:
        # ZigZag minds only where something would pass (:506). A port that nobody uses may be missing.
        if flow.count.any():
            raise NotCoveredError(f"operand {operand.name} passes memory level {level} {direction} without a port")
        return 0.0
    # A port whose least width is smaller than its greatest pays for the part of it that is used: accesses are counted
    # in steps of the least width and then expressed in full ones.
    accesses = np.ceil(flow.bits / width.least) * (width.least / width.greatest)
    return np.trunc(accesses * flow.count * operand.fractional.units[level + 1])
