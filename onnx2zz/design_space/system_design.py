"""The systems of cores of a sweep: a file as it is, or a template with each combination of its parameters."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from pathlib import Path
from typing import Any

from onnx2zz.design_space.design import (
    FOLDER,
    OF_SIDECAR,
    Design,
    as_yaml,
    filling,
    memories_in_um2,
    name_of,
    with_settings,
)
from onnx2zz.design_space.spec import AcceleratorSpec, FieldExpression
from onnx2zz.errors import InputError, Problem, noted_in, raise_if_any
from onnx2zz.files.document import is_object
from onnx2zz.files.written_file import write_whole
from onnx2zz.formats.accelerator import read_hierarchy, unit_area
from onnx2zz.formats.core_file import find_core
from onnx2zz.formats.shipped_files import MAPPINGS, Found, find_mapping, is_there, ours, sidecar
from onnx2zz.formats.yaml_source import load_yaml, read_yaml
from onnx2zz.pricing.physical import area_um2
from onnx2zz.sidecar.reading import SUFFIX
from onnx2zz.system.description import System
from onnx2zz.system.reading import read_system

OF_CORE = "core."
"""Settings that begin with this are of the core's file."""
CORE, MAPPING = "core", "mapping"


@dataclass(frozen=True)
class SystemDesign:
    """A system of the sweep. `document`, `core`: its file and its core with what is set; None of a file that is taken
    as it is. The core's mapping is None where its array has the template's size: the system's file leads to one then.
    `parameters`: their labels."""

    name: str
    template: str
    parameters: Mapping[str, str]
    file: Path
    where: str
    document: Any = None
    core: Design | None = None

    def accelerator(self, folder: Path) -> Found:
        """The system's file: the one that `write` makes, or the one that is taken as it is."""
        made = folder / FOLDER / f"{self.name}.yaml"
        return Found(self.name, self.file if self.document is None else made)

    def write(self, folder: Path) -> None:
        """Write the files that a single evaluation on this system takes. Raises InputError."""
        if self.core is None:
            return
        file, core = self.accelerator(folder).path, self.core
        # In a folder of its own under its own name: the name leads to the mapping that goes with the core.
        beside = f"{self.name}_core/{core.name}"
        document = {**self.document, CORE: f"{beside}.yaml"}
        if core.mapping is not None:
            own = file.with_name(f"{self.name}.mapping.yaml")
            write_whole(own, as_yaml(core.mapping))
            document[MAPPING] = str(own)
        write_whole(file.parent / f"{beside}.yaml", as_yaml(core.document))
        if core.sidecar_document is not None:
            write_whole(file.parent / f"{beside}{SUFFIX}", as_yaml(core.sidecar_document))
        write_whole(file, as_yaml(document))

    def system(self, folder: Path) -> System:
        """The system as it is evaluated on. Raises InputError with everything that is wrong with its files."""
        return read_system(self.accelerator(folder))

    @cached_property
    def _as_it_is(self) -> System:
        return read_system(Found(self.name, self.file))

    @cached_property
    def digested(self) -> object:
        """Everything that the files say, for keys of results."""
        if self.document is not None:
            named = self.document.get(MAPPING)
            return self.document, self.core, named and load_yaml(find_mapping(str(named)).path)
        cores = [(one.id, one.accelerator.document, one.sidecar, one.mapping) for one in self._as_it_is.cores]
        mappings = {
            one.mapping: load_yaml(find_mapping(one.mapping).path) for one in self._as_it_is.cores if one.mapping
        }
        return read_yaml(self.file, place_keys=True).data, cores, mappings

    @property
    def documents(self) -> Mapping[str, Any]:
        """The accelerator files of its cores, by name."""
        if self.core is not None:
            return {f"{self.name}: {self.core.name}": self.core.document}
        return {str(one.accelerator.path): one.accelerator.document for one in self._as_it_is.cores}

    @property
    def in_um2(self) -> bool:
        """Whether areas are known to be in um2: the sidecars of all cores have um2 for each memory."""
        if self.core is not None:
            return self.core.in_um2
        return all(
            one.sidecar is not None and memories_in_um2(one.accelerator.document, one.sidecar)
            for one in self._as_it_is.cores
        )


