"""Mapping `auto`: choose, write the mapping file, and put the choices beside the results."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from onnx2zz.shipped_files import Found

if TYPE_CHECKING:
    from onnx2zz.evaluate.inputs import Workload
    from onnx2zz.evaluate.result import Evaluation
    from onnx2zz.evaluate.run import Means
    from onnx2zz.mapping.network import NetworkChoice, Policy
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


def policy_of(rules: Any, budget: int | None, means: "Means", sidecar: "Sidecar | None") -> "Policy":
    """What may be chosen, as the options and the accelerator's sidecar have it."""
    from onnx2zz.mapping.choice import BUDGET
    from onnx2zz.mapping.network import Policy
    from onnx2zz.sidecar.figures import Wires

    wires = sidecar.interconnect if sidecar else Wires()
    return Policy(rules, budget or BUDGET, wires, means.memory, means.watch)


def choose_and_write(
    workload: "Workload", accelerator: Found, base: Found, options: "PriceOptions", output: Path, policy: "Policy"
) -> "tuple[Found, NetworkChoice]":
    """The mapping that was chosen, as the file that it was written to."""
    from onnx2zz.mapping.mapping_file import mapping_text
    from onnx2zz.mapping.network import choose_mappings
    from onnx2zz.written_file import write_whole

    chosen = choose_mappings(workload, accelerator, base, options, output / "zigzag.log", policy)
    kind = f"best {options.opt}, {policy.rules} rules, base {base.name}"
    path = output / "mapping.yaml"
    write_whole(path, mapping_text(chosen.entries, f"Chosen for {workload.model} on {accelerator.name}: {kind}."))
    return Found(AUTO, path), chosen


def with_choices(evaluation: "Evaluation", chosen: "NetworkChoice") -> "Evaluation":
    """The evaluation with each layer's choice: where it comes from, what it was compared with, and why it won."""
    from onnx2zz.mapping.told import told

    layers = tuple(
        replace(layer, choice=told(chosen.choices[layer.id])) if layer.id in chosen.choices else layer
        for layer in evaluation.layers
    )
    return replace(evaluation, layers=layers)
