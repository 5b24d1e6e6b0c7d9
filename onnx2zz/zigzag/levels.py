"""How high in the memory hierarchy a layer's tensors must go: plain data, without ZigZag until it is used."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class KeptLevels:
    """How high a layer's tensors must go: indices into the accelerator's memories, lowest first.

    `tensors` holds the memory operands of the activation and the output; `weights` is one level for the whole network.
    """

    tensors: tuple[tuple[str, int], ...]
    weights: int

    def stage_arguments(self, layer_id: int) -> dict[str, Any]:
        """The arguments that ZigZag's ExploitInterLayerDataLocalityStage takes for one layer."""
        from zigzag.datatypes import MemoryOperand

        levels = {MemoryOperand(operand): level for operand, level in self.tensors}
        return {"mem_update_list": {layer_id: levels}, "mem_update_weight": self.weights}
