"""Stream in an environment of its own."""

from dataclasses import dataclass
from pathlib import Path

from scripts.benchmarks.own_environment import OwnEnvironment, own_environment

REQUIREMENTS = ("stream-dse==2.1.1", "six==1.17.0")
"""Stream imports six, but does not ask for it."""
EXAMPLES = Path("stream", "inputs", "examples")
RUN = Path(__file__).with_name("stream_run.py")


@dataclass(frozen=True)
class StreamEnvironment:
    """An environment that has Stream."""

    environment: OwnEnvironment

    @property
    def examples(self) -> Path:
        """The folder of the example systems that come with Stream."""
        return self.environment.packages / EXAMPLES

    def command(self, system: Path, model: Path, folder: Path) -> list[str]:
        """What runs Stream on a model once."""
        return self.environment.command(RUN, system, model, folder)


def stream_environment(folder: Path) -> StreamEnvironment:
    """The environment in a folder. Raises CalledProcessError."""
    return StreamEnvironment(own_environment(folder, REQUIREMENTS))
