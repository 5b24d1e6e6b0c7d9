"""Cores that nothing joins to the rest of a system."""

from collections.abc import Sequence
from pathlib import Path

from onnx2zz.errors import InputError, Problem
from onnx2zz.system.description import Core
from onnx2zz.system.network import Network


def object_to_islands(path: Path, network: Network, cores: Sequence[Core]) -> None:
    """Every core must be in reach of the off-chip memory, or of the others. Raises InputError."""
    start = network.offchip if network.offchip is not None else cores[0].id
    lost = [core.id for core in cores if core.id != start and network.route(start, (core.id,)) is None]
    if lost:
        what = f"no link reaches core {', '.join(map(str, lost[:4]))}" + (
            f" and {len(lost) - 4} more" if lost[4:] else ""
        )
        raise InputError(Problem(str(path), what, "join it by a link or a bus"))
