"""One run of Stream, in its own environment: `python stream_run.py SYSTEM MODEL FOLDER`.

Its default options and the mapping that it generates. FOLDER/stream.json: cycles, those of each group of layers, and
the versions of Stream, ZigZag and its solver.
"""

import json
import sys
from importlib import import_module
from importlib.metadata import version
from pathlib import Path

PACKAGES = ("stream-dse", "zigzag-dse", "ortools", "six")


def main(system: str, model: str, folder: str) -> None:
    api = import_module("stream.api")  # not in the environment of onnx2zz
    found = api.evaluate_mapping(system, model, folder, None, api.SolveOptions(stage_options={}))
    result = {
        "cycles": float(found.cycles),
        "group_cycles": [float(cycles) for cycles in found.group_cycles],
        "versions": {package: version(package) for package in PACKAGES},
    }
    Path(folder, "stream.json").write_text(json.dumps(result))


if __name__ == "__main__":
    main(*sys.argv[1:])
