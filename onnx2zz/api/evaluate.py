"""`onnx2zz.evaluate`: what a model costs on an accelerator."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal, Unpack

from onnx2zz.api.compile import Model, ModelOptions, compiled_of
from onnx2zz.api.events import counted_events
from onnx2zz.api.inputs import Pricing, gather, is_workload, price
from onnx2zz.compiler import Compiled
from onnx2zz.errors import IncompleteResult, InputError, Problem
from onnx2zz.pricing.inputs import PricedWorkload
from onnx2zz.pricing.price_cache import NoMemory
from onnx2zz.pricing.result import Evaluation
from onnx2zz.pricing.run import Resources
from onnx2zz.pricing.store import Store, folder_or_default
from onnx2zz.pricing.workload_file import read_workload, workload_of
from onnx2zz.zigzag.layer_price import LPF_LIMIT, PriceOptions, Search

SHOWN = 8
"""Names in a warning before the rest is only counted."""


def evaluate(
    model: Model,
    accelerator: str | Path,
    mapping: str | Path | None = None,
    *,
    opt: Literal["latency", "energy", "EDP"] = "latency",
    lpf_limit: int = LPF_LIMIT,
    exploit_data_locality: bool = False,
    search: Search = "fast",
    jobs: int = 1,
    cache: bool | str | Path = True,
    events: str | None = None,
    mapping_rules: Literal["strict", "free"] = "strict",
    mapping_budget: int | None = None,
    output: str | Path | None = None,
    cacti: bool = True,
    **options: Unpack[ModelOptions],
) -> Evaluation:
    """ZigZag's price of every layer: energy in pJ, latency in cycles; a layer without a price has an `error`.

    `model` may be a compiled workload.yaml; it, `accelerator` and `mapping` take a path or the name of what ships, and
    everything else means what the option of that name means to `onnx2zz evaluate`. `cache`: whether, or in which
    folder, prices are kept between runs. `jobs`: worker processes; with more than one a script needs the usual
    `if __name__ == "__main__":`. `output`: where ZigZag's log and a chosen mapping are kept. `cacti`: whether an
    accelerator may have that program started.

    Warns (IncompleteResult) where the total lacks something; `.unpriced` of the result lists it. Raises InputError with
    everything that is wrong with the files.
    """
    how = Pricing(PriceOptions(opt=opt, lpf_limit=lpf_limit), exploit_data_locality, mapping_rules, mapping_budget)
    asked = str(mapping) if mapping is not None else None
    inputs = gather(str(accelerator), asked, lambda: _workload(model, events, options), events, _warn, cacti)
    activities = counted_events(events, inputs.compiled, Path(inputs.workload.file), inputs.events, _unwatched)
    kept = nullcontext(output) if output is not None else TemporaryDirectory(prefix="onnx2zz-")
    with kept as folder, _memory(cache) as memory:
        found = price(inputs, how, Path(folder), Resources(search, memory, jobs, tell=_warn), activities)
    if found.total.incomplete:
        names = [one.name for one in found.unpriced]
        shown = ", ".join(names[:SHOWN]) + (f" and {len(names) - SHOWN} more" if len(names) > SHOWN else "")
        warnings.warn(f"the total is incomplete, it lacks {shown}: see .unpriced", IncompleteResult, stacklevel=2)
    return found


def _workload(model: Model, events: str | None, options: ModelOptions) -> tuple[Compiled | None, PricedWorkload]:
    if isinstance(model, str | Path) and is_workload(str(model)):
        told = [*options, *(["events"] if events else [])]
        if told:
            raise InputError(Problem(", ".join(told), f"for a model; {model} is compiled already", "name its model"))
        return None, read_workload(Path(model))
    compiled = compiled_of(model, options)
    return compiled, workload_of(compiled, str(compiled.file or compiled.workload.model))


@contextmanager
def _memory(cache: bool | str | Path) -> Iterator[Store | NoMemory]:
    if cache is False:
        yield NoMemory()
        return
    with Store(folder_or_default(None if cache is True else Path(cache)), _warn) as store:
        yield store


def _unwatched(done: int, total: int, name: str) -> None:
    return None


def _warn(sentence: str) -> None:
    warnings.warn(sentence, stacklevel=3)
