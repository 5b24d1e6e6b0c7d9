"""`onnx2zz.evaluate`: what a model costs on an accelerator."""

import warnings
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Unpack

from onnx2zz.api.compile import AnyModelOptions, Model, compiled_of
from onnx2zz.api.evaluation import EvaluationWithReport
from onnx2zz.api.events import counted_events
from onnx2zz.api.extras import require
from onnx2zz.api.inputs import gather, is_workload
from onnx2zz.api.prices import store_at
from onnx2zz.api.system import (
    ONE_ACCELERATOR_ONLY,
    SYSTEM_ONLY,
    SystemOptions,
    forget_schedule,
    names_a_system,
    refused_on_a_system,
    refused_on_one,
    run_on_system,
    schedule_files,
    system_request,
    with_events,
    write_schedule,
)
from onnx2zz.api.where_priced import cluster_at, scheduler_conflicts
from onnx2zz.compiler import Compiled
from onnx2zz.errors import IncompleteResult, InputError, Problem, raise_if_any
from onnx2zz.mapping.evaluation import run
from onnx2zz.pricing.cache_on_disk import Store
from onnx2zz.pricing.inputs import PricedWorkload
from onnx2zz.pricing.price_cache import NoStore
from onnx2zz.pricing.rate import at_scale, check_per
from onnx2zz.pricing.request import MappingSearch, Rules
from onnx2zz.pricing.resources import Elsewhere, Resources
from onnx2zz.pricing.schedule_kind import CoresChoice, ScheduleChoice
from onnx2zz.pricing.workload_file import read_workload, workload_of
from onnx2zz.report.result_files import ResultFiles
from onnx2zz.zigzag.layer_price import LPF_LIMIT, Engine, PriceOptions, Search, TemporalMappingType
from onnx2zz.zigzag.objective import LATENCY, ObjectiveName

SHOWN = 8
"""Names in a warning before the rest is only counted."""


