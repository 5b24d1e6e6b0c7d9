"""A model on a system of cores: its files, found and read, and what is written of its evaluation."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from onnx2zz.api.events import counted_events, event_inputs
from onnx2zz.api.inputs import Tell, as_asked, base_of, noticed
from onnx2zz.errors import InputError, Problem, noted_in, raise_if_any
from onnx2zz.formats.shipped_files import Found, find_accelerator, find_mapping
from onnx2zz.pricing.schedule_kind import SCHEDULES, CoresChoice, ScheduleChoice
from onnx2zz.system.schedule_options import cores_problems, frames_problems, unlike_cores

if TYPE_CHECKING:
    from onnx2zz.compiler import Compiled
    from onnx2zz.pricing.inputs import PricedWorkload
    from onnx2zz.pricing.request import MappingSearch
    from onnx2zz.pricing.resources import Resources
    from onnx2zz.pricing.result import Evaluation
    from onnx2zz.report.result_files import ScheduleFiles
    from onnx2zz.system.description import System
    from onnx2zz.system.evaluation import SystemEvaluation, SystemRequest
    from onnx2zz.system.placement import Placed
    from onnx2zz.zigzag.layer_price import PriceOptions, Search

ONE_ACCELERATOR_ONLY = ("exploit_data_locality", "density", "save_mapping", "plot")
SYSTEM_ONLY = ("placement", "frames", "cores")
"""Options that mean nothing on a system of cores, and those that mean nothing elsewhere."""
SCHEDULE, TRACE = "schedule.json", "trace.json"


def names_a_system(arch: str) -> bool:
    """Whether `--arch` stands for a system of cores."""
    from onnx2zz.formats.system_kind import is_system

    try:
        return is_system(find_accelerator(arch).path)
    except InputError:
        return False  # whoever reads the file says what is wrong


def refused_on_a_system(options: Iterable[str], arch: str) -> str:
    """The sentence for options that are about one accelerator."""
    return f"{', '.join(options)}: for one accelerator, and {arch} is a system of cores; leave it out, or name a core"


def refused_on_one(options: Iterable[str], arch: str) -> str:
    """The sentence for options that are about a system."""
    return f"{', '.join(options)}: for a system of cores, and {arch} is one accelerator; leave it out, or name a system"


@dataclass(frozen=True)
class SystemOptions:
    """What may be said of an evaluation on a system beside its model: as the options of those names."""

    price: "PriceOptions"
    search: "Search"
    mapping_search: "MappingSearch"
    mapping: str | None = None
    placement: Path | None = None
    schedule: ScheduleChoice = "auto"
    frames: int | None = None
    cores: CoresChoice | None = None
    cacti: bool = True
    events: str | None = None


def _tell_unused_rules(system: "System", tell: Tell) -> None:
    """Says which keys of the cores' sidecars are about one accelerator, and change nothing of a system's numbers."""
    for path, rules in {core.sidecar.path: core.sidecar.rules for core in system.cores if core.sidecar}.items():
        if rules:
            tell(f"note: {path}: {', '.join(rules)}: not used on a system of cores")


def system_request(
    arch: str,
    source: "Callable[[], tuple[Compiled | None, PricedWorkload]]",
    options: SystemOptions,
    tell: Tell,
) -> "tuple[SystemRequest, Compiled | None]":
    """What is asked for, and the model, where one was compiled. Raises InputError with every independent problem."""
    from onnx2zz.formats.system_file import unserved
    from onnx2zz.pricing.request import no_such_choice
    from onnx2zz.pricing.workload_check import missing_fields
    from onnx2zz.system.evaluation import SystemRequest
    from onnx2zz.system.layer_graph import graph_of_entries, graph_of_model
    from onnx2zz.system.placement_file import read_placement

    kind, placed_by_hand = options.schedule, options.placement is not None
    problems: list[Problem] = [*no_such_choice("schedule", kind, SCHEDULES)]
    problems += [*frames_problems(options.frames, kind), *cores_problems(options.cores, kind, placed_by_hand)]
    system = workload = compiled = None
    base: Found | None = None
    # Three files, each with faults of its own: all are read before any is told.
    with noted_in(problems):
        system = system_called(arch, tell, options.cacti)
    with noted_in(problems):
        compiled, workload = source()
    with noted_in(problems):
        base = _mapping(options.mapping, tell)
    if compiled is not None:
        with noted_in(problems):
            event_inputs(options.events, compiled)
    raise_if_any(problems)
    assert system is not None and workload is not None
    _tell_unused_rules(system, tell)
    # A workload that was compiled just now has all fields; a file of somebody's may lack what tiles are made of.
    if compiled is None:
        raise_if_any(missing_fields(workload.file, list(workload.layers)))
    graph = graph_of_model(compiled) if compiled else graph_of_entries(workload.layers)
    if options.cores is not None:
        raise_if_any(unlike_cores(system))
    # Before the placement: where no core runs an operator, whatever is said of it cannot be followed either.
    named = {told.placed.name: graph.operators[told.placed.id] for told in graph.layers}
    served = {core.operators for core in system.cores}
    raise_if_any(Problem(str(system.path), what, way_out) for _, what, way_out in unserved(served, named))
    placed: Mapping[int, Placed] = {}
    if options.placement is not None:
        placed = read_placement(options.placement, graph, system, tell)
    choice, _ = base_of(options.mapping)
    request = SystemRequest(
        workload,
        graph,
        system,
        base,
        choice is not None,
        as_asked(options.mapping_search, choice) or options.mapping_search,
        options.price,
        options.search,
        placed,
        options.schedule,
        options.frames,
        options.cores,
    )
    return request, compiled


def with_events(
    request: "SystemRequest", compiled: "Compiled | None", events: str | None, watch: Callable[[int, int, str], None]
) -> "SystemRequest":
    """What is asked for, and what a run of the network has measured, if `events` says on what; `watch` is told how far
    it is."""
    if events is None or compiled is None:
        return request
    model = Path(request.workload.file)
    return replace(request, activities=counted_events(events, compiled, model, event_inputs(events, compiled), watch))


def system_called(arch: str, tell: Tell, cacti: bool = True) -> "System":
    """The system that a path or a name stands for. Raises InputError with everything that is wrong with its files;
    without `cacti`, for cores whose costs that program would say, too."""
    from onnx2zz.system.reading import read_system
    from onnx2zz.zigzag.cacti_costs import refusals

    system = read_system(noticed(find_accelerator(arch), tell))
    files = {core.accelerator.path: core.accelerator for core in system.cores}
    raise_if_any(
        problem for path, file in files.items() for problem in (() if cacti else refusals(str(path), file.document))
    )
    return system


def run_on_system(request: "SystemRequest", folder: Path, resources: "Resources") -> "SystemEvaluation":
    """The evaluation with its schedule; ZigZag's log goes to `folder`."""
    from onnx2zz.system.evaluation import run

    return run(request, folder, resources)


