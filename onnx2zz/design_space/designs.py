"""The designs of a sweep: accelerators and systems of cores."""

from collections.abc import Sequence

from onnx2zz.design_space.design import Design, designs_of
from onnx2zz.design_space.spec import AcceleratorSpec
from onnx2zz.design_space.system_design import SystemDesign, system_designs
from onnx2zz.errors import Problem, noted_in, raise_if_any
from onnx2zz.formats.system_kind import is_system

AnyDesign = Design | SystemDesign


def designs(specs: Sequence[AcceleratorSpec]) -> tuple[AnyDesign, ...]:
    """Every accelerator and system of the sweep. Raises InputError with everything that is wrong with the settings."""
    found: list[AnyDesign] = []
    problems: list[Problem] = []
    for spec in specs:
        with noted_in(problems):
            found.extend(system_designs(spec) if is_system(spec.template.path) else designs_of(spec))
    first = {design.name: design for design in reversed(found)}
    problems += [
        Problem(one.where, f"a second accelerator is called {one.name} (the first in {first[one.name].where})")
        for one in found
        if first[one.name] is not one
    ]
    raise_if_any(dict.fromkeys(problems))
    return tuple(found)


def areas_are_um2(found: Sequence[AnyDesign]) -> bool:
    """Whether the areas of all of them are in um2: their sidecars have um2 for each memory."""
    return all(design.in_um2 for design in found)
