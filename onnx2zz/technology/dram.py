"""What a bit from or to a memory off the chip costs. The chip's node has no say in it."""

from collections.abc import Mapping
from typing import Literal, get_args

from onnx2zz.technology.figure import Figure

DramKind = Literal["ddr3", "hbm2"]
DRAM_KINDS: tuple[DramKind, ...] = get_args(DramKind)
PJ_PER_BIT: Mapping[DramKind, Figure] = {
    # 1300 pJ for 64 bit, the lower end of the table's 1.3 to 2.6 nJ, as github.com/google/qkeras (config_public.py) has
    # it.
    "ddr3": Figure(1300 / 64, "pJ", "DRAM, 1.3 nJ for 64 bit, Horowitz, ISSCC 2014"),
    # Known by pages that cite it; the paper could not be opened.
    "hbm2": Figure(3.9, "pJ", "assumed: HBM2, 3.9 pJ a bit, cited after O'Connor et al., MICRO 2017"),
}


def dram_access(kind: DramKind, bits: int) -> Figure:
    """An access of so many bits, read or written."""
    of_a_bit = PJ_PER_BIT[kind]
    return Figure(of_a_bit.value * bits, "pJ", f"{of_a_bit.source}, {bits} bit an access")
