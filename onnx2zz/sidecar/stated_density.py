"""Densities as a user states them for one run: `conv2=0.61`, `conv2:W=0.5`, or a file of such."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from onnx2zz.errors import InputError, Problem, raise_if_any
from onnx2zz.formats.section import Section
from onnx2zz.formats.yaml_source import YamlSource, read_yaml
from onnx2zz.sidecar.figures import Densities, Sidecar
from onnx2zz.sidecar.reading import TENSORS, densities

FORM = "LAYER=0.61 (of the input), LAYER:W=0.5, or a file with `density: {LAYER: {I: 0.61}}`"


def stated_densities(given: Sequence[str]) -> Densities:
    """The densities that texts or files state; of two for one operand the later holds. Raises InputError with all that
    is wrong with them."""
    problems: list[Problem] = []
    found: dict[str, dict[str, float]] = {}
    for text in given:
        for layer, stated in _one(text, problems):
            found.setdefault(layer, {}).update(stated)
    raise_if_any(problems)
    return found


def with_densities(sidecar: Sidecar | None, stated: Densities, accelerator: str) -> Sidecar:
    """The sidecar with what is stated in place of its own. Raises InputError where that would change nothing."""
    if sidecar is None or not (sidecar.zero_gating or sidecar.coding):
        what = "densities change nothing: its sidecar has neither zero_gating nor coding"
        raise InputError(Problem(accelerator, what, "write which operands gate, or which memories hold coded zeros"))
    # By operand, so that what is stated of W leaves the sidecar's I as it is.
    both = dict.fromkeys((*sidecar.density, *stated))
    return replace(sidecar, density={one: {**sidecar.density.get(one, {}), **stated.get(one, {})} for one in both})


def _one(text: str, problems: list[Problem]) -> Iterator[tuple[str, Mapping[str, float]]]:
    # From the right: names of layers come from models, and may hold both signs.
    name, equals, share = text.rpartition("=")
    if not equals:
        if Path(text).is_file():
            yield from _in_file(read_yaml(Path(text)), problems)
        else:
            problems.append(Problem("--density", f"{text!r} is neither a density nor a file", f"write {FORM}"))
        return
    layer, colon, operand = name.rpartition(":")
    # A colon without an operand behind it is part of the name.
    layer, operand = (layer, operand) if colon and operand in TENSORS else (name, "I")
    number = _number(share)
    if not layer or number is None or not 0 <= number <= 1:
        problems.append(Problem("--density", f"{text!r} is no share of a layer, 0 to 1", f"write {FORM}"))
        return
    yield layer, {operand: number}


def _in_file(source: YamlSource, problems: list[Problem]) -> Iterator[tuple[str, Mapping[str, float]]]:
    whole = Section(source, (), ("density",))
    if not whole.problems:
        whole.required("density")
    yield from densities(whole).items()
    problems.extend(whole.problems)


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
