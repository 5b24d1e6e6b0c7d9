"""Systems of cores: the file's own form, the core files that it names, what joins the cores, what they may run."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from onnx2zz.checks.check import Check, of_system
from onnx2zz.checks.context import Context, SystemContext
from onnx2zz.checks.finding import Finding, finding
from onnx2zz.errors import InputError, Problem
from onnx2zz.formats.section import PlacedProblem
from onnx2zz.formats.shipped_files import Found
from onnx2zz.formats.system_file import (
    CORE_FILE,
    SERVED_BY_NONE,
    SYSTEM,
    UNREACHABLE,
    SystemFile,
    operator_names,
    unserved,
)
from onnx2zz.formats.system_reading import system_and_problems
from onnx2zz.formats.workload_entry import WorkloadEntry

WRITE = "write what is needed"
NEVER = "nothing: it knows no systems; `onnx2zz evaluate` refuses the file"


def faults_of_the_file(context: SystemContext) -> Iterator[Finding]:
    """Everything for which the system cannot be read."""
    for problem in _read(context)[1]:
        yield _finding(context, problem)


def operators_without_core(context: SystemContext) -> Iterator[Finding]:
    """Layers of the workload, or of the model, that no core may run."""
    read, problems = _read(context)
    # A core that cannot be read might run anything.
    if read is None or problems:
        return
    served = {core.operators for core in read.cores.values()}
    for name, what, way_out in unserved(served, dict(_layers(context))):
        yield finding(SERVED_BY_NONE, "error", context.system, ("cores",), what, zigzag=NEVER, fix=way_out, layer=name)


def _layers(context: Context) -> Iterator[tuple[str, frozenset[str]]]:
    """The layers by name, each with the operators that it goes by: a workload names ZigZag's types alone."""
    written = [(layer.name or str(layer.number), layer.kind) for layer in context.layers]
    # The workload goes before the model: it may be of other layers than the model's.
    for name, kind in written or _named(context.model or ()):
        yield name, operator_names(kind)


def _named(entries: Iterable[WorkloadEntry]) -> list[tuple[str, str]]:
    return [(str(entry.get("name")), entry["operator_type"]) for entry in entries]


def _read(context: SystemContext) -> tuple[SystemFile | None, list[Problem]]:
    path = Path(context.system.path)
    # `yaml` has told it, and of no data at all everything would be missing.
    if any(trap.fatal for trap in context.system.traps):
        return None, []  # is said already
    try:
        return system_and_problems(Found(path.stem, path), context.system)
    except InputError as error:
        return None, list(error.problems)


def _finding(context: SystemContext, problem: Problem) -> Finding:
    code = problem.kind or SYSTEM if isinstance(problem, PlacedProblem) else SYSTEM
    if not isinstance(problem, PlacedProblem):
        what = f"{problem.where}: {problem.what}"
        return finding(code, "error", context.system, (), what, zigzag=NEVER, fix=problem.way_out or WRITE)
    mark = problem.mark
    return Finding(code, "error", problem.file, mark.line, mark.column, problem.what, NEVER, problem.way_out or WRITE)


FILE_RULE = of_system(faults_of_the_file, order=0)
CHECKS = (
    Check(
        code=SYSTEM,
        severity="error",
        meaning="a field of a system of cores that is missing, unknown, or of a value that cannot be meant",
        zigzag=NEVER,
        way_out="write what the message asks for; docs/systems.md has every key",
        rules=(FILE_RULE,),
    ),
    Check(
        code=CORE_FILE,
        severity="error",
        meaning="a core of a system whose file is not there, or describes no core",
        zigzag=NEVER,
        way_out="name a file in `cores/` beside the system, beside it, or an accelerator that ships",
        rules=(FILE_RULE,),
    ),
    Check(
        code=UNREACHABLE,
        severity="error",
        meaning="a core that no link or bus joins to the off-chip memory, or to the other cores",
        zigzag=NEVER,
        way_out="join it by a link or a bus",
        rules=(FILE_RULE,),
    ),
    Check(
        code=SERVED_BY_NONE,
        severity="error",
        meaning="a layer whose operator no core of the system may run",
        zigzag=NEVER,
        way_out="add the operator to the operator_types of a core",
        rules=(
            of_system(operators_without_core, "workload", order=1),
            of_system(operators_without_core, "model", order=1),
        ),
    ),
)
