"""A tool in an environment of its own, which pins packages to versions that onnx2zz does not need."""

import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

PYTHON = "python3.12"
"""What the tools need at least; found on PATH, or what ONNX2ZZ_TOOL_PYTHON names."""


@dataclass(frozen=True)
class OwnEnvironment:
    """A folder with a virtual environment."""

    folder: Path

    @property
    def python(self) -> Path:
        return self.folder / "bin" / "python"

    @property
    def packages(self) -> Path:
        """The folder of what is installed."""
        return next(self.folder.glob("lib/python3.*/site-packages"))

    def command(self, script: Path, *arguments: object) -> list[str]:
        """What runs a script of ours there; -P, since a module beside it may be called like the tool."""
        return [str(part) for part in (self.python, "-P", script, *arguments)]


def own_environment(folder: Path, requirements: Sequence[str]) -> OwnEnvironment:
    """The environment in a folder, made with pip's own configuration where it is not there yet. Raises
    CalledProcessError."""
    found = OwnEnvironment(folder)
    if not found.python.is_file():
        subprocess.run([os.environ.get("ONNX2ZZ_TOOL_PYTHON", PYTHON), "-m", "venv", folder], check=True)
    subprocess.run([found.python, "-m", "pip", "install", "--quiet", *requirements], check=True)
    return found
