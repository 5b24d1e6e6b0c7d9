"""`get_hardware_performance_zigzag`: ZigZag's function with ZigZag's results, faster, for existing scripts."""

import warnings
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypedDict, Unpack, get_args, overload

from onnx2zz.errors import InputError, Problem, raise_if_any
from onnx2zz.formats.shipped_files import find_accelerator, find_mapping, find_model
from onnx2zz.formats.system_kind import one_accelerator
from onnx2zz.pricing.request import no_such_choice
from onnx2zz.zigzag.layer_price import LPF_LIMIT, Engine, TemporalMappingType
from onnx2zz.zigzag.objective import LATENCY, NAMES, ObjectiveName

if TYPE_CHECKING:
    from onnx import ModelProto
    from zigzag.workload.dnn_workload import DNNWorkload
    from zigzag.workload.onnx_workload import ONNXWorkload

    from onnx2zz.zigzag.performance import Performance

    Workload = str | Path | Sequence[Mapping[str, object]] | ModelProto
    Found = tuple[float, float, Performance]
    FoundInMemory = tuple[float, float, float, float, Performance]

FrontEnd = Literal["zigzag", "onnx2zz"]
OF_SYSTEMS = "ZigZag's function takes no other; onnx2zz.evaluate takes a system"


class ZigZagOptions(TypedDict, total=False):
    """The options of ZigZag's function, but for the one that changes what is returned; and `onnx_frontend`, ours."""

    temporal_mapping_search_engine: Engine
    temporal_mapping_type: TemporalMappingType
    opt: ObjectiveName
    dump_folder: str | Path | None
    pickle_filename: str | Path | None
    lpf_limit: int
    nb_spatial_mappings_generated: int
    exploit_data_locality: bool
    enable_mix_spatial_mapping: bool
    loma_show_progress_bar: bool
    onnx_frontend: FrontEnd


@overload
def get_hardware_performance_zigzag(
    workload: "Workload",
    accelerator: str | Path,
    mapping: str | Path,
    *,
    in_memory_compute: Literal[False] = False,
    **options: Unpack[ZigZagOptions],
) -> "Found": ...
@overload
def get_hardware_performance_zigzag(
    workload: "Workload",
    accelerator: str | Path,
    mapping: str | Path,
    *,
    in_memory_compute: Literal[True],
    **options: Unpack[ZigZagOptions],
) -> "FoundInMemory": ...
def get_hardware_performance_zigzag(
    workload: "Workload",
    accelerator: str | Path,
    mapping: str | Path,
    *,
    temporal_mapping_search_engine: Engine = "loma",
    temporal_mapping_type: TemporalMappingType = "uneven",
    opt: ObjectiveName = LATENCY,
    dump_folder: str | Path | None = None,
    pickle_filename: str | Path | None = None,
    lpf_limit: int = LPF_LIMIT,
    nb_spatial_mappings_generated: int = 3,
    in_memory_compute: bool = False,
    exploit_data_locality: bool = False,
    enable_mix_spatial_mapping: bool = False,
    loma_show_progress_bar: bool = True,
    onnx_frontend: FrontEnd = "zigzag",
) -> "Found | FoundInMemory":
    """What ZigZag 3.9.1's function of this name returns for the same arguments, and the files that it writes.

    Returns (energy in pJ, latency in cycles, cost-model objects), and with `in_memory_compute` (energy, latency, clock
    period in ns, area in mm2, cost-model objects). `accelerator` may be in the schema of before ZigZag 3.8.2; it and
    `mapping` may be names of what ships. `dump_folder` is `outputs/` and the time of the call unless it is given.

    An ONNX model is read by ZigZag's own front end, for the same numbers. It makes nodes that cost nothing of all but
    convolutions and products, which a warning counts; where it cannot read the model ours does, with a warning.
    `onnx_frontend="onnx2zz"` is ours from the start: every node is accounted for. This argument is no part of
    ZigZag's function. `loma_show_progress_bar` is accepted and means nothing: there is nothing to wait for.

    Raises InputError for files that cannot be used, and what ZigZag raises for layers that it cannot price.

    >>> from onnx2zz import get_hardware_performance_zigzag
    >>> energy, latency, found = get_hardware_performance_zigzag(
    ...     "lenet5", "seneca", "seneca", lpf_limit=3, dump_folder="out", onnx_frontend="onnx2zz"
    ... )
    >>> f"{latency:,.0f} cycles"
    '58,880 cycles'
    """
    _check_choices(temporal_mapping_search_engine, temporal_mapping_type, opt, onnx_frontend)
    _check_names(workload, accelerator, mapping)
    from onnx2zz.zigzag.accelerator import load_accelerator
    from onnx2zz.zigzag.layer_price import PriceOptions
    from onnx2zz.zigzag.performance import RunOptions, clock_and_area, performance, totals

    folder = str(dump_folder or f"outputs/{datetime.now()}")
    found, notes = performance(
        _network(workload, str(find_mapping(str(mapping)).path), onnx_frontend),
        load_accelerator(one_accelerator(find_accelerator(str(accelerator)), OF_SYSTEMS).path),
        PriceOptions(
            opt=opt,
            lpf_limit=lpf_limit,
            spatial_mappings=nb_spatial_mappings_generated,
            temporal_mapping_type=temporal_mapping_type,
            mixed_spatial_mapping=in_memory_compute or enable_mix_spatial_mapping,
        ),
        RunOptions(
            folder=folder,
            pickle_file=str(pickle_filename or f"{folder}/list_of_cmes.pickle"),
            locality=in_memory_compute or exploit_data_locality or enable_mix_spatial_mapping,
            engine=temporal_mapping_search_engine,
        ),
    )
    for note in notes:
        _warn(note)
    energy, latency = totals(found)
    return (energy, latency, *clock_and_area(found), found) if in_memory_compute else (energy, latency, found)


