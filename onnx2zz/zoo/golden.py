"""Golden files: one JSON for each model, a line for each layer, so that a version control system shows what moved."""

import json
from pathlib import Path
from typing import Any

from onnx2zz.errors import InputError, Problem
from onnx2zz.files.written_file import write_whole
from onnx2zz.zoo.record import LayerRecord, Record

SHIPPED = Path(__file__).with_name("golden")
"""The goldens of the zoo on the accelerators that it is priced on unless told otherwise."""


def read_golden(folder: Path, model: str) -> Record | None:
    """What is kept for a model, None if nothing is. Raises InputError if the file is broken."""
    path = folder / f"{model}.json"
    if not path.is_file():
        return None
    try:
        return _record(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        what = f"no golden file ({type(error).__name__}: {error})"
        raise InputError(Problem(str(path), what, "`onnx2zz zoo run --update-golden` writes it anew")) from error


def write_golden(folder: Path, found: Record) -> Path:
    """Keep a record. Raises InputError where that is not possible."""
    path = folder / f"{found.model}.json"
    write_whole(path, golden_text(found))
    return path


def golden_text(found: Record) -> str:
    """The file's text."""
    statuses = sorted(set(found.nodes.values()))
    nodes = {status: [node for node, was in found.nodes.items() if was == status] for status in statuses}
    layers = [_layer(layer) for layer in found.layers]
    fields = (
        f'"model": {json.dumps(found.model)}',
        f'"made_with": {json.dumps(found.made_with)}',
        f'"macs": {found.macs}',
        '"nodes": {\n' + ",\n".join(f"  {json.dumps(s)}: {json.dumps(names)}" for s, names in nodes.items()) + "\n}",
        '"layers": [\n' + ",\n".join(f"  {json.dumps(layer)}" for layer in layers) + "\n]",
    )
    return "{\n" + ",\n".join(fields) + "\n}\n"


def _layer(layer: LayerRecord) -> dict[str, Any]:
    return {"name": layer.name, "operator_type": layer.operator_type, "macs": layer.macs, "prices": layer.prices}


def _record(document: Any) -> Record:
    return Record(
        model=document["model"],
        made_with=document["made_with"],
        nodes={node: status for status, nodes in document["nodes"].items() for node in nodes},
        layers=tuple(
            LayerRecord(
                layer["name"],
                layer["operator_type"],
                layer["macs"],
                {name: (energy, cycles) for name, (energy, cycles) in layer["prices"].items()},
            )
            for layer in document["layers"]
        ),
    )
