"""Workload entries as `compile` writes them, and small networks made of them."""

import json
from collections.abc import Mapping
from functools import partial
from typing import TypedDict

from onnx2zz.formats.workload_entry import WorkloadEntry

Pair = tuple[int, int]

PRECISION = {"W": 8, "I": 8, "O": 16, "O_final": 8}


def as_read(fields: Mapping[str, object]) -> WorkloadEntry:
    """An entry as a reader of files hands it out, right or wrong: nobody has looked at its fields."""
    return json.loads(json.dumps(fields))


def name_of(entry: WorkloadEntry) -> str:
    """The name, which an entry of these tests has."""
    return str(entry.get("name"))


def sources_of(entry: WorkloadEntry) -> dict[str, int]:
    """The sources, which an entry of these tests has."""
    return entry.get("operand_source", {})


def conv(
    id: int,
    source: int | None,
    name: str,
    *,
    k: int,
    c: int,
    oy: int,
    ox: int,
    fy: int,
    fx: int,
    stride: Pair = (1, 1),
    pads: tuple[Pair, Pair] = ((0, 0), (0, 0)),
) -> WorkloadEntry:
    """A 2-D convolution; `stride` and `pads` are (y, x)."""
    return {
        "id": id,
        "name": name,
        "operator_type": "Conv",
        "equation": "O[b][k][oy][ox]+=I[b][c][iy][ix]*W[k][c][fy][fx]",
        "dimension_relations": [f"iy={stride[0]}*oy+1*fy", f"ix={stride[1]}*ox+1*fx"],
        "loop_dims": ["B", "K", "OY", "OX", "C", "FY", "FX"],
        "loop_sizes": [1, k, oy, ox, c, fy, fx],
        "operand_precision": PRECISION,
        "operand_source": {"I": id if source is None else source, "W": id},
        **_window(oy, ox, fy, fx, stride, pads),
    }


def depthwise(
    id: int,
    source: int,
    name: str,
    *,
    g: int,
    oy: int,
    ox: int,
    fy: int,
    fx: int,
    stride: Pair = (1, 1),
    pads: tuple[Pair, Pair] = ((0, 0), (0, 0)),
) -> WorkloadEntry:
    return {
        "id": id,
        "name": name,
        "operator_type": "Conv",
        "equation": "O[b][g][oy][ox]+=I[b][g][iy][ix]*W[g][fy][fx]",
        "dimension_relations": [f"iy={stride[0]}*oy+1*fy", f"ix={stride[1]}*ox+1*fx"],
        "loop_dims": ["B", "G", "OY", "OX", "FY", "FX"],
        "loop_sizes": [1, g, oy, ox, fy, fx],
        "operand_precision": PRECISION,
        "operand_source": {"I": source, "W": id},
        **_window(oy, ox, fy, fx, stride, pads),
    }


def pool(
    id: int,
    source: int,
    name: str,
    *,
    g: int,
    oy: int,
    ox: int,
    fy: int,
    fx: int,
    stride: Pair,
    pads: tuple[Pair, Pair] = ((0, 0), (0, 0)),
) -> WorkloadEntry:
    return {
        "id": id,
        "name": name,
        "operator_type": "Pooling",
        "equation": "O[b][g][oy][ox]+=I[b][g][iy][ix]*W[]",
        "dimension_relations": [f"iy={stride[0]}*oy+1*fy", f"ix={stride[1]}*ox+1*fx"],
        "loop_dims": ["B", "G", "OY", "OX", "FY", "FX"],
        "loop_sizes": [1, g, oy, ox, fy, fx],
        "operand_precision": {"W": 0, "I": 8, "O": 16, "O_final": 8},
        "operand_source": {"I": source, "W": id},
        **_window(oy, ox, fy, fx, stride, pads),
    }


def add(id: int, sources: tuple[int, int], name: str, *, g: int, oy: int, ox: int) -> WorkloadEntry:
    """A residual addition of two layers' outputs."""
    return {
        "id": id,
        "name": name,
        "operator_type": "Add",
        "equation": "O[b][g][oy][ox]=W[b][g][oy][ox]+I[b][g][oy][ox]",
        "dimension_relations": [],
        "loop_dims": ["B", "G", "OY", "OX"],
        "loop_sizes": [1, g, oy, ox],
        "operand_precision": PRECISION,
        "operand_source": {"W": sources[0], "I": sources[1]},
    }


