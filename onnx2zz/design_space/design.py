"""The accelerators of a sweep: each template with each combination of its parameters, as files that stand alone."""

import re
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import yaml

from onnx2zz.design_space.expression import Value
from onnx2zz.design_space.spec import AcceleratorSpec, FieldExpression
from onnx2zz.design_space.template import with_field
from onnx2zz.errors import Problem, raise_if_any
from onnx2zz.files.document import is_array, is_object
from onnx2zz.files.written_file import write_whole
from onnx2zz.formats.accelerator import read_hierarchy
from onnx2zz.formats.shipped_files import Found, choose_mapping, sidecar
from onnx2zz.formats.yaml_source import load_yaml, parse_yaml
from onnx2zz.sidecar.figures import Sidecar
from onnx2zz.sidecar.reading import SUFFIX, parse_sidecar

FOLDER = "accelerators"
OF_SIDECAR = "sidecar."
"""Settings that begin with this are of NAME.onnx2zz.yaml."""


@dataclass(frozen=True)
class Design:
    """One accelerator: its file as data, its sidecar's (None without one), the mapping that goes with it, and the
    labels of its parameters."""

    name: str
    template: str
    parameters: Mapping[str, str]
    document: Any
    sidecar_document: Any
    mapping: Any
    where: str

    @property
    def sidecar(self) -> Sidecar | None:
        """What the sidecar says. Raises InputError if it does not fit the accelerator."""
        if self.sidecar_document is None:
            return None
        source = parse_yaml(as_yaml(self.sidecar_document), f"{self.name}{SUFFIX}")
        return parse_sidecar(source, read_hierarchy(self.document))

    @property
    def documents(self) -> Mapping[str, Any]:
        """The accelerator's file, by name."""
        return {self.name: self.document}

    @property
    def in_um2(self) -> bool:
        """Whether its area is known to be in um2: ZigZag's files do not say what theirs are in."""
        return self.sidecar is not None and memories_in_um2(self.document, self.sidecar)

    def accelerator(self, folder: Path) -> Found:
        """The file that `write` makes."""
        return Found(self.name, folder / FOLDER / f"{self.name}.yaml")

    def own_mapping(self, folder: Path) -> Found:
        """The mapping file that `write` makes."""
        return Found(self.name, folder / FOLDER / f"{self.name}.mapping.yaml")

    def write(self, folder: Path) -> None:
        """Write the files that a single evaluation of this accelerator takes. Raises InputError."""
        file = self.accelerator(folder).path
        write_whole(file, as_yaml(self.document))
        write_whole(self.own_mapping(folder).path, as_yaml(self.mapping))
        if self.sidecar_document is not None:
            write_whole(file.with_name(f"{self.name}{SUFFIX}"), as_yaml(self.sidecar_document))


def memories_in_um2(document: Any, sidecar: Sidecar) -> bool:
    """Whether a sidecar has um2 for each memory."""
    figures = (sidecar.memories.get(memory.name) for memory in read_hierarchy(document).memories)
    return all(one is not None and one.um2_per_bit is not None for one in figures)


def designs_of(spec: AcceleratorSpec) -> Iterator[Design]:
    """Every accelerator that an entry of the sweep file stands for. Raises InputError with everything that is wrong
    with its settings."""
    document, mapping = load_yaml(spec.template.path), load_yaml(choose_mapping(None, spec.template).path)
    beside = sidecar(spec.template)
    figures = load_yaml(beside) if beside.is_file() else None
    for labels in product(*spec.parameters.values()):
        chosen = dict(zip(spec.parameters, labels, strict=True))
        names = {name: spec.parameters[name][label] for name, label in chosen.items()}
        own, beyond = with_settings(spec.settings, document, figures, names)
        fitted = filling(mapping, read_hierarchy(document).array, read_hierarchy(own).array)
        name = name_of(spec.name, chosen)
        yield Design(name, spec.template.name, chosen, own, beyond, fitted, spec.where)


def with_settings(
    settings: Sequence[FieldExpression], document: Any, figures: Any, names: Mapping[str, Value]
) -> tuple[Any, Any]:
    """A file and its sidecar with what is set. Raises InputError with everything that is wrong with the settings."""
    problems: list[Problem] = []
    for setting in settings:
        try:
            if setting.field.startswith(OF_SIDECAR):
                field = setting.field.removeprefix(OF_SIDECAR)
                figures = with_field(figures or {}, field, setting.expression, names)
            else:
                document = with_field(document, setting.field, setting.expression, names)
        except ValueError as error:
            problems.append(Problem(setting.where, str(error)))
    raise_if_any(problems)
    return document, figures


def filling(mapping: object, old: Mapping[str, int], new: Mapping[str, int]) -> object:
    """The mapping for an array of other sizes: an unrolling that filled a dimension whole by one loop fills it again.

    Others stay as they are; ZigZag cuts what is too large.
    """
    changed = deepcopy(mapping)
    for entry in changed if is_array(changed) else ():
        unrollings = entry.get("spatial_mapping") if is_object(entry) else None
        for dimension, unrolled in unrollings.items() if is_object(unrollings) else ():
            if not is_array(unrolled) or len(unrolled) != 1 or dimension not in new:
                continue
            loop, _, factor = str(unrolled[0]).partition(",")
            if factor.strip() == str(old.get(dimension)):
                unrolled[0] = f"{loop.strip()}, {new[dimension]}"
    return changed


def name_of(spec: str, chosen: Mapping[str, str]) -> str:
    """What an accelerator is called: as the sweep file calls it, and by its parameters' labels."""
    return f"{_as_file_name(spec)}{suffix(chosen)}"


def suffix(chosen: Mapping[str, str]) -> str:
    """What the name of an accelerator has of its parameters' labels, behind what the sweep file calls it."""
    return _as_file_name("".join(f"_{name}{label}" for name, label in chosen.items()))


def _as_file_name(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9_-]", "p", text)


def as_yaml(document: Any) -> str:
    """The text of a file."""
    return yaml.safe_dump(document, sort_keys=False, allow_unicode=True)