def evaluate(
    model: Model,
    accelerator: str | Path,
    mapping: str | Path | None = None,
    *,
    opt: ObjectiveName = LATENCY,
    lpf_limit: int = LPF_LIMIT,
    exploit_data_locality: bool = False,
    search: Search = "fast",
    engine: Engine = PriceOptions.engine,
    temporal: TemporalMappingType = PriceOptions.temporal_mapping_type,
    mixed_mapping: bool = False,
    jobs: int = 1,
    layer_timeout: float | None = None,
    scheduler: str | None = None,
    cache: bool | str | Path = True,
    events: str | None = None,
    density: Sequence[str] = (),
    per: str | None = None,
    mapping_rules: Rules = "strict",
    mapping_budget: int | None = None,
    gap: float | None = None,
    save_mapping: str | Path | None = None,
    placement: str | Path | None = None,
    schedule: ScheduleChoice = "auto",
    frames: int | None = None,
    cores: CoresChoice | None = None,
    output: str | Path | None = None,
    json: str | Path | None = None,
    csv: str | Path | None = None,
    html: str | Path | None = None,
    plot: str | Path | None = None,
    onnx: str | Path | None = None,
    trace: str | Path | None = None,
    cacti: bool = True,
    **options: Unpack[AnyModelOptions],
) -> EvaluationWithReport:
    """ZigZag's price of every layer: energy in pJ, latency in cycles; a layer without a price has an `error`.

    `accelerator` may be a system of cores: the result's `system` then says what its cores and links do, `output` gets
    schedule.json and trace.json, and `placement` (a file), `schedule`, `frames` and `cores` are for that.
    `model` may be a compiled workload.yaml; it, `accelerator` and `mapping` take a path or the name of what ships, and
    everything else means what the option of that name means to `onnx2zz evaluate`; `search="both"` is its `--paranoid`.
    `cache`: whether, or in which folder, prices are kept between runs. `jobs`: worker processes; with more than one,
    and with `layer_timeout` (seconds), a script needs the usual `if __name__ == "__main__":`. `output`: where ZigZag's
    log and a chosen mapping are kept. `json`, `csv`, `html`, `plot`, `onnx` (the model's file with each node's cost),
    `trace` (for Perfetto): where the result is written as well. `cacti`: whether an accelerator may have that program
    started. `density`: texts and files as `--density` takes them. `per`: as `--per`, "token" or "frame=24" say.

    Warns (IncompleteResult) where the total lacks something; `.unpriced` of the result lists it. Raises InputError with
    everything that is wrong with the files, and for options that do not go together.

    The result is an `Evaluation`: `.layers`, `.total`, `.to_dataframe(total=True)`; `.to_html(FILE)` writes its report,
    `.show()` shows that in a notebook, `.plot("roofline")` draws a figure.

    >>> import onnx2zz
    >>> found = onnx2zz.evaluate("lenet5", "seneca", lpf_limit=3)
    >>> f"{found.total.macs:,} MACs in {len(found.layers)} layers"
    '416,520 MACs in 7 layers'
    >>> max(found.layers, key=lambda layer: layer.energy_pj or 0).name
    'L4_fc1'
    """
    # All that options alone can have wrong, before any file is read: a model may take minutes to compile.
    conflicts = scheduler_conflicts(scheduler, None if jobs == 1 else jobs, layer_timeout)
    raise_if_any(Problem("", conflict) for conflict in conflicts)
    if plot is not None:
        require("matplotlib", "plot", "plot")
    asked = str(mapping) if mapping is not None else None
    arch, kept = str(accelerator), _path(output)
    given = {
        "exploit_data_locality": exploit_data_locality,
        "density": density,
        "save_mapping": save_mapping,
        "plot": plot,
    }
    of_system = names_a_system(arch)
    _refuse_what_is_for_others(arch, of_system, {**given, "placement": placement, "frames": frames, "cores": cores})
    price_options = PriceOptions(
        opt, lpf_limit, temporal_mapping_type=temporal, mixed_spatial_mapping=mixed_mapping, engine=engine
    )
    files = ResultFiles(_path(json), _path(csv), _path(html), _path(plot), _path(onnx), _path(trace))
    # Not compiled here: the accelerator's files are judged first, and all of their faults are told with the model's.
    source = partial(_workload, model, events, options, files, per)
    chosen = MappingSearch(mapping_rules, mapping_budget, gap=gap)
    where = partial(Resources, jobs=jobs, tell=_warn, layer_timeout=layer_timeout)
    if of_system:
        of = SystemOptions(
            price_options, search, chosen, asked, _path(placement), schedule, frames, cores, cacti, events
        )
        request, compiled = system_request(arch, source, of, _warn)
        request = with_events(request, compiled, events, _unwatched)
        workload = request.workload
        with _where(kept, scheduler, request.repeatable and cache) as (folder, cluster, store):
            scheduled = run_on_system(request, folder, where(store, elsewhere=cluster))
        if kept is not None:
            write_schedule(scheduled, kept)
        found, drawn_from = scheduled.evaluation, schedule_files(scheduled)
    else:
        gathered = gather(arch, asked, source, events, _warn, cacti, density)
        on_one = gathered.request(price_options, exploit_data_locality, search, chosen)
        activities = counted_events(
            events, gathered.compiled, Path(gathered.workload.file), gathered.events, _unwatched
        )
        supplement = replace(on_one.supplement, activities=activities)
        on_one = replace(on_one, supplement=supplement, save_mapping=_path(save_mapping))
        workload = on_one.workload
        if kept is not None:
            forget_schedule(kept)
        with _where(kept, scheduler, on_one.repeatable and cache) as (folder, cluster, store):
            found, drawn_from = run(on_one, folder, where(store, elsewhere=cluster)), None
    found = at_scale(found, workload, per)
    files.write(found, workload, drawn_from)
    if found.total.incomplete:
        names = [one.name for one in found.unpriced]
        shown = ", ".join(names[:SHOWN]) + (f" and {len(names) - SHOWN} more" if len(names) > SHOWN else "")
        warnings.warn(f"the total is incomplete, it lacks {shown}: see .unpriced", IncompleteResult, stacklevel=2)
    return EvaluationWithReport.of(found, workload, drawn_from)


def _refuse_what_is_for_others(arch: str, of_system: bool, given: Mapping[str, object]) -> None:
    """Raises InputError for options that mean nothing on a system, or elsewhere."""
    typed = [name for name in (ONE_ACCELERATOR_ONLY if of_system else SYSTEM_ONLY) if given[name]]
    if typed:
        raise InputError(Problem("", (refused_on_a_system if of_system else refused_on_one)(typed, arch)))


@contextmanager
def _where(
    output: Path | None, scheduler: str | None, cache: bool | str | Path
) -> Generator[tuple[Path, Elsewhere | None, Store | NoStore]]:
    """The folder for what the run writes, the cluster that prices, and where prices are kept."""
    kept = nullcontext(output) if output is not None else TemporaryDirectory(prefix="onnx2zz-")
    with kept as folder, cluster_at(scheduler, _warn) as cluster, store_at(cache, _warn) as store:
        yield Path(folder), cluster, store


def _path(given: str | Path | None) -> Path | None:
    return None if given is None else Path(given)


def _workload(
    model: Model, events: str | None, options: AnyModelOptions, files: ResultFiles, per: str | None
) -> tuple[Compiled | None, PricedWorkload]:
    if isinstance(model, str | Path) and is_workload(str(model)):
        told = [*options, *(["events"] if events else [])]
        if told:
            raise InputError(Problem(", ".join(told), f"for a model; {model} is compiled already", "name its model"))
        read = read_workload(Path(model))
        files.check(read)
        check_per(per, read)
        return None, read
    compiled = compiled_of(model, options)
    workload = workload_of(compiled, str(compiled.file or compiled.workload.model))
    files.check(workload)
    check_per(per, workload)
    return compiled, workload


def _unwatched(done: int, total: int, name: str) -> None:
    return None


def _warn(sentence: str) -> None:
    warnings.warn(sentence, stacklevel=3)
