"""Stock ZigZag's own API, silent: the oracle for prices."""

import contextlib
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from zigzag import api


def stock_zigzag(
    workload: Sequence[Any] | str, accelerator: Path, mapping: Path, folder: Path, **options: Any
) -> tuple[float, float, dict[int, Any]]:
    """pJ and cycles of the whole, and ZigZag's evaluation of each layer by its id; what it writes goes to `folder`."""
    given = list(workload) if not isinstance(workload, str) else workload
    files = (str(accelerator), str(mapping))
    with contextlib.redirect_stdout(io.StringIO()):
        energy, cycles, *further, found = api.get_hardware_performance_zigzag(
            given, *files, dump_folder=str(folder), loma_show_progress_bar=False, **options
        )
    assert not further or options.get("in_memory_compute"), "TOPS, TOPS/W and TOPS/mm2 of an array that has any"
    return energy, cycles, {layer.id: evaluation for evaluation, (layer, _) in found[0][1]}
