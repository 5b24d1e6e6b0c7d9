"""A convolution on a row-stationary array with figures that can be worked out by hand."""

from collections.abc import Mapping

from onnx2zz.formats.accelerator import Hierarchy, read_hierarchy
from onnx2zz.formats.workload_entry import WorkloadEntry, read_layer
from onnx2zz.pricing.silicon.flow import PricedLayer, Role
from onnx2zz.zigzag.layer_price import Cycles, Direction, LayerPrice, LevelEnergy, Traffic
from tests.present import present

WIDTHS = {"I": 16, "W": 8, "O": 32, "O_final": 16}


def memory(operands: list[str], served: list[str], width: int) -> Mapping[str, object]:
    ways = [f"{operand}, {way}" for operand in operands for way in ("fh", "tl", "fl", "th")]
    port = {"name": "rw", "type": "read_write", "bandwidth_min": 8, "bandwidth_max": width, "allocation": ways}
    return {"size": 4096, "operands": operands, "served_dimensions": served, "ports": [port]}


HIERARCHY: Hierarchy = read_hierarchy(
    {
        "memories": {
            "i_pad": memory(["I1"], [], 16),
            "w_pad": memory(["I2"], [], 8),
            "o_pad": memory(["O"], [], 32),
            "buffer": {**memory(["I1", "O"], ["D1", "D2"], 64), "size": 2**20},
            "dram": {**memory(["I1", "I2", "O"], ["D1", "D2"], 32), "size": 2**30},
        },
        "operational_array": {"dimensions": ["D1", "D2"], "sizes": [3, 5]},
    }
)

ENTRY: WorkloadEntry = {
    "id": 7,
    "name": "L7_stem/conv",
    "operator_type": "Conv",
    "equation": "O[k][oy][ox]+=W[k][c][fy][fx]*I[c][iy][ix]",
    "dimension_relations": ["iy=2*oy+1*fy", "ix=2*ox+1*fx"],
    "loop_dims": ["K", "OY", "OX", "C", "FY", "FX"],
    "loop_sizes": [4, 5, 7, 6, 3, 3],
    "operand_precision": WIDTHS,
}
"""4 filters of 6 x 3 x 3 over 5 x 7 outputs, stride 2: 7560 operations, 504 steps of the 3 x 5 units."""

OPERATIONS = 4 * 5 * 7 * 6 * 3 * 3
STEPS = OPERATIONS // 15
SUMS = 4 * 5 * 7


def level(operand: str, memory: str, *traffic: tuple[Direction, float, float]) -> LevelEnergy:
    passing = tuple(Traffic(way, elements, energy) for way, elements, energy in traffic)
    return LevelEnergy(
        operand, memory, sum(t.energy_pj for t in passing), {"I": "I1", "W": "I2"}.get(operand, "O"), passing
    )


LEVELS = (
    # a window of 3 taps in each unit: for each of 6 channels and 7 columns, 11 rows of 3
    level("I", "i_pad", ("read_to_low", OPERATIONS, 70.0), ("write_from_high", 6 * 7 * 15 * 3, 9.0)),
    level("I", "buffer", ("read_to_low", 6 * 7 * 11 * 3, 80.0), ("write_from_high", 6 * 11 * 15, 20.0)),
    level("I", "dram", ("read_to_low", 6 * 11 * 15, 500.0)),
    level("W", "w_pad", ("read_to_low", OPERATIONS, 75.6), ("write_from_high", 6 * 4 * 9 * 5, 1.0)),
    level("W", "dram", ("read_to_low", 6 * 4 * 9, 300.0)),
    level("O", "o_pad", ("read_to_low", OPERATIONS, 60.0), ("write_from_low", OPERATIONS, 61.0),
          ("read_to_high", 6 * SUMS, 5.0), ("write_from_high", 6 * SUMS, 4.0)),
    level("O", "buffer", ("read_to_low", 6 * SUMS, 30.0), ("write_from_low", 6 * SUMS, 31.0),
          ("read_to_high", SUMS, 6.0)),
    level("O", "dram", ("write_from_low", SUMS, 400.0)),
)  # fmt: skip

PRICE = LayerPrice(
    energy_pj=sum(level.energy_pj for level in LEVELS) + 756.0,
    latency_cycles=STEPS + 40.0,
    spatial_utilization=1.0,
    spatial_mapping=(("D1", (("FY", 3.0),)), ("D2", (("OY", 5.0),))),
    temporal_mapping=(
        ("O", ((("FX", 3), ("K", 4)), (("OX", 7), ("C", 6)), ())),
        ("W", ((("FX", 3), ("K", 4), ("OX", 7)), (("C", 6),))),
        ("I", ((("FX", 3), ("K", 4)), (("OX", 7), ("C", 6)), ())),
    ),
    operation_energy_pj=756.0,
    memory_energy=LEVELS,
    cycles=Cycles(STEPS, 30.0, 4.0, 6.0),
)


ALONE = Role()


def priced(density: Mapping[str, float] | None = None, role: Role = ALONE) -> PricedLayer:
    """The convolution with its price."""
    return PricedLayer(present(read_layer(0, ENTRY)), PRICE, HIERARCHY, density or {}, role)
