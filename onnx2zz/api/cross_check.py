"""`onnx2zz.cross_check`: what other models say of the same layers, beside ours."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Unpack

from onnx2zz.api.compile import AnyModelOptions, Model
from onnx2zz.api.evaluate import evaluate
from onnx2zz.api.figure_file import not_one_of
from onnx2zz.api.system import names_a_system
from onnx2zz.errors import Problem, raise_if_any
from onnx2zz.files.tabular import Column, Tabular, TextTable
from onnx2zz.formats.accelerator import read_hierarchy
from onnx2zz.formats.shipped_files import find_accelerator
from onnx2zz.formats.yaml_source import load_yaml
from onnx2zz.report.cross_check import document, named, reason
from onnx2zz.second_opinion.counts import Opinion
from onnx2zz.second_opinion.layers import distinct
from onnx2zz.second_opinion.tools import TOOLS, ToolName, opinion
from onnx2zz.zigzag.layer_price import LPF_LIMIT


@dataclass(frozen=True, repr=False)
class CrossCheck(Tabular):
    """What other tools say of a network. Its table has a row for each count: theirs, ZigZag's, and ours after the
    rules of the accelerator's sidecar."""

    model: str
    accelerator: str
    opinions: tuple[Opinion, ...]

    @property
    def incomplete(self) -> bool:
        """Whether a tool that was asked said nothing at all."""
        return any(opinion.silent for opinion in self.opinions)

    def table(self) -> TextTable:
        words, numbers = ("tool", "layer", "count"), ("theirs", "zigzag", "after_rules", "ours_over_theirs")
        columns = (*map(Column, words), *(Column(name, ",.10g") for name in numbers), Column("reason"))
        rows = tuple(
            (said.tool, named(layer), one.what, one.theirs, one.zigzag, one.after_rules, one.ratio, reason(one))
            for said in self.opinions
            for layer in said.layers
            for one in layer.counts
        )
        silent = "".join(f"; {said.tool}: {said.cannot_say}" for said in self.opinions if said.cannot_say)
        return TextTable(f"{self.model} on {self.accelerator}, {len(rows)} counts{silent}", columns, rows)

    def to_dict(self) -> dict[str, object]:
        """Everything as plain data, as `onnx2zz cross-check --json` writes it."""
        return document(self.model, self.accelerator, self.opinions)


def cross_check(
    model: Model,
    accelerator: str | Path,
    mapping: str | Path | None = None,
    *,
    tools: Sequence[ToolName] = ("scalesim",),
    python: str | Path | None = None,
    lpf_limit: int = LPF_LIMIT,
    cache: bool | str | Path = True,
    **options: Unpack[AnyModelOptions],
) -> CrossCheck:
    """Asks other models about the layers of a model, each kind of layer once, and sets their counts beside ours.

    `python`: the executable that has the tools, the running one by default; each tool runs in a process of its own.
    The rest as for `evaluate`. What a tool cannot say is a sentence (`cannot_say`), of a layer or of all.
    Raises InputError for files and tools that there are not, and for a system of cores.

    >>> import onnx2zz
    >>> found = onnx2zz.cross_check("lenet5", "seneca", tools=["timeloop"], lpf_limit=3)
    >>> found.incomplete
    True
    """
    raise_if_any(problem for tool in tools for problem in not_one_of("tools", tool, TOOLS))
    if names_a_system(str(accelerator)):
        raise_if_any([Problem(str(accelerator), "a system of cores, which no other tool here knows", "name one core")])
    found = evaluate(model, accelerator, mapping, lpf_limit=lpf_limit, cache=cache, **options)
    hierarchy = read_hierarchy(load_yaml(find_accelerator(str(accelerator)).path))
    asked = tuple(distinct(found.workload, found.layers))
    with TemporaryDirectory(prefix="onnx2zz-") as folder:
        opinions = tuple(
            opinion(tool, asked, hierarchy, str(python or sys.executable), Path(folder) / tool)
            for tool in dict.fromkeys(tools)
        )
    return CrossCheck(found.model, found.accelerator, opinions)
