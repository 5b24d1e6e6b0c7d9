"""`onnx2zz.costs`: an accelerator's file with the costs of a technology node, each with its source."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from onnx2zz.api.node import node_problems
from onnx2zz.errors import Problem, raise_if_any
from onnx2zz.files.tabular import Column, Tabular, TextTable
from onnx2zz.formats.shipped_files import find_accelerator
from onnx2zz.technology.dram import DRAM_KINDS, DramKind
from onnx2zz.technology.figure import Figure
from onnx2zz.technology.units import MOST_BITS, is_unit


@dataclass(frozen=True, repr=False)
class Costs(Tabular):
    """`text` is the file; `figures` what was put in, by place (`memories.dram.r_cost`); `kept` has the memories whose
    costs are as they were, with the reason."""

    text: str
    figures: Mapping[str, Figure]
    kept: Mapping[str, str]

    def table(self) -> TextTable:
        rows = tuple((place, one.value, one.unit, one.source) for place, one in self.figures.items())
        columns = (Column("place"), Column("value", ",.6g"), Column("unit"), Column("source"))
        return TextTable("", columns, rows)


def costs(
    accelerator: str | Path,
    *,
    technology_nm: float | str,
    unit: str = "int8",
    voltage: float | None = None,
    drams: Mapping[str, str] | None = None,
    output: str | Path | None = None,
) -> Costs:
    """The file of an accelerator with `unit_energy`, `unit_area` and the costs of its memories at a node, 7 to 90 nm.

    `unit`: what is multiplied, int1 to int32, fp16 or fp32; `drams`: memories off the chip, by name, each "ddr3" or
    "hbm2"; `voltage`: the supply, where the one that is assumed for the node is not meant; `output`: where the file is
    written. Areas are um2. docs/physical.md has the sources. Raises InputError.
    """
    raise_if_any(_problems(technology_nm, unit, voltage, drams or {}))
    from onnx2zz.files.written_file import write_whole
    from onnx2zz.formats.yaml_source import read_yaml
    from onnx2zz.technology.filling import filled
    from onnx2zz.technology.scaling import node

    source = read_yaml(find_accelerator(str(accelerator)).path)
    raise_if_any(Problem(f"{source.path}:{trap.mark.line}", trap.what, trap.way_out) for trap in source.traps)
    kinds: dict[str, DramKind] = {
        name: kind for name, said in (drams or {}).items() for kind in DRAM_KINDS if kind == said
    }
    found = filled(source, unit, node(float(technology_nm), voltage), kinds)
    if output is not None:
        write_whole(Path(output), found.text)
    return Costs(found.text, {".".join(map(str, place)): one for place, one in found.figures.items()}, found.kept)


def _problems(
    technology_nm: float | str, unit: str, voltage: float | None, drams: Mapping[str, str]
) -> Iterator[Problem]:
    yield from node_problems(technology_nm, voltage)
    if not is_unit(unit):
        yield Problem("--unit", f"there is no {unit!r}", f"write int1 to int{MOST_BITS}, fp16 or fp32")
    for name, kind in drams.items():
        if kind not in DRAM_KINDS:
            yield Problem("--dram", f"{name} is {kind!r}", f"a DRAM is one of: {', '.join(DRAM_KINDS)}")
