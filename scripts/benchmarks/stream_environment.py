"""Stream in an environment of its own: it pins ZigZag and others to versions that onnx2zz does not need."""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

PYTHON = "python3.12"
"""What Stream 2.1.1 needs at least; found on PATH, or what ONNX2ZZ_STREAM_PYTHON names."""
REQUIREMENTS = ("stream-dse==2.1.1", "six==1.17.0")
"""Stream imports six, but does not ask for it."""
EXAMPLES = Path("stream", "inputs", "examples")
RUN = Path(__file__).with_name("stream_run.py")


@dataclass(frozen=True)
class StreamEnvironment:
    """A folder with a virtual environment that has Stream."""

    folder: Path

    @property
    def python(self) -> Path:
        return self.folder / "bin" / "python"

    @property
    def examples(self) -> Path:
        """The folder of the example systems that come with Stream."""
        return next(self.folder.glob("lib/python3.*/site-packages")) / EXAMPLES

    def command(self, system: Path, model: Path, folder: Path) -> list[str]:
        """What runs Stream on a model once; -P, since a module of ours is called `stream`, too."""
        return [str(part) for part in (self.python, "-P", RUN, system, model, folder)]


def stream_environment(folder: Path) -> StreamEnvironment:
    """The environment in a folder, made with pip's own configuration where it is not there yet. Raises
    CalledProcessError."""
    found = StreamEnvironment(folder)
    if not found.python.is_file():
        subprocess.run([os.environ.get("ONNX2ZZ_STREAM_PYTHON", PYTHON), "-m", "venv", folder], check=True)
    subprocess.run([found.python, "-m", "pip", "install", "--quiet", *REQUIREMENTS], check=True)
    return found
