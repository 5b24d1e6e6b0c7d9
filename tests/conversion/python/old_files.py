"""Files as they were written for ZigZag before 2024-05, made up for the tests: no two figures are alike."""

ACCELERATOR = """
import os
from zigzag.classes.hardware.architecture.accelerator import Accelerator
from zigzag.classes.hardware.architecture.core import Core
from zigzag.classes.hardware.architecture.memory_hierarchy import MemoryHierarchy
from zigzag.classes.hardware.architecture.memory_instance import MemoryInstance
from zigzag.classes.hardware.architecture.operational_array import MultiplierArray
from zigzag.classes.hardware.architecture.operational_unit import Multiplier

KB = 1024 * 8


def memories(array, visualize=False):
    reg = MemoryInstance(name="reg", size=24, r_bw=8, w_bw=8, r_cost=0.01, w_cost=0.02, area=0.5,
                         r_port=1, w_port=1, rw_port=0, latency=1)
    acc = MemoryInstance("acc", 48, 16, 16, 0.03, 0.04, 0, r_port=2, w_port=2, rw_port=0)
    sram = MemoryInstance(name="sram", size=96 * KB, r_bw=64 * 4, w_bw=64 * 2, r_cost=3.5 * 4, w_cost=7, area=2,
                          latency=1, min_r_granularity=64, min_w_granularity=32)
    dram = MemoryInstance(name="dram", size=10 ** 9, r_bw=40, w_bw=40, r_cost=500, w_cost=600, area=0,
                          r_port=0, w_port=0, rw_port=1, latency=1)
    graph = MemoryHierarchy(operational_array=array)
    one_way = {"fh": "w_port_1", "tl": "r_port_1", "fl": None, "th": None}
    graph.add_memory(memory_instance=reg, operands=("I2",), port_alloc=(one_way,), served_dimensions={(0, 0)})
    graph.add_memory(memory_instance=reg, operands=("I1",), port_alloc=(one_way,), served_dimensions={(1, 0)})
    graph.add_memory(acc, ("O",), ({"fh": "w_port_1", "tl": "r_port_1", "fl": "w_port_2", "th": "r_port_2"},),
                     served_dimensions={(0, 1)})
    graph.add_memory(memory_instance=sram, operands=("I1", "O"), served_dimensions="all")
    both = {d: "rw_port_1" for d in ("fh", "tl")}
    graph.add_memory(memory_instance=dram, operands=("I1", "I2", "O"), served_dimensions="all",
                     port_alloc=(both, both, {**both, "fl": "rw_port_1", "th": "rw_port_1"}))
    if visualize:
        from zigzag.visualization import show
        show(graph)
    return graph


def cores():
    array = MultiplierArray(Multiplier([8, 8], 0.04, 1.5), {"D1": 8, "D2": 4})
    return {Core(1, array, memories(array))}


accelerator = Accelerator(os.path.basename(__file__)[:-3], cores())
"""

MAPPING = """
mapping = {
    "default": {
        "core_allocation": 1,
        "spatial_mapping": {"D1": ("K", 8), "D2": (("C", 2), ("FX", 2))},
        "memory_operand_links": {"O": "O", "W": "I2", "I": "I1"},
    },
    "Add": {"core_allocation": 1, "spatial_mapping": {"D1": ("G", 8)},
            "memory_operand_links": {"O": "O", "X": "I2", "Y": "I1"}},
    "Pooling": {"spatial_mapping_hint": {"D1": ["G"], "D2": ["OX", "OY"]},
                "temporal_ordering": [("OX", 3), ("OY", "all")]},
}
"""

WORKLOAD = """
def conv(k, c, oy, ox, sources):
    return {
        "operator_type": "Conv",
        "equation": "O[b][k][oy][ox]+=W[k][c][fy][fx]*I[b][c][iy][ix]",
        "dimension_relations": ["ix=1*ox+1*fx", "iy=1*oy+1*fy"],
        "loop_dim_size": {"B": 1, "K": k, "C": c, "OY": oy, "OX": ox, "FY": 3, "FX": 1},
        "operand_precision": {"O": 16, "O_final": 8, "W": 4, "I": 8},
        "operand_source": {"W": [], "I": sources},
        "constant_operands": ["W"],
        "padding": {"IY": (1, 1)},
    }


workload = {
    0: conv(6, 5, 9, 7, []),
    1: conv(6, 6, 9, 7, [0]),
    2: {
        "operator_type": "Add",
        "equation": "O[b][g][oy][ox]=X[b][g][oy][ox]+Y[b][g][oy][ox]",
        "dimension_relations": [],
        "loop_dim_size": {"B": 1, "G": 6, "OY": 9, "OX": 7},
        "operand_precision": {"O": 16, "O_final": 8, "X": 8, "Y": 8},
        "operand_source": {"X": [0], "Y": [1]},
        "constant_operands": [],
    },
}
"""
