"""Runs a request: chooses the mapping where that is asked for, prices, and writes the mapping as it was priced.

The search for mappings needs numpy, which an evaluation of known prices does without: it is imported where it begins.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from onnx2zz.files.document import Value, is_mapping
from onnx2zz.formats.coverage import read_coverage
from onnx2zz.formats.shipped_files import Found, stands_for
from onnx2zz.pricing.certificate import summed
from onnx2zz.pricing.request import EvaluationRequest, MappingSearch
from onnx2zz.pricing.resources import Resources
from onnx2zz.pricing.result import Evaluation
from onnx2zz.pricing.run import evaluate
from onnx2zz.sidecar.wires import Wires

if TYPE_CHECKING:
    from onnx2zz.mapping.network import Network, NetworkChoice


def run(request: EvaluationRequest, folder: Path, resources: Resources) -> Evaluation:
    """The evaluation; ZigZag's log, and the mapping where one is chosen, go to `folder`.

    Raises InputError if the files do not fit together. A layer that cannot be priced is part of the result.
    """
    log = folder / "zigzag.log"
    choices = None
    if request.mapping_search is not None:
        how = "optimal for" if request.mapping_search.kind == "optimal" else "best"
        kind = f"{how} {request.options.opt}, {request.mapping_search.rules} rules, base {request.mapping.name}"
        head = f"Chosen for {request.workload.model} on {request.accelerator.name}: {kind}."
        ((request, choices),) = with_chosen_mappings([Chosen(request, _file_in(folder, request), head)], log, resources)
    found = evaluate(request, log, resources)
    if request.save_mapping is not None:
        _save_as_priced(request, found, request.save_mapping)
    return found if choices is None else _with_choices(found, choices)


@dataclass(frozen=True)
class Chosen:
    """A request for which a mapping is chosen, and written to `file` under a line that says `head`."""

    request: EvaluationRequest
    file: Path
    head: str


def with_chosen_mappings(
    asked: Sequence[Chosen], log: Path, resources: Resources
) -> "list[tuple[EvaluationRequest, NetworkChoice]]":
    """Each request with the mapping that was chosen for it."""
    from onnx2zz.files.written_file import write_whole
    from onnx2zz.mapping.mapping_file import mapping_text
    from onnx2zz.mapping.network import choose_networks

    found: list[tuple[EvaluationRequest, NetworkChoice]] = []
    choices = choose_networks([_network(one.request) for one in asked], log, resources)
    for one, chosen in zip(asked, choices, strict=True):
        write_whole(one.file, mapping_text(chosen.entries, one.head))
        # Priced from the file that was written, not from what is in memory: so the file is what the numbers are of.
        kind = (one.request.mapping_search or MappingSearch()).kind
        found.append((replace(one.request, mapping=Found(kind, one.file), mapping_search=None), chosen))
    return found


def _network(request: EvaluationRequest) -> "Network":
    from onnx2zz.mapping.network import Network, Policy

    sidecar = request.supplement.sidecar
    policy = Policy(request.mapping_search or MappingSearch(), sidecar.interconnect if sidecar else Wires())
    return Network(request.workload, request.accelerator, request.mapping, request.options, policy)


def _file_in(folder: Path, request: EvaluationRequest) -> Path:
    """mapping.yaml, or NAME.mapping.yaml where that goes with another workload, or accelerator, that is compiled in the
    folder."""
    free = _is_free(folder, request)
    return folder / ("mapping.yaml" if free else f"{request.accelerator.name}.mapping.yaml")


def _is_free(folder: Path, request: EvaluationRequest) -> bool:
    """Whether mapping.yaml in the folder may be this workload's on this accelerator."""
    try:
        compiled: Value = json.loads((folder / "coverage.json").read_text(encoding="utf-8"))
    # Nothing is compiled there, so the plain name misleads nobody. A file that cannot be read may belong to anything.
    except FileNotFoundError:
        return True
    except (OSError, ValueError):
        return False
    if not is_mapping(compiled):
        return False
    coverage, arch = request.workload.coverage, compiled.get("arch")
    same_layers = coverage is not None and coverage["layers"] == read_coverage(compiled)["layers"]
    # Compiled without an accelerator, the workload goes with any.
    return same_layers and (arch is None or stands_for(str(arch), request.accelerator))


def _save_as_priced(request: EvaluationRequest, found: Evaluation, path: Path) -> None:
    """Write the mapping with the unrolling and the loop order of each layer as they were priced."""
    from onnx2zz.files.written_file import write_whole
    from onnx2zz.formats.mapping_entry import read_mapping
    from onnx2zz.formats.yaml_source import load_yaml
    from onnx2zz.mapping.as_priced import mapping_as_priced
    from onnx2zz.mapping.mapping_file import mapping_text

    workload, mapping = request.workload, request.mapping
    entries = mapping_as_priced(workload.layers, read_mapping(load_yaml(mapping.path)), found.layers)
    kind = f"mapping {mapping.name}, best {found.opt}, loop orders fixed"
    write_whole(path, mapping_text(entries, f"As priced for {workload.model} on {found.accelerator}: {kind}."))


def _with_choices(evaluation: Evaluation, chosen: "NetworkChoice") -> Evaluation:
    """The evaluation with each layer's choice: where it comes from, what it was compared with, and why it won."""
    from onnx2zz.mapping.choice_json import as_json

    # By identity: a choice is deep, and comparing hundreds of them would take longer than writing them.
    told = {id(choice): as_json(choice) for choice in chosen.choices.values()}  # layers that are alike share one
    layers = tuple(
        replace(layer, choice=told[id(choice)], certificate=choice.certificate)
        if (choice := chosen.choices.get(layer.id)) is not None
        else layer
        for layer in evaluation.layers
    )
    certificates = [layer.certificate for layer in layers if layer.certificate is not None]
    return replace(evaluation, layers=layers, total=replace(evaluation.total, certificate=summed(certificates)))
