"""A layer that does not fit says by how much; the smallest memory that it names is the smallest that ZigZag takes."""

from functools import partial
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from onnx2zz.files.document import Value
from onnx2zz.formats.mapping_entry import MappingEntry, read_mapping
from onnx2zz.formats.shipped_files import ACCELERATORS, find_accelerator, find_mapping, zigzags
from onnx2zz.formats.workload_entry import WorkloadEntry
from onnx2zz.pricing.inputs import AcceleratorFile
from onnx2zz.pricing.room import NO_ORDERING, shortages, smallest, with_sizes, without_room
from onnx2zz.pricing.task import PricingTerms, Task
from onnx2zz.zigzag.accelerator import build_accelerator
from onnx2zz.zigzag.failure import PricingError
from onnx2zz.zigzag.layer_price import PriceOptions
from onnx2zz.zigzag.price import price
from tests.small_workloads import conv, gemm, pool

OPTIONS = PriceOptions(lpf_limit=3)
K8 = next(
    entry for entry in read_mapping(yaml.safe_load(find_mapping("seneca").path.read_text())) if entry.name == "default"
)

FREE = MappingEntry("default", {"D1": ("K, 8",), "D2": ("C, 5",)})


def task(entry: WorkloadEntry) -> Task:
    return Task("", entry, K8, None)


def core(**sizes: int) -> Value:
    document = yaml.safe_load(find_accelerator("seneca_core").path.read_text())
    return with_sizes(document, sizes)


def terms(document: Value) -> PricingTerms:
    return PricingTerms(AcceleratorFile(Path("core.yaml"), document), False, OPTIONS, "fast")


def stock_runs(entry: WorkloadEntry, document: Value) -> bool:
    """ZigZag's own search on the accelerator."""
    try:
        price(entry, build_accelerator(Path("core.yaml"), document), K8, OPTIONS, search="exhaustive")
    except PricingError:
        return False
    return True


SIZES = st.integers(2, 13)
LAYERS = st.one_of(
    st.builds(partial(gemm, 0, None, "fc"), k=SIZES, c=SIZES, b=SIZES),
    st.builds(partial(conv, 0, None, "conv", oy=1, fy=1, fx=3), k=SIZES, c=SIZES, ox=SIZES),
    st.builds(partial(pool, 0, 0, "pool", oy=1, fy=1, fx=2, stride=(2, 1)), g=SIZES, ox=SIZES),
)


@given(LAYERS)
@settings(max_examples=5, deadline=None)
def test_the_smallest_memory_that_is_named_is_the_smallest_that_zigzag_takes(entry: WorkloadEntry) -> None:
    (short,) = shortages(task(entry), terms(core(data_memory=1)))
    assert short.least is not None
    assert stock_runs(entry, core(data_memory=short.least))
    assert not stock_runs(entry, core(data_memory=short.least - 1))


def test_what_does_not_fit_is_counted_operand_by_operand() -> None:
    entry = conv(0, None, "conv", k=24, c=5, oy=9, ox=11, fy=3, fx=2)
    (short,) = shortages(task(entry), terms(core(data_memory=10_000)))
    needed = {"O": 24 * 9 * 11 * 8, "I": 5 * 11 * 12 * 8, "W": 24 * 5 * 3 * 2 * 8}
    assert (short.memory, short.size, dict(short.needed)) == ("data_memory", 10_000, needed)
    assert short.least == sum(needed.values())


def test_a_layer_that_fits_lacks_nothing() -> None:
    assert shortages(task(gemm(0, None, "fc", k=10, c=84)), terms(core())) == ()


def test_what_passes_through_counts_as_well() -> None:
    """The weights end in a memory that sums pass on their way up: it must hold a tile of them too."""
    document = yaml.safe_load(find_accelerator("seneca_events").path.read_text())
    document["memories"]["dram"]["operands"].remove("I2")
    for port in document["memories"]["dram"]["ports"]:
        port["allocation"] = [use for use in port["allocation"] if not use.startswith("I2")]
    entry = gemm(0, None, "fc", k=72, c=300, b=2)
    (short,) = shortages(task(entry), terms(document))
    assert short.needed == {"W": 72 * 300 * 8}
    assert short.least is not None and short.least > short.bits
    assert stock_runs(entry, with_sizes(document, {"data_memory": short.least}))
    assert not stock_runs(entry, with_sizes(document, {"data_memory": short.least - 1}))


def with_register(bits: int) -> tuple[str, Value]:
    """tpu_like has a register of its own for the sums of each unit."""
    document = yaml.safe_load(zigzags(ACCELERATORS)["tpu_like"].read_text())
    (register,) = [name for name, memory in document["memories"].items() if memory["operands"] == ["O"]]
    return register, with_sizes(document, {register: bits})


def test_a_register_that_is_too_narrow_for_one_partial_sum_is_named() -> None:
    entry = gemm(0, None, "fc", k=24, c=40, b=6)
    entry["operand_precision"] = {"W": 8, "I": 8, "O": 37, "O_final": 8}
    register, document = with_register(21)
    task_, on = Task("fc", entry, FREE, None), terms(document)
    (short,) = shortages(task_, on)
    assert (short.memory, short.size, dict(short.needed), short.one_element) == (register, 21, {"O": 37}, True)
    assert short.least == 37
    said = without_room([(task_, NO_ORDERING)], on)["fc"]
    assert f"one element of O (a partial sum of 37 bit) does not fit {register}, which has 21 bit" in said
    assert not shortages(task_, terms(with_register(37)[1]))


@pytest.mark.parametrize(("first_that_fits", "found"), [(3, 10), (10, 10), (11, 11), (57, 57), (80, 80), (81, None)])
def test_the_smallest_of_a_range(first_that_fits: int, found: int | None) -> None:
    assert smallest(10, 80, lambda size: size >= first_that_fits) == found
