"""Layers that move data without computing: what an accelerator pays for a materialised rearrangement."""

from dataclasses import replace

from onnx2zz.frontend.graph import Graph
from onnx2zz.ir import functions
from onnx2zz.ir.access import Access, Step
from onnx2zz.ir.axis import Axis, along
from onnx2zz.ir.layer import Layer
from onnx2zz.ops.loops import in_order, tensor_loops

COPY = Step(functions.IDENTITY)


def whole(graph: Graph, tensor: str, loops: tuple[str, ...] | None = None) -> Access:
    """Every element of a tensor, one loop an axis."""
    shape = graph.shape(tensor)
    return Access(tensor, tuple(map(along, loops or tensor_loops(len(shape)), shape)))


def copy_layer(graph: Graph, out: str, source: Access, also_reads: tuple[str, ...] = ()) -> Layer:
    """Loops over `out` that read `source`."""
    shape = graph.shape(out)
    loops = tensor_loops(len(shape))
    return movement(
        tuple(zip(loops, shape, strict=True)), Access(out, tuple(map(along, loops, shape))), source, also_reads
    )


def movement(
    loops: tuple[tuple[str, int], ...], output: Access, source: Access, also_reads: tuple[str, ...] = ()
) -> Layer:
    """A layer of kind movement: reads `source`, writes `output`."""
    return Layer(
        "Add",
        in_order(loops) or (("G", 1),),
        output,
        (source,),
        COPY,
        kind="movement",
        also_reads=tuple(filter(None, also_reads)),
    )


def placed(axes: tuple[Axis, ...], axis: int, offset: int, extent: int) -> tuple[Axis, ...]:
    """The axes of an output that is written at `offset` of a longer axis."""
    return tuple(replace(a, extent=extent, offset=a.offset + offset) if i == axis else a for i, a in enumerate(axes))
