"""ZigZag's arrays that compute in memory without the companion that our sidecars give them."""

import shutil
from pathlib import Path

from onnx2zz.formats.shipped_files import ACCELERATORS, zigzags


def array_alone(folder: Path, name: str = "aimc") -> str:
    """A copy of ZigZag's file in `folder`; what it cannot price has no price."""
    return str(shutil.copy(zigzags(ACCELERATORS)[name], folder / f"{name}.yaml"))
