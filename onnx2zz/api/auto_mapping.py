"""Mappings that are made here: chosen (`auto`), and as they were priced; written as plain mapping files."""

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from onnx2zz.formats.shipped_files import Found, stands_for

if TYPE_CHECKING:
    from onnx2zz.mapping.network import NetworkChoice, Policy
    from onnx2zz.pricing.inputs import PricedWorkload
    from onnx2zz.pricing.result import Evaluation
    from onnx2zz.pricing.run import Resources
    from onnx2zz.sidecar.figures import Sidecar
    from onnx2zz.zigzag.layer_price import PriceOptions

AUTO = "auto"


def base_of(asked: str | None) -> tuple[bool, str | None]:
    """Whether a mapping is to be chosen, and the mapping file that it starts from (None: the accelerator's own)."""
    if asked == AUTO:
        return True, None
    if asked and asked.startswith(f"{AUTO}:"):
        return True, asked.removeprefix(f"{AUTO}:")
    return False, asked


def policy_of(rules: Any, budget: int | None, resources: "Resources", sidecar: "Sidecar | None") -> "Policy":
    """What may be chosen, as the options and the accelerator's sidecar have it."""
    from onnx2zz.mapping.choice import BUDGET
    from onnx2zz.mapping.network import Policy
    from onnx2zz.sidecar.figures import Wires

    wires = sidecar.interconnect if sidecar else Wires()
    return Policy(rules, budget or BUDGET, wires, resources.memory, resources.watch)


def choose_and_write(
    workload: "PricedWorkload", accelerator: Found, base: Found, options: "PriceOptions", output: Path, policy: "Policy"
) -> "tuple[Found, NetworkChoice]":
    """The mapping that was chosen, as the file that it was written to: mapping.yaml, or NAME.mapping.yaml where that
    goes with another workload, or accelerator, that is compiled in the folder."""
    from onnx2zz.files.written_file import write_whole
    from onnx2zz.mapping.mapping_file import mapping_text
    from onnx2zz.mapping.network import choose_mappings

    chosen = choose_mappings(workload, accelerator, base, options, output / "zigzag.log", policy)
    kind = f"best {options.opt}, {policy.rules} rules, base {base.name}"
    path = output / ("mapping.yaml" if _is_free(output, workload, accelerator) else f"{accelerator.name}.mapping.yaml")
    write_whole(path, mapping_text(chosen.entries, f"Chosen for {workload.model} on {accelerator.name}: {kind}."))
    return Found(AUTO, path), chosen


def save_as_priced(workload: "PricedWorkload", mapping: Found, evaluation: "Evaluation", path: Path) -> None:
    """Write the mapping with the unrolling and the loop order of each layer as they were priced."""
    from onnx2zz.files.written_file import write_whole
    from onnx2zz.formats.mapping_entry import read_mapping
    from onnx2zz.formats.yaml_source import load_yaml
    from onnx2zz.mapping.as_priced import mapping_as_priced
    from onnx2zz.mapping.mapping_file import mapping_text

    base = read_mapping(load_yaml(mapping.path))
    entries = mapping_as_priced(workload.layers, base, evaluation.layers)
    kind = f"mapping {mapping.name}, best {evaluation.opt}, loop orders fixed"
    write_whole(path, mapping_text(entries, f"As priced for {workload.model} on {evaluation.accelerator}: {kind}."))


def _is_free(output: Path, workload: "PricedWorkload", accelerator: Found) -> bool:
    """Whether mapping.yaml in the output folder may be this workload's on this accelerator."""
    try:
        compiled = json.loads((output / "coverage.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        return True
    except (OSError, ValueError):
        return False
    if not isinstance(compiled, dict):
        return False
    same_layers = workload.coverage is not None and workload.coverage.get("layers") == compiled.get("layers")
    return same_layers and (compiled.get("arch") is None or stands_for(compiled["arch"], accelerator))


def with_choices(evaluation: "Evaluation", chosen: "NetworkChoice") -> "Evaluation":
    """The evaluation with each layer's choice: where it comes from, what it was compared with, and why it won."""
    from onnx2zz.mapping.choice_json import told

    layers = tuple(
        replace(layer, choice=told(chosen.choices[layer.id])) if layer.id in chosen.choices else layer
        for layer in evaluation.layers
    )
    return replace(evaluation, layers=layers)
