"""What each node of a model costs, as entries for its ONNX file: viewers of models show them beside the attributes."""

import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from onnx2zz.errors import InputError, Problem
from onnx2zz.files.written_file import write_whole_pieces
from onnx2zz.formats.coverage import Coverage, CoveredNode
from onnx2zz.frontend.annotated_file import Entries, annotated_file, has_external_weights
from onnx2zz.pricing.result import Evaluation, LayerResult

WITHOUT_LAYERS = {
    "view": "renames data, costs nothing",
    "folded": "constant, costs nothing",
    "host": "left to the host, in no number",
}

BESIDE_LAYERS = ("links_pj", "offchip_pj")
"""What a system's energy has beside that of its layers."""


def write_priced_model(file: Path, model: Path, evaluation: Evaluation, coverage: Coverage) -> None:
    """Writes the ONNX file of the model again, with costs in `metadata_props`; weights stay as and where they are.

    Raises InputError where the model is no ONNX file, or cannot be written there.
    """
    raise_if_no_onnx(file, model)
    pieces = annotated_file(model, model_entries(evaluation), node_entries(evaluation, coverage))
    write_whole_pieces(file, pieces)


def stays_behind(file: Path, model: Path) -> str | None:
    """A sentence where the weights of the model lie beside it, and `file` is in another folder."""
    if file.resolve().parent == model.resolve().parent or not has_external_weights(model):
        return None
    return f"{file}: its weights stay beside {model}; viewers do without, whoever runs it needs them beside it"


def raise_if_no_onnx(file: Path, model: Path) -> None:
    """Raises InputError where there is no ONNX file to write again, or `file` would take its place."""
    if model.suffix == ".nir" or not model.is_file():
        raise InputError(Problem(str(file), f"{model} is no ONNX file to be written again", "give one as the model"))
    if file.exists() and file.samefile(model):
        raise InputError(Problem(str(file), "is the model itself", "name another file"))


def model_entries(evaluation: Evaluation) -> Entries:
    """What the whole run comes to, and what of it stands at no node: on a system layers overlap, and links and the
    memory off the chip belong to no layer."""
    total = evaluation.total
    beside: Mapping[str, float] = evaluation.system.energy if evaluation.system else {}
    return {
        "model": evaluation.model,
        "accelerator": evaluation.accelerator,
        "opt": evaluation.opt,
        "cycles": _number(total.latency_cycles),
        "energy_pj": _number(total.energy_pj),
        **{name: _number(beside[name]) for name in BESIDE_LAYERS if name in beside},
        **({"incomplete": "layers or nodes with work are in no number"} if total.incomplete else {}),
        "versions": f"onnx2zz {evaluation.onnx2zz}, ZigZag {evaluation.zigzag}",
    }


def node_entries(evaluation: Evaluation, coverage: Coverage) -> Mapping[tuple[str, ...], Entries]:
    """By the outputs of each node: its fate, its layers, and what they take. The cost of a layer stands at one node
    only, the first that it was made for: costs of all nodes add up to the run's; on a system their energies to that of
    its cores, and their cycles, which are spans, to more than the run's."""
    owners = layer_owners(coverage)
    layers = {layer.id: layer for layer in evaluation.layers}
    found: dict[tuple[str, ...], Entries] = {}
    for place, node in enumerate(coverage["nodes"]):
        own = [layers[one] for one in node["layers"] if owners.get(one) == place and one in layers]
        lent = [one for one in node["layers"] if owners.get(one) != place and one in layers]
        entries = {"status": node["status"], **_of_layers(own, evaluation)}
        if lent:
            entries["in"] = ", ".join(_elsewhere(one, layers, owners, coverage) for one in lent)
        if not node["layers"]:
            entries["cost"] = WITHOUT_LAYERS.get(node["status"], "no layer of its own")
        found.setdefault(tuple(node["outputs"]), {**entries, **({"why": node["why"]} if node["why"] else {})})
    return found


def layer_owners(coverage: Coverage) -> Mapping[int, int]:
    """The place of the node that the cost of each layer is told at: the first that it was made for. A call (of a
    function, an If, a Loop) comes before the nodes of its body, and has their layers."""
    owners: dict[int, int] = {}
    for status in ("lowered", "fused"):
        for place, node in enumerate(coverage["nodes"]):
            if node["status"] == status:
                for layer in node["layers"]:
                    owners.setdefault(layer, place)
    return owners


def _of_layers(own: Sequence[LayerResult], evaluation: Evaluation) -> Entries:
    if not own:
        return {}
    priced = [layer for layer in own if layer.error is None]
    told = {"layers": ", ".join(layer.name for layer in own), **dict(_costs(priced, evaluation))}
    if len(own) > 1:
        told["cost"] = f"the sum of {len(own)} layers"
    if len(priced) < len(own):
        told["not_priced"] = "; ".join(f"{layer.name}: {layer.error}" for layer in own if layer.error is not None)
    return told


def _costs(priced: Sequence[LayerResult], evaluation: Evaluation) -> Iterator[tuple[str, str]]:
    if not priced:
        return
    cycles, energy = (math.fsum(values) for values in zip(*map(_cost, priced), strict=True))
    for name, value, whole in (
        ("cycles", cycles, evaluation.total.latency_cycles),
        ("energy_pj", energy, evaluation.total.energy_pj),
    ):
        yield name, _number(value)
        if whole:
            yield f"{name.removesuffix('_pj')}_share", f"{value / whole:.2%}"


def _cost(layer: LayerResult) -> tuple[float, float]:
    return layer.latency_cycles or 0.0, layer.energy_pj or 0.0


def _elsewhere(layer: int, layers: Mapping[int, LayerResult], owners: Mapping[int, int], coverage: Coverage) -> str:
    owner = owners.get(layer)
    at = f", whose cost stands at {_called(coverage['nodes'][owner])}" if owner is not None else ""
    return f"layer {layers[layer].name}{at}"


def _called(node: CoveredNode) -> str:
    return f"{node['op']} {node['node'] or next(filter(None, node['outputs']), '')}".strip()


def _number(value: float) -> str:
    """All digits; whole ones without a point."""
    return str(int(value)) if value == int(value) else repr(value)
