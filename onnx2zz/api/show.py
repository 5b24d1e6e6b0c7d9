"""What `onnx2zz show` shows: the files of an accelerator, or of each kind of core of a system."""

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from onnx2zz.api.system import names_a_system, system_called
from onnx2zz.formats.shipped_files import find_accelerator
from onnx2zz.pricing.inputs import AcceleratorFile, read_accelerator

if TYPE_CHECKING:
    from onnx2zz.system.description import System


@dataclass(frozen=True)
class Shown:
    """The accelerators by name, one or a system's kinds of cores, and the system if it is one."""

    accelerators: Mapping[str, AcceleratorFile]
    system: "System | None" = None

    @property
    def lines(self) -> list[str]:
        """What a terminal shows."""
        from onnx2zz.report.hardware import lines

        blocks = [lines(name, file.document, file.sources) for name, file in self.accelerators.items()]
        return [line for number, block in enumerate(blocks) for line in ([""] if number else []) + block]

    @property
    def svg(self) -> str:
        """The drawing, a file of its own."""
        from onnx2zz.report.hardware_drawing import hardware_svg
        from onnx2zz.report.system_drawing import system_svg

        if self.system is not None:
            return system_svg(self.system)
        ((name, file),) = self.accelerators.items()
        return hardware_svg(name, file.document, file.sources)


def shown(arch: str) -> Shown:
    """The files of what `arch` names. Raises InputError where they cannot be read."""
    if not names_a_system(arch):
        found = find_accelerator(arch)
        return Shown({found.name: read_accelerator(found.path)})
    system = system_called(arch, lambda sentence: warnings.warn(sentence, stacklevel=2))
    return Shown(system.accelerators, system)
