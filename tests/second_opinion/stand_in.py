"""A package of SCALE-Sim's name that counts by folds, not cycle by cycle, and comes to what scalesim 3.0.0 counts
(its compute/systolic_compute_*.py; test_cross_check.py has figures of its runs). It reads the files that
SCALE-Sim reads, and writes the columns that ours reads."""

from pathlib import Path

PACKAGE = """
import configparser, csv
from pathlib import Path

class scalesim:
    def __init__(self, config, topology, **rest):
        array = configparser.ConfigParser()
        array.read(config)
        self.name, self.array = array["general"]["run_name"], array["architecture_presets"]
        self.lines = [[cell.strip() for cell in row] for row in csv.reader(open(topology))][1:]

    def run_scale(self, top_path):
        cycles = ["LayerID, Total Cycles,"]
        words = ["LayerID, SRAM IFMAP Reads, SRAM Filter Reads, SRAM OFMAP Writes,"]
        rows, columns = int(self.array["ArrayHeight"]), int(self.array["ArrayWidth"])
        for number, (_, *cells) in enumerate(self.lines):
            high, wide, tall, broad, channels, filters, stride = map(int, cells[:7])
            sums = tall * broad * channels
            pixels = ((high - tall) // stride + 1) * ((wide - broad) // stride + 1)
            down, across, steps = {
                "ws": (sums, filters, pixels), "is": (sums, pixels, filters), "os": (pixels, filters, sums),
            }[self.array["Dataflow"]]
            f, g = -(-down // rows), -(-across // columns)
            entering = 0 if self.array["Dataflow"] == "os" else rows
            cycles.append(f"{number}, {f * g * (entering + rows + columns - 2 + steps) - 1},")
            moved = {
                "ws": (g * sums * pixels, sums * filters, f * pixels * filters),
                "is": (sums * pixels, g * sums * filters, f * pixels * filters),
                "os": (g * sums * pixels, f * sums * filters, pixels * filters + f * g * (rows + columns)),
            }[self.array["Dataflow"]]
            words.append(f"{number}, " + ", ".join(map(str, moved)) + ",")
        place = Path(top_path) / self.name
        place.mkdir()
        (place / "COMPUTE_REPORT.csv").write_text("\\n".join(cycles) + "\\n")
        (place / "DETAILED_ACCESS_REPORT.csv").write_text("\\n".join(words) + "\\n")
"""


def stand_in(folder: Path) -> Path:
    """The folder that PYTHONPATH must name."""
    (folder / "scalesim").mkdir(parents=True)
    (folder / "scalesim" / "__init__.py").touch()
    (folder / "scalesim" / "scale_sim.py").write_text(PACKAGE)
    (folder / "scalesim-3.0.0.dist-info").mkdir()
    (folder / "scalesim-3.0.0.dist-info" / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: scalesim\nVersion: 3.0.0\n"
    )
    return folder
