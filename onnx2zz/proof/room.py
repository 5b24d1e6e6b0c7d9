"""Whether the tensors of a model fit the memory when it is run, before any of them is made."""

import math
import os

from onnx2zz.errors import Problem, raise_if_any
from onnx2zz.frontend.graph import Graph, Node

BYTES_OF_ELEMENT = 16
"""A random float64, what is made of it, and a copy in onnxruntime."""
GIB = 1 << 30
WAY_OUT = "bind smaller shapes (--shape, --dim); compiling and pricing do without"


def check_room(graph: Graph, model: str) -> None:
    """Raises InputError naming the nodes of `model` whose tensors would fill the memory."""
    there = memory()
    needed = ((node, bytes_of(node, graph)) for node in graph.nodes)
    raise_if_any(
        Problem(
            f"{model}: node {node.label} ({node.op})",
            f"its tensors take about {size / GIB:,.0f} GiB when it is run; there are {there / GIB:,.1f}",
            WAY_OUT,
        )
        for node, size in needed
        if size > there
    )


def bytes_of(node: Node, graph: Graph) -> int:
    """What a node's tensors take when it is run."""
    return BYTES_OF_ELEMENT * _elements((*node.inputs, *node.outputs), graph)


def _elements(names: tuple[str, ...], graph: Graph) -> int:
    """Those of an empty tensor are counted as if its empty axes had one: the others are walked all the same."""
    shapes = (graph.tensors[name].shape for name in set(names) if name in graph.tensors)
    return sum(math.prod(max(1, size) for size in shape) for shape in shapes if shape is not None)


def memory() -> int:
    """Bytes that this machine has, or that the process may take (`--memory-limit`)."""
    bounds = [os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")] if hasattr(os, "sysconf") else []
    try:
        import resource

        # The data segment is what `--memory-limit` bounds; numpy fails there long before the machine is full.
        limit = resource.getrlimit(resource.RLIMIT_DATA)[0]
        bounds += [limit] if limit != resource.RLIM_INFINITY else []
    except ImportError:  # not on this operating system
        pass
    return min(bounds, default=1 << 62)
