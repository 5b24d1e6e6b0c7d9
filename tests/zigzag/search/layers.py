"""Workload entries as ZigZag takes them, written by hand: no part of onnx2zz stands between the test and ZigZag."""

from typing import Any

from onnx2zz.zigzag.layer import WorkloadEntry
from tests.small_workloads import as_read

PRECISION = {"W": 8, "I": 8, "O": 16, "O_final": 8}


def _entry(kind: str, equation: str, loops: dict[str, int], precision: dict[str, int], **more: Any) -> WorkloadEntry:
    entry: dict[str, Any] = {
        "id": 0,
        "name": "layer",
        "operator_type": kind,
        "equation": equation,
        "dimension_relations": [],
        "loop_dims": list(loops),
        "loop_sizes": list(loops.values()),
        "operand_precision": precision,
        "operand_source": {"I": 0, "W": 0},
        **more,
    }
    return as_read(entry)


def windows(
    out: tuple[int, int],
    kernel: tuple[int, int],
    stride: tuple[int, int],
    dilation: tuple[int, int],
    pad: tuple[int, int],
) -> dict[str, Any]:
    """The fields that derive the input's axes IY, IX from output and kernel; every pair is (y, x)."""
    extents = [(o - 1) * s + (f - 1) * d + 1 for o, f, s, d in zip(out, kernel, stride, dilation, strict=True)]
    return {
        "dimension_relations": [
            f"ix={stride[1]}*ox+{dilation[1]}*fx",
            f"iy={stride[0]}*oy+{dilation[0]}*fy",
        ],
        "pr_loop_dims": ["IX", "IY"],
        "pr_loop_sizes": [extents[1] - 2 * pad[1], extents[0] - 2 * pad[0]],
        "padding": [[pad[1], pad[1]], [pad[0], pad[0]]],
    }


def conv(
    k: int = 12,
    c: int = 10,
    out: tuple[int, int] = (9, 14),
    kernel: tuple[int, int] = (3, 2),
    stride: tuple[int, int] = (1, 2),
    dilation: tuple[int, int] = (1, 1),
    pad: tuple[int, int] = (1, 0),
    batch: int = 1,
    precision: dict[str, int] = PRECISION,
) -> WorkloadEntry:
    loops = {"B": batch, "K": k, "C": c, "OY": out[0], "OX": out[1], "FY": kernel[0], "FX": kernel[1]}
    equation = "O[b][k][oy][ox]+=I[b][c][iy][ix]*W[k][c][fy][fx]"
    return _entry("Conv", equation, loops, precision, **windows(out, kernel, stride, dilation, pad))


def depthwise(
    g: int = 24,
    out: tuple[int, int] = (7, 15),
    kernel: tuple[int, int] = (3, 5),
    stride: tuple[int, int] = (2, 1),
    dilation: tuple[int, int] = (1, 1),
    pad: tuple[int, int] = (0, 2),
    precision: dict[str, int] = PRECISION,
    pooling: bool = False,
) -> WorkloadEntry:
    loops = {"G": g, "OY": out[0], "OX": out[1], "FY": kernel[0], "FX": kernel[1]}
    weights = "W[]" if pooling else "W[g][fy][fx]"
    equation = f"O[g][oy][ox]+=I[g][iy][ix]*{weights}"
    if pooling:
        precision = {**precision, "W": 0}
    kind = "Pooling" if pooling else "Conv"
    return _entry(kind, equation, loops, precision, **windows(out, kernel, stride, dilation, pad))


def gemm(c: int = 20, d: int = 6, k: int = 35, batch: int = 1, precision: dict[str, int] = PRECISION) -> WorkloadEntry:
    return _entry("Gemm", "O[b][d][k]+=I[b][d][c]*W[c][k]", {"B": batch, "D": d, "C": c, "K": k}, precision)


def add(g: int = 18, out: tuple[int, int] = (5, 28), precision: dict[str, int] = PRECISION) -> WorkloadEntry:
    loops = {"B": 1, "G": g, "OY": out[0], "OX": out[1]}
    return _entry("Add", "O[b][g][oy][ox]=W[b][g][oy][ox]+I[b][g][oy][ox]", loops, precision)


def input_based(k: int = 6, c: int = 4, rows: int = 10, window: int = 3) -> WorkloadEntry:
    """A convolution whose output axis is derived from the input's: ZigZag prices it, though onnx2zz never writes it."""
    loops = {"K": k, "C": c, "IX": rows, "FX": window}
    equation = "O[k][ox]+=I[c][ix]*W[k][c][fx]"
    return _entry("Conv", equation, loops, PRECISION, dimension_relations=["ox=1*ix+1*fx"])