def cores_area(system: System) -> float:
    """The memories and units of all cores, in the unit of their figures (area_um2)."""
    documents = ((core.accelerator.document, core.sidecar) for core in system.cores)
    return sum(area_um2(read_hierarchy(document), unit_area(document), beside) for document, beside in documents)


def system_designs(spec: AcceleratorSpec) -> Iterator[SystemDesign]:
    """Every system that an entry of the sweep file stands for. Raises InputError with everything that is wrong with its
    settings, and of a file that is taken as it is with that."""
    if not spec.settings:
        read_system(spec.template)
        yield SystemDesign(name_of(spec.name, {}), spec.template.name, {}, spec.template.path, spec.where)
        return
    document, found = _template(spec)
    beside = sidecar(found)
    core, figures = load_yaml(found.path), load_yaml(beside) if beside.is_file() else None
    of_core = [_without(one, OF_CORE) for one in spec.settings if one.field.startswith(OF_CORE)]
    own = [one for one in spec.settings if not one.field.startswith(OF_CORE)]
    for labels in product(*spec.parameters.values()):
        chosen = dict(zip(spec.parameters, labels, strict=True))
        names = {name: spec.parameters[name][label] for name, label in chosen.items()}
        changed, set_core, set_figures = document, core, figures
        problems: list[Problem] = [*_of_no_sidecar(own)]
        with noted_in(problems):
            changed, _ = with_settings([one for one in own if not _is_of_sidecar(one)], document, None, names)
        with noted_in(problems):
            set_core, set_figures = with_settings(of_core, core, figures, names)
        raise_if_any(problems)
        mapping = _refilled(document.get(MAPPING), found, read_hierarchy(core).array, read_hierarchy(set_core).array)
        name = name_of(spec.name, chosen)
        made = Design(found.name, found.name, chosen, set_core, set_figures, mapping, spec.where)
        yield SystemDesign(name, spec.template.name, chosen, spec.template.path, spec.where, changed, made)


def _is_of_sidecar(setting: FieldExpression) -> bool:
    return setting.field.startswith(OF_SIDECAR)


def _of_no_sidecar(settings: Iterable[FieldExpression]) -> Iterator[Problem]:
    for one in filter(_is_of_sidecar, settings):
        yield Problem(one.where, f"{one.field}: a system has no sidecar", f"a core's is `{OF_CORE}{OF_SIDECAR}NAME`")


def _without(setting: FieldExpression, prefix: str) -> FieldExpression:
    return FieldExpression(setting.field.removeprefix(prefix), setting.expression, setting.where)


def _template(spec: AcceleratorSpec) -> tuple[Mapping[str, Any], Found]:
    """The data of a system's file and its core's file. Raises InputError where it has no one core."""
    path = spec.template.path
    document: Any = read_yaml(path, place_keys=True).data
    if not is_object(document) or not isinstance(document.get(CORE), str):
        what = "settings of a system whose cores are not one `core: NAME`"
        raise InputError(Problem(spec.where, f"{path}: {what}", "write the file with `core`, or take it as it is"))
    return _with_memory_found(document, path), find_core(path, str(document[CORE]))


def _with_memory_found(document: Mapping[str, Any], path: Path) -> Mapping[str, Any]:
    """The same, an off-chip memory's file beside the template named so that it is found from elsewhere."""
    offchip = document.get("offchip")
    if not is_object(offchip):
        return document
    named = offchip.get("memory")
    if not isinstance(named, str) or not is_there(path.parent / named):
        return document
    return {**document, "offchip": {**offchip, "memory": str((path.parent / named).resolve())}}


def _refilled(named: object, core: Found, old: Mapping[str, int], new: Mapping[str, int]) -> Any:
    """The mapping of all cores for an array of another size; None where it has the same, or none is named or ours."""
    if old == new or (named is None and core.name not in ours(MAPPINGS)):
        return None
    return filling(load_yaml(find_mapping(str(named or core.name)).path), old, new)
