"""coverage.json: what became of every node, and what stands behind every layer."""

from onnx2zz import __version__
from onnx2zz.formats.coverage import Coverage, CoveredExperts, CoveredLayer, CoveredNode
from onnx2zz.ir.experts import ExpertTokens
from onnx2zz.ir.workload import NodeFate, PlacedLayer, Workload


def coverage(workload: Workload, arch: str | None = None) -> Coverage:
    """The coverage report in its fixed form; `arch` is what the workload was compiled for, if anything."""
    found: Coverage = {
        "model": workload.model,
        "onnx2zz": __version__,
        "arch": arch,
        "nodes": [_node(fate) for fate in workload.nodes],
        "layers": [_layer(placed) for placed in workload.layers],
        "totals": {
            "nodes": len(workload.nodes),
            "layers": len(workload.layers),
            "macs": workload.macs,
            "incomplete": workload.incomplete,
        },
    }
    if workload.experts:
        found["experts"] = [_experts(router) for router in workload.experts]
    if workload.inputs:
        found["inputs"] = [
            {"name": one.name, "shape": list(one.shape), "names_rows": one.names_rows} for one in workload.inputs
        ]
    if workload.caches:
        found["caches"] = [
            {"input": one.input, "output": one.output, "elements": one.elements} for one in workload.caches
        ]
    return found


def _experts(router: ExpertTokens) -> CoveredExperts:
    return {
        "output": router.output,
        "node": router.node,
        "op": router.op,
        "tokens": list(router.tokens),
        "decided": router.decided,
    }


def _node(fate: NodeFate) -> CoveredNode:
    found: CoveredNode = {
        "node": fate.node,
        "op": fate.op,
        "outputs": list(fate.outputs),
        "status": fate.status,
        "layers": list(fate.layers),
        "why": fate.why,
    }
    if fate.macs != 0:
        found["macs"] = fate.macs
    return found


def _layer(placed: PlacedLayer) -> CoveredLayer:
    layer = placed.layer
    return {
        "id": placed.id,
        "name": placed.name,
        "node": placed.node,
        "operator_type": layer.operator_type,
        "macs": layer.macs,
        "macs_useful": layer.macs if layer.macs_useful is None else layer.macs_useful,
        "kind": layer.kind,
        "sources": {operand: list(sources) for operand, sources in placed.sources.items()},
    }
