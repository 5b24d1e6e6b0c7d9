"""The tools that can be asked, and what is said of those that cannot."""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal, get_args

from onnx2zz.formats.accelerator import Hierarchy
from onnx2zz.second_opinion import scale_sim
from onnx2zz.second_opinion.counts import CannotSayError, Opinion
from onnx2zz.second_opinion.layers import Asked
from onnx2zz.second_opinion.process import version_in

ToolName = Literal["scalesim", "accelforge", "timeloop"]
TOOLS: tuple[ToolName, ...] = get_args(ToolName)
NOT_RUN: dict[ToolName, str] = {
    "accelforge": "not supported: nothing here writes ZigZag's accelerators and mappings in its form; "
    "`onnx2zz convert workload.yaml --to accelforge` writes the layers",
    "timeloop": "not supported: it is in no package registry, and its input files could not be tried; "
    "`onnx2zz validate timeloop_eyeriss_like` has its published counts beside ours",
}
"""Sentences of tools that nothing runs here."""
NEVER_WAITS = "SCALE-Sim's bandwidth is unlimited (CALC): DRAM, energy and its stalls are not compared"


def opinion(tool: ToolName, asked: Sequence[Asked], hierarchy: Hierarchy, python: str, folder: Path) -> Opinion:
    """What a tool says of the layers, or why it says nothing. Raises InputError where there is no such Python."""
    if tool in NOT_RUN:
        return Opinion(tool, cannot_say=NOT_RUN[tool])
    version = version_in(python, scale_sim.PACKAGE)
    if version is None:
        return Opinion(tool, cannot_say=f"not installed in {Path(python).name}: {scale_sim.INSTALL}")
    try:
        layers = scale_sim.opinions(asked, hierarchy, python, folder)
    except CannotSayError as why:
        return Opinion(tool, version, cannot_say=str(why))
    return Opinion(tool, version, layers, (NEVER_WAITS,))
