"""Timeloop files as today's documents: the problem as a workload, the mapping, if there is one, as its entry."""

from collections.abc import Sequence
from pathlib import Path

from onnx2zz.conversion.converted import Converted
from onnx2zz.conversion.timeloop.mapping import read_mapping
from onnx2zz.conversion.timeloop.problem import Reader, read_problem
from onnx2zz.errors import InputError, Problem, raise_if_any
from onnx2zz.files.document import Data, Value, is_list, is_mapping
from onnx2zz.formats.yaml_source import YamlSource, read_yaml

NOT_IN_IT = "no widths are in it: W 8, I 8, O 16, O_final 8 bits are written"


def convert_timeloop(paths: Sequence[str]) -> tuple[Converted, ...]:
    """The workload, and the mapping where one of the files has one. Raises InputError with what is wrong, and where no
    file has a problem."""
    sources = [read_yaml(path) for path in paths]
    raise_if_any(
        Problem(f"{source.path}:{trap.mark.line}", trap.what, trap.way_out)
        for source in sources
        for trap in source.traps
        if trap.fatal
    )
    found = next(((source, one) for source in sources if is_mapping(one := _part(source, "problem"))), None)
    if found is None:
        what = "no `problem:` of Timeloop's, and no other form that can be converted"
        raise InputError(Problem(", ".join(paths), what, "give Timeloop's problem beside its mapping"))
    # Timeloop reads all its files as one: in which of them the problem lies, and the mapping, is up to the user.
    source, problem = found
    reader = Reader(source)
    layer = read_problem(problem, _name(problem, source), reader)
    raise_if_any(reader.problems)
    assert layer is not None, "a problem that is at fault says so"
    workload = Converted("workload", [layer.entry], (*reader.notes, NOT_IN_IT))
    mapped = next(((one, part) for one in sources if is_list(part := _part(one, "mapping"))), None)
    if mapped is None:
        return (workload,)
    of_mapping = Reader(mapped[0])
    entry = read_mapping(mapped[1], layer, of_mapping)
    raise_if_any(of_mapping.problems)
    return workload, Converted("mapping", [entry, {"name": "default"}], tuple(of_mapping.notes))


def _part(source: YamlSource, name: str) -> Value:
    return source.data.get(name) if is_mapping(source.data) else None


def _name(problem: Data, source: YamlSource) -> str:
    """The problem's own name, else its file's."""
    name = problem.get("name")
    return name if isinstance(name, str) else Path(source.path).stem.split(".")[0]
