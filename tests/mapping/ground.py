"""Accelerators and layers as a choice sees them."""

from functools import cache

from zigzag.hardware.architecture.accelerator import Accelerator

from onnx2zz.formats.mapping_entry import MappingEntry, mapping_entry_for, read_mapping
from onnx2zz.formats.shipped_files import choose_mapping, find_accelerator
from onnx2zz.formats.workload_entry import WorkloadEntry
from onnx2zz.formats.yaml_source import load_yaml
from onnx2zz.mapping.interconnect import declared, shown_by
from onnx2zz.mapping.judge import ChoiceTerms
from onnx2zz.sidecar.wires import Wires
from onnx2zz.zigzag.accelerator import hardware, hierarchy, load_accelerator
from onnx2zz.zigzag.layer_price import PriceOptions
from onnx2zz.zigzag.objective import ObjectiveName


@cache
def mapping_of(arch: str) -> tuple[MappingEntry, ...]:
    return read_mapping(load_yaml(choose_mapping(None, find_accelerator(arch)).path))


def mapped(layer: WorkloadEntry, arch: str) -> MappingEntry:
    """The entry of the accelerator's own mapping file for a layer."""
    return mapping_entry_for(layer, mapping_of(arch))


@cache
def accelerator(arch: str) -> Accelerator:
    return load_accelerator(find_accelerator(arch).path)


def terms(
    arch: str,
    *,
    free: bool = False,
    sidecar: Wires | None = None,
    budget: int = 30,
    opt: ObjectiveName = PriceOptions.opt,
    lpf_limit: int = PriceOptions.lpf_limit,
) -> ChoiceTerms:
    built = accelerator(arch)
    memories = hierarchy(built)
    wires = shown_by(mapping_of(arch), declared(memories, sidecar or Wires()))
    return ChoiceTerms(
        built, hardware(built), memories, None if free else wires, PriceOptions(opt=opt, lpf_limit=lpf_limit), budget
    )
