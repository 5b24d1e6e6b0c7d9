"""The user's own configurations beside the checkout, with the files that belong together."""

from pathlib import Path

import pytest

from onnx2zz.checks.context import Context
from onnx2zz.formats.yaml_source import read_yaml

FOLDER = Path(__file__).parents[3] / "shared" / "seed_cases"
needs_seed_cases = pytest.mark.skipif(not FOLDER.is_dir(), reason="the seed cases are not beside the checkout")


def seed_files(number: int) -> tuple[Path, Path, Path]:
    """Accelerator, mapping and workload; cases 3 to 7 take case 2's mapping and workload."""
    folder = next(FOLDER.glob(f"{number}_*"))
    shared = folder if number == 1 else next(FOLDER.glob("2_*"))
    return folder / "accelerator.yaml", shared / "mapping.yaml", shared / "workload.yaml"


def seed_context(number: int, *, locality: bool = False) -> Context:
    accelerator, mapping, workload = map(read_yaml, seed_files(number))
    return Context(accelerator, mapping, workload, exploit_data_locality=locality)
