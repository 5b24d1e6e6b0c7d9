"""Small systems of every shape, as files, and models evaluated on them."""

from pathlib import Path

import onnx
import yaml

from onnx2zz.cli.main import run
from onnx2zz.formats.shipped_files import find_accelerator
from tests.model_files import save_model

OFFCHIP = "offchip: {bandwidth: 32, read_pj_per_bit: 3, write_pj_per_bit: 5, energy_per_bit: 0.5}"
SYSTEMS = {
    "a mesh": "topology: {mesh: [2, 2], bandwidth: 32, energy_per_bit: 0.25}\n" + OFFCHIP,
    "a port at two corners": "topology: {mesh: [3, 2], bandwidth: 24}\noffchip: {bandwidth: 48, at: [[0, 0], [2, 1]]}",
    "a ring": "topology: {ring: 3, bandwidth: 16, energy_per_bit: 0.5}\n" + OFFCHIP,
    "a bus": "topology: {bus: 2, bandwidth: 64, energy_per_bit: 0.125}\n" + OFFCHIP,
    "links": "topology: {links: [[0, 1], [1, 2]], bandwidth: 8, energy_per_bit: 1}\n" + OFFCHIP,
    "half duplex": "topology: {ring: 3, bandwidth: 16, duplex: half, energy_per_bit: 1}\n" + OFFCHIP,
    "hops and flits": "topology: {mesh: [2, 2], bandwidth: 32, hop_cycles: 3, flit: 32, header_flits: 1, "
    "energy_per_bit: 0.0625}\n" + OFFCHIP,
    "a row of cores": "topology: {mesh: [3, 1], bandwidth: 32}\n" + OFFCHIP,
    "no multicast": "topology: {mesh: [3, 1], bandwidth: 32, multicast: none}\n" + OFFCHIP,
    "nothing off the chip": "topology: {mesh: [2, 1], bandwidth: 32}",
    "one core with a memory": OFFCHIP,
    "one core": "",
}
"""What a system file says besides its cores."""


def system_file(folder: Path, name: str, memory_bits: int | None = None) -> Path:
    """The file of one of SYSTEMS, whose cores are SENECA's, their memory as large as asked."""
    core = yaml.safe_load(find_accelerator("seneca_core").path.read_text())
    if memory_bits is not None:
        core["memories"]["data_memory"]["size"] = memory_bits
    folder.mkdir(exist_ok=True, parents=True)
    (folder / "core.yaml").write_text(yaml.safe_dump(core, sort_keys=False))
    path = folder / "system.yaml"
    path.write_text(f"name: {name}\ncore: core.yaml\nmapping: seneca_core\n{SYSTEMS[name]}\n")
    return path


def evaluated(model: str | onnx.ModelProto, arch: str | Path, folder: Path, *options: str) -> int:
    """Evaluate a model into a folder; the exit code."""
    folder.mkdir(exist_ok=True, parents=True)
    if not isinstance(model, str):
        save_model(model, folder / "drawn.onnx")
        model = str(folder / "drawn.onnx")
    return run(["evaluate", model, "--arch", str(arch), "--lpf-limit", "3", "-o", str(folder), *options])
