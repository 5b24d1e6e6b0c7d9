"""A core as it is priced, of what its file says."""

from onnx2zz.files.document import is_mapping
from onnx2zz.formats.accelerator import read_hierarchy
from onnx2zz.formats.accelerator_schema import as_meant
from onnx2zz.formats.core_file import (
    CoreFile,
    top_memories,
    widest_port,
    without_offchip_level,
)
from onnx2zz.formats.shipped_files import sidecar
from onnx2zz.formats.yaml_source import read_yaml
from onnx2zz.pricing.inputs import accelerator_of
from onnx2zz.sidecar.reading import parse_sidecar
from onnx2zz.system.description import Core
from onnx2zz.system.network import CoreId


def core_of(file: CoreFile, identity: CoreId, has_offchip: bool, mapping: str | None) -> Core:
    """The core in a file. With an off-chip core in the system, an off-chip level of the core's own is left out. Raises
    InputError for a sidecar that is wrong."""
    meant = as_meant(file.document)
    kept = meant if is_mapping(meant) else file.document
    if has_offchip:
        kept = without_offchip_level(kept)
    tops = top_memories(read_hierarchy(kept))
    beside = sidecar(file.found)
    return Core(
        identity,
        accelerator_of(file.found.path, dict(kept)),
        sum(memory.size or 0 for memory in tops),
        min((widest_port(memory) for memory in tops), default=0.0),
        file.operators,
        mapping,
        parse_sidecar(read_yaml(beside), read_hierarchy(file.document)) if beside.is_file() else None,
    )
