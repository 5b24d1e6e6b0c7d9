"""Accelerators: ZigZag's shipped ones, with the memories cut off that locality would cut off, and made-up ones."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import zigzag
from zigzag.datatypes import LayerDim, MemoryOperand, OADimension
from zigzag.hardware.architecture.accelerator import Accelerator
from zigzag.mapping.spatial_mapping import MappingSingleOADim, SpatialMapping
from zigzag.parser.accelerator_factory import AcceleratorFactory
from zigzag.parser.accelerator_validator import AcceleratorValidator
from zigzag.stages.evaluation.cost_model_evaluation import CostModelStage
from zigzag.stages.exploit_data_locality_stages import ExploitInterLayerDataLocalityStage
from zigzag.workload.layer_node import LayerNode

from onnx2zz.zigzag.accelerator import load_accelerator

SHIPPED = ("tpu_like", "edge_tpu_like", "eyeriss_like", "meta_prototype", "ascend_like", "tesla_npu_like", "gemm_l1_l3")


@cache
def shipped(name: str) -> Accelerator:
    return load_accelerator(Path(zigzag.__file__).parent / "inputs" / "hardware" / f"{name}.yaml")


def trimmed(accelerator: Accelerator, layer: LayerNode, activation: int, output: int, weights: int) -> Accelerator:
    """What ZigZag's locality stage leaves of the hierarchy when the tensors need these memories (counted over all)."""
    levels = {MemoryOperand("I1"): activation, MemoryOperand("I2"): weights, MemoryOperand("O"): output}
    stage = ExploitInterLayerDataLocalityStage(
        [CostModelStage],
        accelerator=accelerator,
        layer=layer,
        mem_update_list={layer.id: levels},
        mem_update_weight=weights,
    )
    return stage.generate_accelerator_with_removing_unused_memory()


@dataclass(frozen=True)
class MadeUpMemory:
    """Capacity in bit; ports: for each, (least, greatest) width in bit/cycle; an operand's four directions take them in
    turn. served: the array dimensions that one instance reaches."""

    operands: tuple[str, ...]
    capacity: int
    ports: tuple[tuple[int, int], ...]
    served: tuple[str, ...]
    read_energy: float
    write_energy: float
    double_buffered: bool = False

    def as_entry(self) -> dict[str, Any]:
        allocation: list[list[str]] = [[] for _ in self.ports]
        turns = 0
        for operand in self.operands:
            for direction in ("fh", "tl", "fl", "th") if operand == "O" else ("fh", "tl"):
                allocation[turns % len(self.ports)].append(f"{operand}, {direction}")
                turns += 1
        return {
            "size": self.capacity,
            "r_cost": self.read_energy,
            "w_cost": self.write_energy,
            "area": 0,
            "latency": 1,
            "operands": list(self.operands),
            "ports": [
                {
                    "name": f"rw_port_{place + 1}",
                    "type": "read_write",
                    "bandwidth_min": least,
                    "bandwidth_max": greatest,
                    "allocation": transfers,
                }
                for place, ((least, greatest), transfers) in enumerate(zip(self.ports, allocation, strict=True))
                if transfers
            ],
            "served_dimensions": list(self.served),
            "force_double_buffering": self.double_buffered,
        }


def made_up(
    sizes: Sequence[int], memories: Sequence[MadeUpMemory], systolic: Sequence[str] = (), unit_energy: float = 0.37
) -> Accelerator:
    """An array of these sizes (D1, D2, ...) under these memories, lowest first."""
    document = {
        "name": "made_up",
        "memories": {f"memory_{place}": memory.as_entry() for place, memory in enumerate(memories)},
        "operational_array": {
            "unit_energy": unit_energy,
            "unit_area": 1,
            "dimensions": [f"D{place + 1}" for place in range(len(sizes))],
            "sizes": list(sizes),
            "systolic_dimensions": list(systolic),
        },
    }
    validator = AcceleratorValidator(document)
    assert validator.validate()
    return AcceleratorFactory(validator.normalized_data).create()


def spatial(accelerator: Accelerator, unrolled: dict[str, dict[str, int]]) -> SpatialMapping:
    """{"D1": {"K": 4}} as ZigZag's spatial mapping for the accelerator."""
    mapping = SpatialMapping(
        {
            OADimension(array_dim): MappingSingleOADim({LayerDim(dim): factor for dim, factor in factors.items()})
            for array_dim, factors in unrolled.items()
        }
    )
    mapping.initialize_oa_dims(accelerator.operational_array.dimension_sizes)
    return mapping
