"""A folder like ZigZag's CACTI with a program that is quick, says what can be worked out by hand, leaves a trace."""

import shutil
from pathlib import Path

import yaml
import zigzag

from onnx2zz.formats.shipped_files import find_accelerator
from tests.json_values import load_document

INSTALLED = Path(zigzag.__file__).parent / "cacti" / "cacti_master"
PROGRAM = """#!/bin/sh
# nJ of a read: bytes / 10^6; nJ of a write: bits of the width / 10^5; mm2: bytes / 10^5
echo started >> "{trace}"
sleep {sleep}
bytes=$(sed -n 's/^-size (bytes) //p' self_gen/cache.cfg | tail -n 1)
width=$(sed -n 's/^-output.input bus width //p' self_gen/cache.cfg | tail -n 1)
[ "$bytes" -ge 64 ] || {{ echo "Cache size must >=64"; exit 0; }}
awk -v b="$bytes" -v w="$width" 'BEGIN {{
  printf "Tech node (nm), Capacity (bytes), Output width (bits), "
  print "Dynamic read energy (nJ), Dynamic write energy (nJ), Area (mm2), "
  printf "22, %d, %d, %.9g, %.9g, %.9g, \\n", b, w, b / 1e6, w / 1e5, b / 1e5 }}' > self_gen/cache.cfg.out
"""


def stand_in(folder: Path, trace: Path, sleep: float = 0) -> Path:
    """ZigZag's folder, pool and Python files as they are, the program another one."""
    shutil.copytree(
        INSTALLED, folder, ignore=shutil.ignore_patterns("*.cc", "*.h", "obj_dbg", "self_gen", "__pycache__")
    )
    (folder / "cacti").write_text(PROGRAM.format(trace=trace, sleep=sleep))
    (folder / "cacti").chmod(0o755)
    return folder


def costs_of(size: int, read_width: int) -> tuple[float, float, float]:
    """What the program says of `size` bit, as ZigZag has it: pJ of a read, pJ of a write, mm2."""
    in_bytes = size // 8
    return in_bytes / 1e6 * 1000, read_width / 1e5 * 1000, in_bytes / 1e5


def asking(path: Path, **memories: dict[str, int | str]) -> Path:
    """ZigZag's tpu_like with fields of memories changed; those named have CACTI say their costs."""
    document = load_document(find_accelerator("zigzag:tpu_like").path)
    for name, fields in memories.items():
        memory = document["memories"][name]
        for cost in ("r_cost", "w_cost", "area"):
            del memory[cost]
        memory |= {"auto_cost_extraction": True, **fields}
    path.write_text(yaml.safe_dump(document, sort_keys=False))
    return path


def written_down(path: Path, source: Path, **costs: tuple[float, float, float]) -> Path:
    """The same accelerator with the costs in the file."""
    document = load_document(source)
    for name, (read, write, area) in costs.items():
        document["memories"][name] |= {
            "r_cost": read, "w_cost": write, "area": area, "auto_cost_extraction": False,
        }  # fmt: skip
    path.write_text(yaml.safe_dump(document, sort_keys=False))
    return path
