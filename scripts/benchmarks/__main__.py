"""Runs a benchmark: `python -m scripts.benchmarks NAME [OPTION ...]`; without a name, says which there are."""

import sys
from collections.abc import Sequence
from importlib import import_module

NAMES = (
    *("compile", "growth", "evaluate", "limits", "search", "search_memory", "mapping", "optimal", "templates"),
    *("sweep", "stream", "accelforge", "system_cost", "schedules", "pipelines", "chip", "exported"),
)


def main(arguments: Sequence[str]) -> int:
    """The benchmark's exit code."""
    if arguments and arguments[0] in NAMES:
        return import_module(f"scripts.benchmarks.{arguments[0]}").main(arguments[1:])
    print(__doc__)
    for name in NAMES:
        about = str(import_module(f"scripts.benchmarks.{name}").__doc__)
        print(f"  {name:14} {about.partition(chr(10) * 2)[0]}")
    return 0 if arguments in ([], ["--help"]) else 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