def gemm(id: int, source: int | None, name: str, *, k: int, c: int, b: int = 1) -> WorkloadEntry:
    return {
        "id": id,
        "name": name,
        "operator_type": "Gemm",
        "equation": "O[b][k]+=I[b][c]*W[c][k]",
        "dimension_relations": [],
        "loop_dims": ["B", "K", "C"],
        "loop_sizes": [b, k, c],
        "operand_precision": PRECISION,
        "operand_source": {"I": id if source is None else source, "W": id},
    }


class Window(TypedDict):
    """The fields of an entry that walks windows: its input's rows and columns, and the padding before and after."""

    pr_loop_dims: list[str]
    pr_loop_sizes: list[int]
    padding: list[list[int]]


def _window(oy: int, ox: int, fy: int, fx: int, stride: Pair, pads: tuple[Pair, Pair]) -> Window:
    spans = ((oy - 1) * stride[0] + fy, (ox - 1) * stride[1] + fx)
    return {
        "pr_loop_dims": ["IY", "IX"],
        "pr_loop_sizes": [span - sum(pad) for span, pad in zip(spans, pads, strict=True)],
        "padding": [list(pad) for pad in pads],
    }


def lenet5() -> list[WorkloadEntry]:
    """LeNet-5 on 1x1x32x32: 416,520 MACs."""
    return [
        conv(0, None, "L0_conv1", k=6, c=1, oy=28, ox=28, fy=5, fx=5),
        pool(1, 0, "L1_pool1", g=6, oy=14, ox=14, fy=2, fx=2, stride=(2, 2)),
        conv(2, 1, "L2_conv2", k=16, c=6, oy=10, ox=10, fy=5, fx=5),
        pool(3, 2, "L3_pool2", g=16, oy=5, ox=5, fy=2, fx=2, stride=(2, 2)),
        gemm(4, 3, "L4_fc1", k=120, c=400),
        gemm(5, 4, "L5_fc2", k=84, c=120),
        gemm(6, 5, "L6_fc3", k=10, c=84),
    ]


def residual() -> list[WorkloadEntry]:
    """A block with a branch, nothing square, two convolutions that differ in name and place only."""
    same = partial(conv, k=12, c=12, oy=9, ox=14, fy=3, fx=5, pads=((1, 1), (2, 2)))
    return [
        conv(0, None, "L0_stem", k=12, c=3, oy=18, ox=28, fy=5, fx=7, stride=(2, 1), pads=((2, 1), (3, 3))),
        pool(1, 0, "L1_pool", g=12, oy=9, ox=14, fy=2, fx=2, stride=(2, 2)),
        same(2, 1, "L2_conv"),
        same(3, 2, "L3_conv"),
        add(4, (1, 3), "L4_add", g=12, oy=9, ox=14),
        depthwise(5, 4, "L5_depthwise", g=12, oy=7, ox=12, fy=3, fx=3),
        gemm(6, 5, "L6_fc", k=20, c=1008),
    ]


def strip() -> list[WorkloadEntry]:
    """A one-dimensional network: no layer has more than four loops, so that ZigZag is done with it in a second."""
    same = partial(conv, k=12, c=12, oy=1, ox=14, fy=1, fx=5, pads=((0, 0), (2, 2)))
    return [
        conv(0, None, "L0_stem", k=12, c=3, oy=1, ox=28, fy=1, fx=7, stride=(1, 2), pads=((0, 0), (3, 2))),
        pool(1, 0, "L1_pool", g=12, oy=1, ox=14, fy=1, fx=2, stride=(1, 2)),
        same(2, 1, "L2_conv"),
        same(3, 2, "L3_conv"),
        add(4, (1, 3), "L4_add", g=12, oy=1, ox=14),
        depthwise(5, 4, "L5_depthwise", g=12, oy=1, ox=12, fy=1, fx=3),
        gemm(6, 5, "L6_fc", k=20, c=144),
    ]
