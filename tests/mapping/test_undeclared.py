"""What undeclared wires would save: told with the line that declares them, and no more than it then does save."""

from dataclasses import replace

import pytest
import yaml

from onnx2zz.formats.workload_entry import WorkloadEntry
from onnx2zz.mapping.choice import WORTH, choose
from onnx2zz.mapping.chosen import Choice
from onnx2zz.mapping.judge import ChoiceTerms
from onnx2zz.mapping.undeclared import with_undeclared
from onnx2zz.sidecar.wires import Wires
from onnx2zz.zigzag.objective import NAMES, ObjectiveName, objective
from tests.json_values import Document
from tests.mapping.ground import mapped, terms
from tests.small_workloads import conv, gemm

PRODUCT = gemm(0, None, "fc", k=3, c=64)
IMAGE = conv(0, None, "image", k=5, c=6, oy=7, ox=14, fy=3, fx=5)


def value(choice: Choice, opt: ObjectiveName) -> float:
    assert choice.best is not None and choice.best.energy_pj is not None and choice.best.latency_cycles is not None
    return objective(opt).value(choice.best.energy_pj, choice.best.latency_cycles)


def as_told(choice: Choice) -> Wires:
    """The wires that are declared when the lines are copied into a sidecar."""
    assert choice.undeclared is not None
    said: Document = {}
    for wire in choice.undeclared.needs:
        for key, given in yaml.safe_load(wire.key).items():
            said.setdefault(key, []).extend(given.items() if isinstance(given, dict) else given)
    shared: dict[str, tuple[str, ...]] = {}
    for operand, dims in said.get("multicast", []):
        shared[operand] = (*shared.get(operand, ()), *dims)
    slid = tuple((first, second) for first, second in said.get("diagonals", []))
    return Wires(adder_trees=tuple(said.get("adder_trees", [])), multicast=shared, diagonals=slid)


@pytest.mark.parametrize("opt", NAMES)
@pytest.mark.parametrize(("arch", "layer"), [("seneca", PRODUCT), ("eyeriss_like", IMAGE), ("tpu_like", IMAGE)])
def test_the_lines_that_are_told_save_what_is_told(arch: str, layer: WorkloadEntry, opt: ObjectiveName) -> None:
    asked = terms(arch, opt=opt)
    before = choose(layer, mapped(layer, arch), asked)
    told = with_undeclared(before, layer, mapped(layer, arch), asked)
    assert replace(told, undeclared=None) == before
    if told.undeclared is None:
        return
    assert told.undeclared.saves > WORTH
    after = choose(layer, mapped(layer, arch), terms(arch, opt=opt, sidecar=as_told(told), budget=10_000))
    assert value(after, opt) <= value(before, opt) * (1 - told.undeclared.saves) * (1 + 1e-9)


def test_sums_across_units_that_add_nothing_up_are_told_on_seneca() -> None:
    """Three results on eight units: with a tree of adders all units work."""
    asked = terms("seneca", opt="latency")
    told = with_undeclared(choose(PRODUCT, mapped(PRODUCT, "seneca"), asked), PRODUCT, mapped(PRODUCT, "seneca"), asked)
    assert told.undeclared is not None
    assert [(wire.what, wire.key) for wire in told.undeclared.needs] == [
        ("a sum over C across D1", "adder_trees: [D1]")
    ]


@pytest.mark.parametrize("asked", [terms("seneca", free=True), terms("seneca", sidecar=Wires(adder_trees=("D1",)))])
def test_nothing_is_told_where_nothing_is_refused(asked: ChoiceTerms) -> None:
    choice = choose(PRODUCT, mapped(PRODUCT, "seneca"), asked)
    assert with_undeclared(choice, PRODUCT, mapped(PRODUCT, "seneca"), asked).undeclared is None
