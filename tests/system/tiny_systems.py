"""Systems of two or three cores and networks of two or three layers, drawn: what is drawn is kept in words of its own,
from which the files are written, so that what they mean can be told without the package that reads them."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from pathlib import Path

import numpy as np
import onnx
import yaml

from onnx2zz.formats.shipped_files import find_accelerator
from tests.nodes import make_node
from tests.oracle import distinct, model_of

OFFCHIP = 99
BITS = 8
"""Of every element of every tensor: the model is of floats, and conventions.md says what they become."""
UNITS = 8
"""Of the array; outputs' channels are laid out over them."""


@dataclass(frozen=True)
class Wire:
    """One link: directed from the first core to the second, or shared by all it names."""

    cores: tuple[int, ...]
    bandwidth: float
    directed: bool


@dataclass(frozen=True)
class TinySystem:
    """`shape`: bus, ring or mesh (one row). `port_bits`: what a core's memory takes or gives in a cycle. `served`: the
    cores at the off-chip port, none if nothing lies off the chip. `flit` 0: data go as they are."""

    cores: int
    shape: str
    bandwidth: float
    port_bits: float
    capacity: int
    half: bool = False
    served: tuple[int, ...] = ()
    offchip_bandwidth: float = 0.0
    flit: int = 0
    header_flits: int = 0
    hop_cycles: int = 0
    multicast: bool = True

    @property
    def wires(self) -> dict[str, Wire]:
        if self.shape == "bus":
            return {"bus": Wire(tuple(range(self.cores)), self.bandwidth, False)}
        pairs = [(n, n + 1) for n in range(self.cores - 1)]
        pairs += [(self.cores - 1, 0)] if self.shape == "ring" and self.cores > 2 else []
        if self.half:
            return {f"{a}-{b}": Wire((a, b), self.bandwidth, False) for a, b in pairs}
        both = [pair for a, b in pairs for pair in ((a, b), (b, a))]
        return {f"{a}>{b}": Wire((a, b), self.bandwidth, True) for a, b in both}

    def write(self, folder: Path, name: str) -> Path:
        """The system's file, its core's beside it."""
        core = yaml.safe_load(find_accelerator("seneca_core").path.read_text())
        for memory in core["memories"].values():
            memory["size"] = 16  # the highest is to be the largest
        memory = core["memories"]["data_memory"]
        memory["size"] = self.capacity
        for port in memory["ports"]:
            port["bandwidth_max"] = int(self.port_bits)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{name}_core.yaml").write_text(yaml.safe_dump(core, sort_keys=False))
        topology: dict[str, object] = {
            self.shape: [self.cores, 1] if self.shape == "mesh" else self.cores,
            "bandwidth": self.bandwidth,
            "duplex": "half" if self.half else "full",
            "multicast": "tree" if self.multicast else "none",
            "hop_cycles": self.hop_cycles,
        }
        if self.flit:
            topology |= {"flit": self.flit, "header_flits": self.header_flits}
        document: dict[str, object] = {
            "name": name,
            "core": f"{name}_core.yaml",
            "mapping": "seneca_core",
            "topology": topology,
        }
        if self.served:
            at = [[core, 0] if self.shape == "mesh" else core for core in self.served]
            document["offchip"] = {"bandwidth": self.offchip_bandwidth, "at": at}
        path = folder / f"{name}.yaml"
        path.write_text(yaml.safe_dump(document, sort_keys=False))
        return path


