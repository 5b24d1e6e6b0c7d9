"""Read and check the files of an evaluation together, so that everything wrong with them is said at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from onnx2zz.errors import Problem, noted_in, raise_if_any
from onnx2zz.evaluate import mapping_check, workload_check
from onnx2zz.evaluate.tensors import Entry
from onnx2zz.shipped_files import MAPPINGS, Found, ours, zigzags
from onnx2zz.yaml_file import read_yaml
from onnx2zz.zigzag.accelerator import Accelerator, Hardware, hardware, load_accelerator
from onnx2zz.zigzag.layer import mapping_problems, workload_problems


@dataclass(frozen=True)
class Workload:
    """A workload to be evaluated: the model it came from, the file that errors name, its layers, and the coverage
    that `compile` wrote with it."""

    model: str
    file: str
    layers: tuple[Entry, ...]
    coverage: Mapping[str, Any] | None = None

    @property
    def arch(self) -> str | None:
        """The accelerator that it was compiled for, as the user named it."""
        return (self.coverage or {}).get("arch")


@dataclass(frozen=True)
class Inputs:
    """Checked inputs: they fit together."""

    workload: Workload
    mapping: tuple[Entry, ...]
    accelerator: Accelerator
    hardware: Hardware


def load_inputs(workload: Workload, accelerator: Found, mapping: Found) -> Inputs:
    """Read the accelerator and the mapping and check all three. Raises InputError with every problem of theirs."""
    problems = list(_workload_problems(workload))
    built, entries = None, ()
    with noted_in(problems):
        built = load_accelerator(accelerator.path)
    with noted_in(problems):
        entries = _load_mapping(mapping)
    raise_if_any(problems)
    assert built is not None
    facts = hardware(built)
    raise_if_any(_misfits(mapping, entries, workload.layers, facts))
    return Inputs(workload, entries, built, facts)


def _workload_problems(workload: Workload) -> tuple[Problem, ...]:
    return (
        workload_check.missing_fields(workload.file, list(workload.layers))
        or workload_problems(workload.file, workload.layers)
        or workload_check.inconsistencies(workload.file, workload.layers)
    )


def _load_mapping(mapping: Found) -> tuple[Entry, ...]:
    document, file = read_yaml(mapping.path), str(mapping.path)
    raise_if_any(mapping_check.unusable(file, document) or mapping_problems(file, document))
    return tuple(document)


def _misfits(mapping: Found, entries: Sequence[Entry], layers: Sequence[Entry], facts: Hardware) -> tuple[Problem, ...]:
    file = str(mapping.path)
    over_the_array = mapping_check.array_problems(file, entries, facts)
    ships = mapping.path in (*ours(MAPPINGS).values(), *zigzags(MAPPINGS).values())
    return over_the_array if ships else over_the_array + mapping_check.dim_problems(file, entries, layers)
