"""One search of AccelForge's, in its own environment: `python accelforge_run.py CASE.json RESULT.json`.

A case has the size of the buffer in bytes, the array's units, the ranks with their sizes, and what indexes each tensor.
The result: values of 8 bit that are read from and written to the main memory, by tensor, and versions.
"""

import json
import os
import sys
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

PACKAGES = ("accelforge",)
ARCHITECTURE = """
arch:
  nodes:
  - !Memory
    name: MainMemory
    size: inf
    leak_power: 0
    area: 0
    tensors: {{keep: All}}
    actions:
    - {{name: read, energy: 1, bits_per_action: 8, throughput: inf}}
    - {{name: write, energy: 1, bits_per_action: 8, throughput: inf}}
  - !Memory
    name: Buffer
    size: {bits}
    leak_power: 0
    area: 0
    tensors: {{keep: All}}
    actions:
    - {{name: read, energy: 0, bits_per_action: 8, throughput: inf}}
    - {{name: write, energy: 0, bits_per_action: 8, throughput: inf}}
  - !Container
    name: Array
    spatial:
    - {{name: D1, fanout: {d1}, may_reuse: All}}
    - {{name: D2, fanout: {d2}, may_reuse: All}}
  - !Compute
    name: MAC
    leak_power: 0
    area: 0
    actions:
    - {{name: compute, energy: 0, throughput: 1}}
"""
WORKLOAD = """
workload:
  iteration_space_shape: {{{shape}}}
  bits_per_value: {{All: 8}}
  einsums:
  - name: Layer
    tensor_accesses:
    - {{name: I, projection: {I}}}
    - {{name: W, projection: {W}}}
    - {{name: O, projection: {O}, output: True}}
    renames: {{input: I, weight: W, output: O}}
"""


def _drawn_nothing(_: object) -> str:
    return ""


def main(case_file: str, result_file: str) -> None:
    case: dict[str, Any] = json.loads(Path(case_file).read_text())
    tool = import_module("accelforge")  # not in the environment of onnx2zz
    # It draws its answer with graphviz, which need not be there, and which nobody looks at.
    import_module("accelforge.mapper.FFM.mappings").Mappings.render = _drawn_nothing
    tool.set_n_parallel_jobs(1)
    result = Path(result_file).absolute()
    with TemporaryDirectory() as folder:
        os.chdir(folder)  # where the drawing is put
        files = [Path(folder, "arch.yaml"), Path(folder, "workload.yaml")]
        d1, d2 = case["units"]
        files[0].write_text(ARCHITECTURE.format(bits=8 * case["buffer"], d1=d1, d2=d2))
        shape = ", ".join(f"{rank}: 0 <= {rank} < {size}" for rank, size in case["ranks"].items())
        files[1].write_text(WORKLOAD.format(shape=shape, **case["projections"]))
        spec = tool.Spec.from_yaml(*files)
        spec.mapper.metrics = tool.Metrics.ENERGY
        found = spec.map_workload_to_arch(print_progress=False).data.iloc[0]
    column = "Layer<SEP>action<SEP>MainMemory<SEP>{}<SEP>{}".format
    crossing = {
        tensor: {way: float(found[column(tensor, way)]) for way in ("read", "write")} for tensor in ("I", "W", "O")
    }
    versions = {package: version(package) for package in PACKAGES}
    result.write_text(json.dumps({"crossing": crossing, "versions": versions}))


if __name__ == "__main__":
    main(*sys.argv[1:])