@dataclass(frozen=True)
class TinyLayer:
    """A convolution of `rows` x 1 windows (padded to keep the rows), a maximum of two columns (padded behind), or the
    sum with another input; `channels`, `height` and `width` are the output's."""

    op: str
    channels: int
    height: int
    width: int
    inputs: int

    @property
    def window(self) -> tuple[int, int]:
        """Rows and columns that an output reads."""
        return {"conv": (3, 1), "1x1": (1, 1), "pool": (1, 2), "add": (1, 1)}[self.op]

    @property
    def sizes(self) -> tuple[int, int, int]:
        return self.channels, self.height, self.width

    def cycles(self, sizes: tuple[int, int, int], start: int, each: int) -> int:
        """Of a tile of so many channels, rows and columns: whole turns of the array over the outputs' channels."""
        reads = prod(self.window) * (self.inputs if self.op in ("conv", "1x1") else 1)
        return start + each * -(-sizes[0] // UNITS) * sizes[1] * sizes[2] * reads


@dataclass(frozen=True)
class Tiny:
    """A system and a network. `start` and `each`: cycles of a tile, and of an iteration of its array."""

    system: TinySystem
    layers: tuple[TinyLayer, ...]
    start: int
    each: int

    def model(self) -> onnx.ModelProto:
        first = self.layers[0]
        inputs = {"x": np.zeros((1, first.inputs, first.height, first.width), np.float32)}
        constants: dict[str, np.ndarray] = {}
        nodes, last = list[onnx.NodeProto](), "x"
        for number, layer in enumerate(self.layers):
            name = f"t{number}"
            if layer.op in ("conv", "1x1"):
                rows, _ = layer.window
                rng = np.random.default_rng(number)
                constants[f"w{number}"] = distinct(rng, layer.channels, layer.inputs, rows, 1)
                nodes.append(make_node("Conv", [last, f"w{number}"], [name], name, pads=[rows // 2, 0] * 2))
            elif layer.op == "pool":
                nodes.append(make_node("MaxPool", [last], [name], name, kernel_shape=[1, 2], pads=[0, 0, 0, 1]))
            else:
                inputs[f"y{number}"] = np.zeros((1, *layer.sizes), np.float32)
                nodes.append(make_node("Add", [last, f"y{number}"], [name], name))
            last = name
        return model_of(nodes, inputs, constants, [last])


OPERATORS = ("conv", "1x1", "pool", "add")


def drawn_tiny(seed: int) -> Tiny:
    """A system and a network. Every third memory holds less than the network's tensors together."""
    rng = np.random.default_rng(seed)
    layers = drawn_layers(rng)
    cores = int(rng.integers(2, 4))
    shape = str(rng.choice(["bus", "ring", "mesh"]))
    offchip = rng.random() < 0.7
    packets = rng.random() < 0.25
    system = TinySystem(
        cores=cores,
        shape=shape,
        bandwidth=int(rng.choice([8, 16, 32, 64])),
        port_bits=int(rng.choice([16, 32, 128])),
        capacity=drawn_capacity(rng, layers),
        half=shape != "bus" and rng.random() < 0.3,
        served=(() if not offchip else tuple(range(cores)) if shape != "mesh" and rng.random() < 0.5 else (0,)),
        offchip_bandwidth=int(rng.choice([16, 32, 64])),
        flit=16 if packets else 0,
        header_flits=1 if packets else 0,
        hop_cycles=2 if packets else 0,
        multicast=rng.random() < 0.8,
    )
    return Tiny(system, layers, int(rng.integers(0, 12)), int(rng.integers(1, 5)))


def drawn_layers(rng: np.random.Generator) -> tuple[TinyLayer, ...]:
    channels, height, width = int(rng.integers(1, 5)), int(rng.integers(2, 5)), int(rng.integers(2, 6))
    found: list[TinyLayer] = []
    for number in range(int(rng.integers(2, 4))):
        op = str(rng.choice(OPERATORS if number else OPERATORS[:2]))
        inputs, channels = channels, int(rng.integers(2, 9)) if op in OPERATORS[:2] else channels
        found.append(TinyLayer(op, channels, height, width, inputs))
    return tuple(found)


def drawn_capacity(rng: np.random.Generator, layers: Sequence[TinyLayer]) -> int:
    """Bits of a core's memory: plenty, or a share of what all tensors take."""
    elements = [layers[0].inputs * layers[0].height * layers[0].width]
    for layer in layers:
        weights = layer.channels * layer.inputs * layer.window[0] if layer.op in OPERATORS[:2] else 0
        elements.append(weights + prod(layer.sizes) * (2 if layer.op == "add" else 1))
    if rng.random() < 2 / 3:
        return 1 << 21
    return int(sum(elements) * BITS * rng.choice([0.5, 0.7, 0.9]))
