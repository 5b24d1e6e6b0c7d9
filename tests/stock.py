"""Stock ZigZag's own API, silent: the oracle for prices."""

import contextlib
import io
from collections.abc import Sequence
from pathlib import Path
from typing import TypedDict, Unpack

from zigzag import api
from zigzag.cost_model.cost_model import CostModelEvaluation

from onnx2zz.formats.workload_entry import WorkloadEntry
from onnx2zz.zigzag.layer_price import Engine, TemporalMappingType
from onnx2zz.zigzag.objective import ObjectiveName


class StockOptions(TypedDict, total=False):
    """What tests ask of ZigZag's API beside its usual options; what is left out is ZigZag's own default."""

    temporal_mapping_search_engine: Engine
    temporal_mapping_type: TemporalMappingType
    opt: ObjectiveName
    nb_spatial_mappings_generated: int
    in_memory_compute: bool
    exploit_data_locality: bool
    enable_mix_spatial_mapping: bool


def stock_zigzag(
    workload: Sequence[WorkloadEntry] | str,
    accelerator: Path,
    mapping: Path,
    folder: Path,
    *,
    lpf_limit: int,
    **options: Unpack[StockOptions],
) -> tuple[float, float, dict[int, CostModelEvaluation]]:
    """pJ and cycles of the whole, and ZigZag's evaluation of each layer by its id; what it writes goes to `folder`."""
    given = list(map(dict, workload)) if not isinstance(workload, str) else workload
    files = (str(accelerator), str(mapping))
    with contextlib.redirect_stdout(io.StringIO()):
        energy, cycles, *further, found = api.get_hardware_performance_zigzag(
            given, *files, dump_folder=str(folder), lpf_limit=lpf_limit, loma_show_progress_bar=False, **options
        )
    assert not further or options.get("in_memory_compute"), "TOPS, TOPS/W and TOPS/mm2 of an array that has any"
    return energy, cycles, {layer.id: evaluation for evaluation, (layer, _) in found[0][1]}
