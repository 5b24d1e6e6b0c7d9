"""What an accelerator declares between its units, and what an unrolling would need of it."""

import pytest

from onnx2zz.formats.mapping_entry import MappingEntry
from onnx2zz.formats.workload_entry import WorkloadEntry
from onnx2zz.mapping.interconnect import Interconnect, declared, lacks, shown_by
from onnx2zz.mapping.space import read_space
from onnx2zz.sidecar.wires import Wires
from tests.small_workloads import conv, pool

from .ground import mapping_of, terms

LINKS = MappingEntry("default")
LAYER = conv(0, None, "c", k=24, c=12, oy=10, ox=14, fy=3, fx=5)


def needed(
    arch: str,
    unrolling: tuple[tuple[str, tuple[tuple[str, int], ...]], ...],
    layer: WorkloadEntry = LAYER,
    sidecar: Wires | None = None,
) -> set[str]:
    given = terms(arch)
    space = read_space(layer, LINKS, given.hardware.array)
    return set(map(str, lacks(space.factors(unrolling), space, declared(given.hierarchy, sidecar or Wires()))))


def test_sums_need_a_shared_accumulator_or_a_systolic_dim() -> None:
    assert needed("edge_tpu_like", (("D1", (("K", 8),)), ("D2", (("C", 4),)), ("D3", ()), ("D4", ()))) == set()
    assert needed("edge_tpu_like", (("D1", (("C", 4),)), ("D2", ()), ("D3", (("FX", 2),)), ("D4", ()))) == {
        "a sum over C across D1",
        "a sum over FX across D3",
    }
    assert needed("tpu_like", (("D1", (("C", 4),)), ("D2", (("FX", 5),)))) == set()
    assert needed("seneca", (("D1", (("C", 4),)),)) == {"a sum over C across D1"}


def test_a_systolic_array_passes_on_what_it_got_and_so_slides_no_window() -> None:
    slid = (("D1", (("OX", 14),)), ("D2", (("FX", 5),)))
    assert needed("tpu_like", slid) == {"OX on D1 sliding over FX on D2"}
    assert needed("tpu_like", slid, sidecar=Wires(diagonals=(("D2", "D1"),))) == set()
    assert needed("tpu_like", (("D1", (("OX", 14),)), ("D2", (("FY", 3),)))) == set()


def test_windows_that_do_not_overlap_need_no_diagonal() -> None:
    apart = pool(0, 1, "p", g=4, oy=6, ox=14, fy=2, fx=5, stride=(2, 5))
    assert needed("tpu_like", (("D1", (("OX", 14),)), ("D2", (("FX", 5),))), apart) == set()


def test_adder_trees_are_declared_beside_the_accelerator() -> None:
    assert needed("seneca", (("D1", (("C", 4),)),), sidecar=Wires(adder_trees=("D1",))) == set()


def test_what_the_mapping_file_does_is_there() -> None:
    known = declared(terms("eyeriss_like").hierarchy, Wires())
    assert known.sums == frozenset()
    assert shown_by(mapping_of("eyeriss_like"), known).sums == {"D2"}  # default.yaml unrolls C over it


@pytest.mark.parametrize("loop", ["K", "C", "OY", "OX", "FX"])
def test_an_operand_is_shared_over_whatever_loop_leaves_it_where_it_is(loop: str) -> None:
    space = read_space(LAYER, LINKS, terms("seneca").hardware.array)
    nothing_shared = Interconnect(frozenset({"D1"}), (("I1", frozenset()), ("I2", frozenset())), frozenset())
    found = lacks(space.factors((("D1", ((loop, 2),)),)), space, nothing_shared)
    still = {"K": "I1", "OY": "I2", "OX": "I2"}.get(loop)
    assert [wire.what for wire in found] == ([f"{still} shared across D1"] if still else [])
