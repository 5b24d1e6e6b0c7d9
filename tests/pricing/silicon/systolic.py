"""Systolic arrays of any size, a file each, and mappings for them: weight, input and output stationary.

As in SCALE-Sim (arxiv.org/abs/1811.02883, section II): the reduction runs down the rows of a weight- or
input-stationary array, filters or pixels along its columns; pixels and filters of an output-stationary one. Buffers are
wide enough for a row a cycle.
"""

from dataclasses import dataclass
from typing import Literal

Dataflow = Literal["ws", "is", "os"]
STATIONARY: dict[Dataflow, str] = {"ws": "I2", "is": "I1", "os": "O"}
BUFFER = 2**23


@dataclass(frozen=True)
class Array:
    """A systolic array of `rows` x `columns` units."""

    dataflow: Dataflow
    rows: int
    columns: int

    def accelerator(self) -> dict[str, object]:
        """As ZigZag's file has it: a register in each unit for what stays, a buffer for each operand."""
        line = 8 * max(self.rows, self.columns)
        stays = STATIONARY[self.dataflow]
        return {
            "name": f"{self.dataflow}_{self.rows}x{self.columns}",
            "operational_array": {
                "dimensions": ["D1", "D2"],
                "sizes": [self.rows, self.columns],
                "unit_energy": 1.0,
                "unit_area": 0,
            },
            "memories": {
                "register": _memory(stays, 8, 8, []),
                **{f"{one.lower()}_buffer": _memory(one, BUFFER, line, ["D1", "D2"]) for one in ("I1", "I2", "O")},
            },
        }


def _memory(operand: str, size: int, width: int, served: list[str]) -> dict[str, object]:
    ways = (("tl", "th"), ("fl", "fh")) if operand == "O" else (("tl",), ("fh",))
    return {
        "size": size,
        "r_cost": 1.0,
        "w_cost": 1.0,
        "area": 0,
        "latency": 1,
        "operands": [operand],
        "ports": [
            {
                "name": f"{kind[0]}_port_1",
                "type": kind,
                "bandwidth_min": 8,
                "bandwidth_max": width,
                "allocation": [f"{operand}, {way}" for way in ways[side]],
            }
            for side, kind in enumerate(("read", "write"))
        ],
        "served_dimensions": served,
    }


@dataclass(frozen=True)
class Layer:
    """A convolution whose loops fill the array evenly; `pad` on each side, `stride` in both directions."""

    channels: int
    filters: int
    height: int
    width: int
    taps: int = 1
    stride: int = 1
    pad: int = 0

    @property
    def rows_out(self) -> int:
        return (self.height + 2 * self.pad - self.taps) // self.stride + 1

    @property
    def columns_out(self) -> int:
        return (self.width + 2 * self.pad - self.taps) // self.stride + 1

    @property
    def reduction(self) -> int:
        return self.channels * self.taps**2

    @property
    def pixels(self) -> int:
        return self.rows_out * self.columns_out

    def entry(self) -> dict[str, object]:
        """As a workload has it."""
        span_y = self.stride * (self.rows_out - 1) + self.taps
        span_x = self.stride * (self.columns_out - 1) + self.taps
        return {
            "id": 0,
            "name": "L0_conv",
            "operator_type": "Conv",
            "equation": "O[k][oy][ox]+=W[k][c][fy][fx]*I[c][iy][ix]",
            "dimension_relations": [f"iy={self.stride}*oy+1*fy", f"ix={self.stride}*ox+1*fx"],
            "loop_dims": ["K", "OY", "OX", "C", "FY", "FX"],
            "loop_sizes": [self.filters, self.rows_out, self.columns_out, self.channels, self.taps, self.taps],
            "operand_precision": {"I": 8, "W": 8, "O": 8, "O_final": 8},
            "operand_source": {"I": 0, "W": 0},
            "pr_loop_dims": ["IY", "IX"],
            "pr_loop_sizes": [span_y - 2 * self.pad, span_x - 2 * self.pad],
            "padding": [[self.pad, self.pad], [self.pad, self.pad]],
        }


def mapping(array: Array, layer: Layer) -> dict[str, object]:
    """The loops as SCALE-Sim folds them: what stays is outermost."""
    filters, channels = ("K", layer.filters), ("C", layer.channels)
    taps, pixels = [("FX", layer.taps), ("FY", layer.taps)], [("OX", layer.columns_out), ("OY", layer.rows_out)]
    down, along, inner, outer = {
        "ws": (channels, filters, pixels, taps),
        "is": (channels, pixels[0], [filters], [*taps, pixels[1]]),
        "os": (pixels[0], filters, [channels, *taps], [pixels[1]]),
    }[array.dataflow]
    left = [(down[0], down[1] // array.rows), (along[0], along[1] // array.columns)]
    return {
        "name": "default",
        "spatial_mapping": {"D1": [f"{down[0]}, {array.rows}"], "D2": [f"{along[0]}, {array.columns}"]},
        "temporal_ordering": [[dim, size] for dim, size in (*inner, *outer, *left) if size > 1],
        "memory_operand_links": {"O": "O", "W": "I2", "I": "I1"},
    }


def scale_sim_cycles(array: Array, layer: Layer) -> int:
    """Folds x (2 rows + columns - 2 + steps of a fold) - 1, with rows once where outputs stay: what SCALE-Sim 3.0.0
    counts (scalesim/compute/systolic_compute_*.py; seen in runs of all 45 cases of test_systolic.py)."""
    down, along, steps = {
        "ws": (layer.reduction, layer.filters, layer.pixels),
        "is": (layer.reduction, layer.pixels, layer.filters),
        "os": (layer.pixels, layer.filters, layer.reduction),
    }[array.dataflow]
    folds = -(-down // array.rows) * -(-along // array.columns)
    entering = 0 if array.dataflow == "os" else array.rows
    return folds * (entering + array.rows + array.columns - 2 + steps) - 1
