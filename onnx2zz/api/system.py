"""A model on a system of cores: its files, found and read, and what is written of its evaluation."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from onnx2zz.api.inputs import AUTO, Tell, noticed
from onnx2zz.errors import Problem, noted_in, raise_if_any
from onnx2zz.formats.shipped_files import Found, find_accelerator, find_mapping

if TYPE_CHECKING:
    from onnx2zz.compiler import Compiled
    from onnx2zz.pricing.inputs import PricedWorkload
    from onnx2zz.pricing.request import MappingSearch
    from onnx2zz.pricing.run import Resources
    from onnx2zz.system.evaluation import SystemEvaluation, SystemRequest
    from onnx2zz.zigzag.layer_price import PriceOptions, Search


def names_a_system(arch: str) -> bool:
    """Whether `--arch` stands for a system of cores."""
    from onnx2zz.errors import InputError
    from onnx2zz.formats.system_kind import is_system

    try:
        return is_system(find_accelerator(arch).path)
    except InputError:
        return False  # whoever reads the file says what is wrong


def system_request(
    arch: str,
    mapping: str | None,
    source: "Callable[[], tuple[Compiled | None, PricedWorkload]]",
    options: "PriceOptions",
    search: "Search",
    mapping_search: "MappingSearch",
    tell: Tell,
) -> "tuple[SystemRequest, Compiled | None]":
    """What is asked for, and the model, where one was compiled. Raises InputError with every independent problem."""
    from onnx2zz.pricing.workload_check import missing_fields
    from onnx2zz.system.evaluation import SystemRequest
    from onnx2zz.system.layer_graph import graph_of_entries, graph_of_model
    from onnx2zz.system.reading import read_system

    problems: list[Problem] = []
    system = workload = compiled = None
    base: Found | None = None
    with noted_in(problems):
        system = read_system(noticed(find_accelerator(arch), tell))
    with noted_in(problems):
        compiled, workload = source()
    with noted_in(problems):
        base = _mapping(mapping, tell)
    raise_if_any(problems)
    assert system is not None and workload is not None
    if compiled is None:
        raise_if_any(missing_fields(workload.file, list(workload.layers)))
    graph = graph_of_model(compiled) if compiled else graph_of_entries(workload.layers)
    chosen = mapping is not None and mapping.split(":")[0] == AUTO
    return SystemRequest(workload, graph, system, base, chosen, mapping_search, options, search), compiled


def run_on_system(request: "SystemRequest", folder: Path, resources: "Resources") -> "SystemEvaluation":
    """The evaluation with its schedule; ZigZag's log goes to `folder`."""
    from onnx2zz.system.evaluation import run

    return run(request, folder, resources)


def _mapping(asked: str | None, tell: Tell) -> Found | None:
    if asked is None or asked == AUTO:
        return None
    return noticed(find_mapping(asked.removeprefix(f"{AUTO}:")), tell)


def write_schedule(found: "SystemEvaluation", folder: Path) -> None:
    """schedule.json and trace.json; older ones do not survive a run that has none."""
    from onnx2zz.files.strict_json import json_text
    from onnx2zz.files.written_file import write_whole
    from onnx2zz.system.schedule_json import document
    from onnx2zz.system.trace_json import trace

    if found.outcome is None:
        for name in ("schedule.json", "trace.json"):
            (folder / name).unlink(missing_ok=True)
        return
    write_whole(folder / "schedule.json", json_text(document(found.outcome)) + "\n")
    write_whole(folder / "trace.json", json_text(trace(found.outcome)) + "\n")
