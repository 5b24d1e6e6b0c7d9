"""coverage.json: what became of every node of a model, and what stands behind every layer, as `compile` writes it."""

from typing import NotRequired, TypedDict

from onnx2zz.files.document import Data, Value, integer, is_list, is_mapping, texts


class CoveredNode(TypedDict):
    """A node: its `status` (lowered, fused, view, folded, host), the ids of its layers, and why.

    `macs`: multiply-accumulates that the host has of it, None if of unknown number; absent where it has none.
    """

    node: str
    op: str
    outputs: list[str]
    status: str
    layers: list[int]
    why: str
    macs: NotRequired[int | None]


class CoveredLayer(TypedDict):
    """A layer of workload.yaml: the node that it computes, its work, and whether it is exact, a movement of data or
    approximate (`kind`). `sources`: operand -> what feeds it (ids of layers, "input:NAME", "const", "host:NODE")."""

    id: int
    name: str
    node: str
    operator_type: str
    macs: int
    macs_useful: int
    kind: str
    sources: dict[str, list[int | str]]


class CoverageTotals(TypedDict):
    """Of the whole workload; `incomplete` if the host has multiply-accumulates that no layer holds."""

    nodes: int
    layers: int
    macs: int
    incomplete: bool


class CoveredExperts(TypedDict):
    """A router, with the tokens that each of its experts was taken to get, and who decided that."""

    output: str
    node: str
    op: str
    tokens: list[int]
    decided: str


class CoveredInput(TypedDict):
    """An input of the model; `names_rows`: its elements name rows of a table of weights, as token ids do."""

    name: str
    shape: list[int]
    names_rows: bool


class CoveredCache(TypedDict):
    """An input that comes back as an output with what is new in it, and how many elements that has."""

    input: str
    output: str
    elements: int


class Coverage(TypedDict):
    """The whole report; `arch` is the accelerator that the model was compiled for, as the user named it. `experts`:
    absent where no router sends tokens to any, as `caches` where no input is one."""

    model: str
    onnx2zz: str
    arch: str | None
    nodes: list[CoveredNode]
    layers: list[CoveredLayer]
    totals: CoverageTotals
    experts: NotRequired[list[CoveredExperts]]
    inputs: NotRequired[list[CoveredInput]]
    caches: NotRequired[list[CoveredCache]]


def read_coverage(document: Data) -> Coverage:
    """A report from a file. What is missing is empty, as in files of older versions; what has another form is taken
    for missing."""
    nodes = [_read_node(node) for node in _items(document.get("nodes"))]
    layers = [_read_layer(layer) for layer in _items(document.get("layers"))]
    totals = document.get("totals")
    arch = document.get("arch")
    found: Coverage = {
        "model": _text(document, "model"),
        "onnx2zz": _text(document, "onnx2zz"),
        "arch": arch if isinstance(arch, str) else None,
        "nodes": nodes,
        "layers": layers,
        "totals": _read_totals(totals if is_mapping(totals) else {}, nodes, layers),
    }
    if experts := [_read_experts(router) for router in _items(document.get("experts"))]:
        found["experts"] = experts
    if inputs := [_read_input(one) for one in _items(document.get("inputs"))]:
        found["inputs"] = inputs
    if caches := [_read_cache(one) for one in _items(document.get("caches"))]:
        found["caches"] = caches
    return found


def _read_node(node: Data) -> CoveredNode:
    found: CoveredNode = {
        "node": _text(node, "node"),
        "op": _text(node, "op"),
        "outputs": list(texts(node.get("outputs"))),
        "status": _text(node, "status"),
        "layers": _integers(node.get("layers")),
        "why": _text(node, "why"),
    }
    if "macs" in node:
        found["macs"] = integer(node["macs"])
    return found


def _read_layer(layer: Data) -> CoveredLayer:
    macs, sources = integer(layer.get("macs")) or 0, layer.get("sources")
    useful = integer(layer.get("macs_useful"))
    return {
        # No layer's id: a report that was edited must not give one layer's sources to another.
        "id": -1 if (identifier := integer(layer.get("id"))) is None else identifier,
        "name": _text(layer, "name"),
        "node": _text(layer, "node"),
        "operator_type": _text(layer, "operator_type"),
        "macs": macs,
        "macs_useful": macs if useful is None else useful,
        "kind": _text(layer, "kind"),
        "sources": {str(key): _sources(fed) for key, fed in sources.items()} if is_mapping(sources) else {},
    }


def _read_experts(router: Data) -> CoveredExperts:
    return {
        "output": _text(router, "output"),
        "node": _text(router, "node"),
        "op": _text(router, "op"),
        "tokens": _integers(router.get("tokens")),
        "decided": _text(router, "decided"),
    }


def _read_input(one: Data) -> CoveredInput:
    shape = _integers(one.get("shape"))
    return {"name": _text(one, "name"), "shape": shape, "names_rows": one.get("names_rows") is True}


def _read_cache(one: Data) -> CoveredCache:
    elements = integer(one.get("elements")) or 0
    return {"input": _text(one, "input"), "output": _text(one, "output"), "elements": elements}


def _read_totals(totals: Data, nodes: list[CoveredNode], layers: list[CoveredLayer]) -> CoverageTotals:
    return {
        # Counted from what was read and not taken from the file: totals of an edited report would contradict its lists.
        "nodes": len(nodes),
        "layers": len(layers),
        "macs": sum(layer["macs"] for layer in layers),
        "incomplete": totals.get("incomplete") is True,
    }


def _items(value: Value) -> list[Data]:
    return [item for item in value if is_mapping(item)] if is_list(value) else []


def _text(fields: Data, name: str) -> str:
    value = fields.get(name)
    return value if isinstance(value, str) else ""


def _integers(value: Value) -> list[int]:
    return [item for item in value if isinstance(item, int)] if is_list(value) else []


def _sources(value: Value) -> list[int | str]:
    return [item for item in value if isinstance(item, int | str)] if is_list(value) else []