def _mapping(asked: str | None, tell: Tell) -> Found | None:
    _, base = base_of(asked)
    return None if base is None else noticed(find_mapping(base), tell)


def write_schedule(found: "SystemEvaluation", folder: Path) -> None:
    """schedule.json and trace.json, together; older ones do not survive a run that has none."""
    from onnx2zz.files.written_file import write_together
    from onnx2zz.system.schedule_json import schedule_file
    from onnx2zz.system.trace_json import trace_file

    if found.outcome is None:
        forget_schedule(folder)
        return
    write_together(folder / SCHEDULE, schedule_file(found.outcome), {folder / TRACE: trace_file(found.outcome)})


def schedule_document(found: "SystemEvaluation") -> Mapping[str, object] | None:
    """What schedule.json says; None where there is no schedule."""
    from onnx2zz.system.schedule_json import document

    return document(found.outcome) if found.outcome is not None else None


def schedule_files(found: "SystemEvaluation") -> "ScheduleFiles":
    """What a page and a trace of the run are drawn from."""
    from onnx2zz.report.result_files import ScheduleFiles
    from onnx2zz.system.trace_json import trace

    def events() -> str | None:
        return trace(found.outcome) if found.outcome is not None else None

    return ScheduleFiles(lambda: schedule_document(found), events)


def written_schedule(folder: Path, evaluation: "Evaluation") -> "ScheduleFiles | None":
    """The same of a run that was written to a folder; None of a run on one accelerator."""
    if evaluation.system is None:
        return None
    from onnx2zz.report.result_files import ScheduleFiles
    from onnx2zz.report.saved_run import schedule_of

    latency = evaluation.system.latency_cycles

    def events() -> str | None:
        file = folder / TRACE
        return file.read_text(encoding="utf-8") if file.is_file() else None

    return ScheduleFiles(lambda: schedule_of(folder / SCHEDULE, latency), events)


def forget_schedule(folder: Path) -> None:
    """Takes away the schedule of an earlier run: beside another result it would be believed to be this one's."""
    for name in (SCHEDULE, TRACE):
        (folder / name).unlink(missing_ok=True)
