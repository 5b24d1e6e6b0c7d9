"""What `onnx2zz show` shows: the files of an accelerator, or of each kind of core of a system."""

import warnings
from collections.abc import Mapping

from onnx2zz.api.system import names_a_system, system_called
from onnx2zz.files.document import Value
from onnx2zz.formats.shipped_files import find_accelerator
from onnx2zz.pricing.inputs import read_accelerator


def shown(arch: str) -> Mapping[str, Value]:
    """The data of each file by its name. Raises InputError where it cannot be read."""
    if not names_a_system(arch):
        found = find_accelerator(arch)
        return {found.name: read_accelerator(found.path).document}
    system = system_called(arch, lambda sentence: warnings.warn(sentence, stacklevel=2))
    return {core.accelerator.path.stem: core.accelerator.document for core in system.cores}