def get_hardware_performance_zigzag_imc(
    workload: "Workload", accelerator: str | Path, mapping: str | Path, **options: Unpack[ZigZagOptions]
) -> "FoundInMemory":
    """The same for arrays that compute in memory, as in ZigZag."""
    return get_hardware_performance_zigzag(workload, accelerator, mapping, in_memory_compute=True, **options)


def _check_choices(engine: str, mapping_type: str, opt: str, front_end: str) -> None:
    choices = (
        ("temporal_mapping_search_engine", engine, get_args(Engine)),
        ("temporal_mapping_type", mapping_type, get_args(TemporalMappingType)),
        ("opt", opt, NAMES),
        ("onnx_frontend", front_end, get_args(FrontEnd)),
    )
    raise_if_any(problem for choice in choices for problem in no_such_choice(*choice))


def _check_names(*files: object) -> None:
    """ZigZag wants the whole ending (stages/parser/workload_parser.py:24, accelerator_parser.py:18)."""
    names = [str(file) for file in files if isinstance(file, str | Path)]
    raise_if_any(
        Problem(name, "ZigZag takes no .yml", "name the file .yaml") for name in names if Path(name).suffix == ".yml"
    )


def _network(workload: "Workload", mapping: str, front_end: FrontEnd) -> "DNNWorkload | ONNXWorkload":
    from onnx2zz.zigzag.performance import workload_of_entries

    if isinstance(workload, str | Path):
        if Path(workload).suffix == ".yaml":
            return _compiled_network(Path(workload), mapping)
        workload = str(find_model(str(workload)).path)
    elif isinstance(workload, Sequence):
        return workload_of_entries(workload, mapping)
    return _zigzags_network(workload, mapping) if front_end == "zigzag" else _our_network(workload, mapping)


def _compiled_network(path: Path, mapping: str) -> "DNNWorkload":
    from onnx2zz.pricing.workload_file import read_workload
    from onnx2zz.zigzag.performance import workload_of_entries

    return workload_of_entries(read_workload(path).layers, mapping)


def _zigzags_network(model: "str | ModelProto", mapping: str) -> "DNNWorkload | ONNXWorkload":
    from onnx2zz.zigzag.performance import unpriced_nodes, workload_of_zigzags_front_end

    try:
        network = workload_of_zigzags_front_end(model, mapping)
    except Exception as error:  # ZigZag raises anything on a model that it cannot read
        _warn(f"ZigZag's ONNX front end cannot read this model ({type(error).__name__}: {error}): ours does")
        return _our_network(model, mapping)
    if unpriced := unpriced_nodes(network):
        _warn(
            f"ZigZag's ONNX front end makes {unpriced} of {len(network.node_list)} nodes cost nothing; "
            'onnx_frontend="onnx2zz" prices every node that an array computes'
        )
    return network


def _our_network(model: "str | ModelProto", mapping: str) -> "DNNWorkload":
    from onnx2zz.compiler import compile_layers
    from onnx2zz.pricing.graph import further_edges
    from onnx2zz.zigzag.performance import workload_of_entries

    compiled = compile_layers(Path(model) if isinstance(model, str) else model)
    if not compiled.entries:
        raise InputError(Problem(compiled.workload.model, "no node of it is for an array of units"))
    edges = further_edges(compiled.entries, compiled.coverage)
    return workload_of_entries(compiled.entries, mapping, edges)


def _warn(sentence: str) -> None:
    warnings.warn(sentence, stacklevel=3)
