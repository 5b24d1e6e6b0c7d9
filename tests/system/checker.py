"""Judges schedule.json beside workload.yaml and coverage.json, from the form's description alone.

It shares no code with the package. A set of elements is an array of truth values over the whole tensor, so that unions
and differences are numpy's. Where both layers name batch, channels, rows and columns, a reader is held to the elements
that it reads; else to having something of each tile.
"""

import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from itertools import pairwise, product
from pathlib import Path

import numpy as np
import yaml

from tests.json_values import Document

Mask = np.ndarray
Box = Mapping[str, tuple[int, int]]
Event = tuple[float, float]
TOLERANCE = 1e-6
CHANNELS = frozenset("gkcd")
ROWS, COLUMNS = ("oy", "iy"), ("ox", "ix")


class Layer:
    """One entry of workload.yaml."""

    def __init__(self, entry: Document, sources: Mapping[str, Sequence[int | str]]):
        self.id: int = entry["id"]
        self.multiplies = entry["operator_type"] in ("Conv", "Gemm")
        self.sources = sources
        self.bits: Mapping[str, int] = entry["operand_precision"]
        self.sizes: dict[str, int] = dict(zip(entry["loop_dims"], entry["loop_sizes"], strict=True))
        self.indices = {
            operand: re.findall(r"\[(\w+)\]", found)
            for operand, found in re.findall(r"([OIW])((?:\[\w*\])+)", entry["equation"])
        }
        padded = dict(zip(entry.get("pr_loop_dims") or (), entry.get("padding") or (), strict=False))
        self._walks: dict[str, tuple[list[tuple[int, str]], int, int]] = {}
        for relation in entry.get("dimension_relations") or ():
            index, terms = relation.split("=")
            steps = [(int(step), loop.upper()) for step, loop in re.findall(r"(\d+)\*(\w+)", terms)]
            before, after = padded.get(index.upper(), (0, 0))
            reach = 1 + sum(step * (self.sizes[loop] - 1) for step, loop in steps)
            self._walks[index] = (steps, before, reach - before - after)

    def extent(self, index: str) -> int:
        return self._walks[index][2] if index in self._walks else self.sizes[index.upper()]

    def axis(self, index: str, box: Box) -> Mask:
        """The positions of one index that a box of loops touches."""
        found = np.zeros(self.extent(index), bool)
        if index not in self._walks:
            start, size = box[index.upper()]
            found[start : start + size] = True
            return found
        steps, before, _ = self._walks[index]
        at = np.array([-before])
        for step, loop in steps:
            start, size = box[loop]
            at = (at[:, None] + step * np.arange(start, start + size)).ravel()
        found[at[(at >= 0) & (at < len(found))]] = True
        return found

    def box(self, ranges: Mapping[str, Sequence[int]]) -> dict[str, tuple[int, int]]:
        return {loop: (0, size) for loop, size in self.sizes.items()} | {
            loop: (start, size) for loop, (start, size) in ranges.items()
        }

    def touched(self, operand: str, box: Box) -> Mask:
        """The elements of an operand that a box touches, in the order of the equation's indices."""
        return self.whole([self.axis(index, box) for index in self.indices[operand]])

    @staticmethod
    def whole(axes: Sequence[Mask]) -> Mask:
        found = np.ones((), bool)
        for axis in axes:
            found = found[..., None] & axis
        return found

    def named(self, operand: str, elements: Mapping[str, Sequence[Sequence[int]]]) -> Mask:
        """The elements that a transfer names; an index left out is whole."""
        axes: list[Mask] = []
        for index in self.indices[operand]:
            axis = np.full(self.extent(index), index not in elements)
            for start, count, step in elements.get(index, ()):
                axis[[start + step * n for n in range(count)]] = True
            axes.append(axis)
        return self.whole(axes)

    @property
    def summed(self) -> set[str]:
        """Loops that the output does not have."""
        return {loop for loop in self.sizes if loop.lower() not in self.indices["O"]}

    def image(self, operand: str, elements: Mask) -> Mask | None:
        """Elements as batch, channels, rows, columns; None where the indices say something else."""
        indices = self.indices[operand]
        groups: list[list[int]] = [[], [], [], []]
        for number, index in enumerate(indices):
            kinds = [index == "b", index in CHANNELS, index in ROWS, index in COLUMNS]
            if not any(kinds):
                return None
            groups[kinds.index(True)].append(number)
        order = [number for group in groups for number in group]
        shape = [math.prod(elements.shape[number] for number in group) for group in groups]
        return elements.transpose(order).reshape(shape)


class Checker:
    """All that is wrong with one schedule, as sentences."""

    def __init__(self, schedule: Document, workload: Sequence[Document], coverage: Document):
        self.s = schedule
        sources = {one["id"]: one["sources"] for one in coverage["layers"]}
        self.layers = {entry["id"]: Layer(entry, sources[entry["id"]]) for entry in workload}
        self.tiles: dict[int, Document] = {tile["id"]: tile for tile in schedule["tiles"]}
        self.transfers: dict[int, Document] = {one["id"]: one for one in schedule["transfers"]}
        self.cores: dict[int, Document] = {core["id"]: core for core in schedule["cores"]}
        self.links: dict[str, Document] = {link["id"]: link for link in schedule["links"]}
        self.offchip: int | None = schedule["offchip"]
        self.boxes = {tile["id"]: self.layers[tile["layer"]].box(tile.get("ranges", {})) for tile in schedule["tiles"]}
        self.makes = {n: self._layer(tile).touched("O", self.boxes[n]) for n, tile in self.tiles.items()}
        self.carries = {n: self._carried(one) for n, one in self.transfers.items()}
        self.held_until: dict[tuple[str, int, int], float] = {}
        self.faults: list[str] = []

    def check(self) -> list[str]:
        for rule in (
            self._layers_are_cut_once,
            self._sums_are_added,
            self._transfers_are_what_they_say,
            self._nothing_does_two_things_at_once,
            self._routes_join_their_ends,
            self._operands_are_there,
            self._outputs_are_there,
            self._memories_hold_it,
            self._sums_are_sums,
        ):
            rule()
        return self.faults

    def _fault(self, text: str) -> None:
        self.faults.append(text)

    def _layer(self, tile: Document) -> Layer:
        return self.layers[tile["layer"]]

    def _carried(self, one: Document) -> Mask:
        if one.get("of") is None:
            layer, operand = self.layers[one["layer"]], one["operand"]
            return layer.touched(operand, layer.box({})) & layer.named(operand, one.get("elements", {}))
        tile = self.tiles[one["of"]]
        return self.makes[tile["id"]] & self._layer(tile).named("O", one.get("elements", {}))

    def _width(self, one: Document) -> int:
        if one.get("of") is None:
            return self.layers[one["layer"]].bits[one["operand"]]
        return self._layer(self.tiles[one["of"]]).bits["O" if one.get("partial") else "O_final"]

    # tiles

    def _layers_are_cut_once(self) -> None:
        for number, frame in product(self.layers, range(self.s["frames"])):
            layer = self.layers[number]
            times = np.zeros(tuple(layer.sizes.values()), np.int16)
            for tile in (one for one in self._tiles_of(number, frame) if not one.get("recomputed")):
                ranges = self.boxes[tile["id"]]
                times[tuple(slice(start, start + size) for start, size in (ranges[loop] for loop in layer.sizes))] += 1
            if not (times == 1).all():
                self._fault(f"layer {number}: {int((times != 1).sum())} loop points are not done exactly once")

    def _sums_are_added(self) -> None:
        for tile in self.tiles.values():
            layer = self._layer(tile)
            cut = any(self.boxes[tile["id"]][loop] != (0, layer.sizes[loop]) for loop in layer.summed)
            adders = [one for one in self.tiles.values() if tile["id"] in one.get("adds", ())]
            if cut and not adders and not tile.get("adds"):
                self._fault(f"tile {tile['id']} is a partial sum that nothing is said to add")
            if bool(tile.get("partial")) != bool(adders) or len(adders) > 1:
                self._fault(f"tile {tile['id']} is added by {len(adders)} tiles")
            for adder in adders:
                self._is_added(tile, adder)

    def _is_added(self, tile: Document, adder: Document) -> None:
        same = all(self.boxes[tile["id"]][loop] == self.boxes[adder["id"]][loop] for loop in self._written(tile))
        if tile["layer"] != adder["layer"] or adder.get("partial") or not same:
            self._fault(f"tile {adder['id']} adds tile {tile['id']} of another box")
        if tile["core"] == adder["core"]:
            there = tile["end"]
            self._hold("tile", tile["id"], tile["core"], adder["end"])
        else:
            come = [one for one in self.transfers.values() if one.get("of") == tile["id"] and one.get("partial")]
            if (
                len(come) != 1
                or come[0]["to"] != [adder["core"]]
                or (self.carries[come[0]["id"]] ^ self.makes[tile["id"]]).any()
            ):
                self._fault(f"tile {tile['id']} does not send its whole box once to tile {adder['id']}")
                return
            there = come[0]["end"]
            self._hold("transfer", come[0]["id"], adder["core"], adder["end"])
        if there > adder["end"] + TOLERANCE:
            self._fault(f"tile {adder['id']} ends before tile {tile['id']} is there to be added")

    def _written(self, tile: Document) -> set[str]:
        return set(self._layer(tile).sizes) - self._layer(tile).summed

    def _tiles_of(self, layer: int, frame: int) -> list[Document]:
        return [tile for tile in self.tiles.values() if (tile["layer"], tile["frame"]) == (layer, frame)]

    # transfers

    def _transfers_are_what_they_say(self) -> None:
        for number, one in self.transfers.items():
            bits = int(self.carries[number].sum()) * self._width(one)
            if bits != one["bits"]:
                self._fault(f"transfer {number} says {one['bits']} bit, its elements are {bits}")
            for link in one["links"] if not one.get("setup") else ():
                if one["end"] - one["start"] < one["bits"] / self.links[link]["bandwidth"] - TOLERANCE:
                    self._fault(f"transfer {number} is faster than link {link}")
            if one.get("of") is None:
                if one["from"] != self.offchip:
                    self._fault(f"transfer {number}: an operand comes from core {one['from']}")
                if one.get("setup") and not self._is_constant(one):
                    self._fault(f"transfer {number} is set up, and no constant of a pipeline")
                continue
            tile = self.tiles[one["of"]]
            if one["start"] < tile["end"] - TOLERANCE:
                self._fault(f"transfer {number} leaves before its tile {tile['id']} has ended")
            if one["from"] == tile["core"]:
                self._hold("tile", tile["id"], tile["core"], one["end"])
            else:
                self._is_passed_on(number, one)

    def _is_passed_on(self, number: int, one: Document) -> None:
        """What a core sends of a tile that it did not run has come there before."""
        come = [
            earlier
            for earlier, other in self.transfers.items()
            if other.get("of") == one["of"]
            and one["from"] in other["to"]
            and other["end"] <= one["start"] + TOLERANCE
            and not (self.carries[number] & ~self.carries[earlier]).any()
        ]
        if not come:
            self._fault(f"transfer {number} leaves core {one['from']}, which neither made it nor got it")
        for earlier in come:
            self._hold("transfer", earlier, one["from"], one["end"])

    def _is_constant(self, one: Document) -> bool:
        sources = self.layers[one["layer"]].sources.get(one["operand"], ())
        return self.s["schedule"] == "pipeline" and set(sources) <= {"const"}

    @cached_property
    def inputs_stay(self) -> bool:
        """Whether nothing but network inputs comes with each frame: then their place is kept between frames."""
        brought = [one for one in self.transfers.values() if one.get("of") is None and not one.get("setup")]
        return not any(self._is_constant(one) for one in brought)

    def _serves(self, one: Document, tile: Document) -> bool:
        """Whether an operand that has come is one that a tile may read."""
        if one.get("of") is not None or (one["layer"], tile["core"] in one["to"]) != (tile["layer"], True):
            return False
        in_time = one.get("setup") or one["end"] <= tile["start"] + TOLERANCE
        batch = max((first for first in self._batches if first <= tile["frame"]), default=0)
        # What came with the first frame is taken to serve all frames that are taken together with it, inputs too.
        with_the_first = one.get("setup") or self.inputs_stay or batch == 0
        frames = (0, tile["frame"]) if with_the_first else (tile["frame"],)
        return in_time and (one["frame"] in frames or (one["frame"] == batch and self._is_constant(one)))

    @cached_property
    def _batches(self) -> set[int]:
        """The frames with which constants come: those behind one of them are taken together with it."""
        brought = [one for one in self.transfers.values() if one.get("of") is None and not one.get("setup")]
        return {one["frame"] for one in brought if self._is_constant(one)}

    def _routes_join_their_ends(self) -> None:
        for number, one in self.transfers.items():
            reached, before = {one["from"]}, 0
            while len(reached) != before:
                before = len(reached)
                for link in (self.links[name] for name in one["links"]):
                    if "nodes" in link and reached & set(link["nodes"]):
                        reached |= set(link["nodes"])
                    elif link.get("from") in reached:
                        reached.add(link["to"])
            if not set(one["to"]) <= reached:
                self._fault(f"transfer {number}: its links do not lead to {sorted(set(one['to']) - reached)}")

    def _nothing_does_two_things_at_once(self) -> None:
        for core in self.cores:
            own = [tile for tile in self.tiles.values() if tile["core"] == core]
            self._apart(f"core {core}", "tiles", own)
            busy = math.fsum(tile["end"] - tile["start"] for tile in own)
            if core != self.offchip and abs(busy - self.cores[core]["busy_cycles"]) > TOLERANCE * max(1, busy):
                self._fault(f"core {core} says {self.cores[core]['busy_cycles']} busy cycles, has {busy}")
        for tile in self.tiles.values():
            if not 0 <= tile["start"] < tile["end"]:
                self._fault(f"tile {tile['id']} takes no time, or begins before 0")
        for name, link in self.links.items():
            own = [one for one in self._moved if name in one["links"]]
            self._apart(f"link {name}", "transfers", own)
            if sum(one["bits"] for one in own) != link["bits"]:
                self._fault(f"link {name} says {link['bits']} bit")

    def _apart(self, where: str, what: str, own: Sequence[Document]) -> None:
        for first, second in pairwise(sorted(own, key=lambda one: (one["start"], one["end"]))):
            if second["start"] < first["end"] - TOLERANCE:
                self._fault(f"{where}: {what} {first['id']} and {second['id']} at once")

    # what tiles read

    def _hold(self, kind: str, number: int, core: int, until: float) -> None:
        key = kind, number, core
        self.held_until[key] = max(self.held_until.get(key, 0.0), until)

    def _read_operands(self, tile: Document) -> Iterator[tuple[str, list[int]]]:
        """The operands of a tile's layer, each with the layers that make it."""
        layer = self._layer(tile)
        for operand, sources in layer.sources.items():
            if layer.indices.get(operand) and (layer.bits.get(operand) or sources):
                yield operand, [source for source in sources if isinstance(source, int)]

    def _operands_are_there(self) -> None:
        if self.offchip is None:
            return
        for tile in self.tiles.values():
            layer = self._layer(tile)
            for operand, makers in self._read_operands(tile):
                if makers or not layer.bits.get(operand):
                    continue
                left = layer.touched(operand, self.boxes[tile["id"]])
                needed = left.copy()
                for number, one in self.transfers.items():
                    if not self._serves(one, tile) or one["operand"] != operand:
                        continue
                    if (needed & self.carries[number]).any():
                        self._hold("transfer", number, tile["core"], tile["end"])
                    left = left & ~self.carries[number]
                if left.any():
                    self._fault(f"tile {tile['id']} starts without {int(left.sum())} elements of its {operand}")

    def _outputs_are_there(self) -> None:
        read: dict[tuple[int, int], list[Mask]] = {}
        unknown: set[tuple[int, int]] = set()
        for tile in self.tiles.values():
            for operand, makers in self._read_operands(tile):
                producers = [
                    one for maker in makers for one in self._tiles_of(maker, tile["frame"]) if not one.get("partial")
                ]
                if not producers:
                    continue
                need = self._image_read(tile, operand, makers)
                left = None if need is None else need.copy()
                for producer in producers:
                    self._read_of(tile, producer, need, left, read, unknown)
                if left is not None and left.any():
                    self._fault(f"tile {tile['id']} starts without {int(left.sum())} elements of layer {makers[0]}")
        self._nothing_comes_twice_or_unread(read, unknown)

    def _image_read(self, tile: Document, operand: str, makers: Sequence[int]) -> Mask | None:
        """What a tile reads, over its producer's image; None where the files do not say."""
        reader, producer = self._layer(tile), self.layers[makers[0]]
        needed = reader.image(operand, reader.touched(operand, self.boxes[tile["id"]]))
        all_read = reader.image(operand, reader.touched(operand, reader.box({})))
        made = producer.image("O", producer.touched("O", producer.box({})))
        if len(reader.sources[operand]) != 1 or needed is None or all_read is None or made is None:
            return None
        if all_read.shape[1] != made.shape[1]:
            return None
        if any(at.max(initial=0) >= extent for at, extent in zip(np.nonzero(all_read), made.shape, strict=True)):
            return None
        found = np.zeros(made.shape, bool)
        common = tuple(slice(min(mine, theirs)) for mine, theirs in zip(needed.shape, made.shape, strict=True))
        found[common] = needed[common]
        return found

    def _read_of(
        self,
        tile: Document,
        producer: Document,
        need: Mask | None,
        left: Mask | None,
        read: dict[tuple[int, int], list[Mask]],
        unknown: set[tuple[int, int]],
    ) -> None:
        maker, key = self._layer(producer), (producer["id"], tile["core"])
        made = maker.image("O", self.makes[producer["id"]])
        if need is not None and made is not None:
            if not (need & made).any():
                return
            read.setdefault(key, []).append(need & made)
        else:
            unknown.add(key)
        if producer["core"] == tile["core"]:
            self._hold("tile", *key, tile["end"])
            if producer["end"] > tile["start"] + TOLERANCE:
                self._fault(f"tile {tile['id']} starts before tile {producer['id']} has ended")
            elif left is not None and made is not None:
                left &= ~made
            return
        come = False
        for number, one in self.transfers.items():
            if (
                one.get("of") != producer["id"]
                or tile["core"] not in one["to"]
                or one["end"] > tile["start"] + TOLERANCE
            ):
                continue
            come = True
            carried = maker.image("O", self.carries[number])
            if need is None or carried is None or (need & carried).any():
                self._hold("transfer", number, tile["core"], tile["end"])
            if left is not None and carried is not None:
                left &= ~carried
        if need is None and not come and not producer.get("recomputed"):
            self._fault(f"tile {tile['id']} starts before anything of tile {producer['id']} has come")

    def _nothing_comes_twice_or_unread(
        self, read: Mapping[tuple[int, int], list[Mask]], unknown: set[tuple[int, int]]
    ) -> None:
        arrivals: dict[tuple[int, int], list[int]] = {}
        for number, one in self.transfers.items():
            if one.get("of") is not None and not one.get("again") and not one.get("partial"):
                for core in one["to"]:
                    arrivals.setdefault((one["of"], core), []).append(number)
        for key, numbers in arrivals.items():
            times = sum(self.carries[number].astype(np.int16) for number in numbers)
            assert isinstance(times, np.ndarray)
            if (times > 1).any():
                self._fault(f"core {key[1]} gets {int((times > 1).sum())} elements of tile {key[0]} twice")
            if key in unknown or key[1] == self.offchip:
                continue
            got = self._layer(self.tiles[key[0]]).image("O", times > 0)
            wanted = np.any(read[key], axis=0) if key in read else False
            if got is not None and (got & ~np.asarray(wanted)).any():
                self._fault(
                    f"core {key[1]} gets {int((got & ~np.asarray(wanted)).sum())} elements of tile {key[0]} unread"
                )

    # memory

    def _memories_hold_it(self) -> None:
        events: dict[int, list[Event]] = {core: [] for core in self.cores}
        for number, tile in self.tiles.items():
            bits = int(self.makes[number].sum()) * self._layer(tile).bits["O" if tile.get("partial") else "O_final"]
            until = max(tile["end"], self.held_until.get(("tile", number, tile["core"]), 0.0))
            events[tile["core"]] += [(tile["start"], bits), (until, -bits)]
        for number, one in self.transfers.items():
            for core in one["to"]:
                until = max(one["end"], self.held_until.get(("transfer", number, core), 0.0))
                if one.get("setup"):
                    events[core].append((0.0, one["bits"]))
                    continue
                events[core] += [(one["start"], one["bits"]), (until, -one["bits"])]
        if self.offchip is None:
            for core, bits in self._lying_there().items():
                events[core].append((0.0, bits))
        courses = {one["core"]: one["events"] for one in self.s["memory"]}
        for core, own in events.items():
            if core == self.offchip:
                continue
            course = _course(own)
            peak = max((bits for _, bits in course), default=0.0)
            if peak > self.cores[core]["capacity_bits"] + TOLERANCE:
                self._fault(f"core {core} holds {peak} bit of {self.cores[core]['capacity_bits']}")
            if abs(peak - self.cores[core]["peak_bits"]) > TOLERANCE:
                self._fault(f"core {core} says a peak of {self.cores[core]['peak_bits']} bit, holds {peak}")
            if _course_of(courses.get(core, ())) != _course_of(course):
                self._fault(f"core {core}: memory does not tell what it holds over time")

    def _lying_there(self) -> dict[int, int]:
        """Without a level above the cores, bits of constants and network inputs that lie on each core throughout."""
        found: dict[tuple[int, int, str], Mask] = {}
        for tile in self.tiles.values():
            for operand, makers in self._read_operands(tile):
                if not makers:
                    key = tile["core"], tile["layer"], operand
                    touched = self._layer(tile).touched(operand, self.boxes[tile["id"]])
                    found[key] = found.get(key, np.zeros_like(touched)) | touched
        bits: dict[int, int] = {}
        for (core, layer, operand), elements in found.items():
            bits[core] = bits.get(core, 0) + int(elements.sum()) * self.layers[layer].bits[operand]
        return bits

    # totals

    def _sums_are_sums(self) -> None:
        total, parts = self.s["total"], self.s["energy"]
        tiles, transfers = list(self.tiles.values()), self._moved
        self._same("total energy_pj", total["energy_pj"], [one["energy_pj"] for one in (*tiles, *transfers)])
        self._same("cores_pj", parts["cores_pj"], [tile["energy_pj"] for tile in tiles])
        moved = [one["energy_pj"] for one in transfers]
        self._same("links_pj and offchip_pj", parts["links_pj"] + parts["offchip_pj"], moved)
        self._same("the links' energy", parts["links_pj"], [link["energy_pj"] for link in self.links.values()])
        for core in self.cores:
            if core != self.offchip:
                own = [tile["energy_pj"] for tile in tiles if tile["core"] == core]
                self._same(f"core {core}'s energy", self.cores[core]["energy_pj"], own)
        for name, found in (("latency_cycles", self._latency), ("interval_cycles", self._interval)):
            if abs(found - total[name]) > TOLERANCE:
                self._fault(f"{name} is {total[name]}, found are {found}")
            if self.s["bounds"][name] > total[name] * (1 + 1e-9):
                self._fault(f"{name} lies below its bound")
        macs = sum(math.prod(layer.sizes.values()) for layer in self.layers.values() if layer.multiplies)
        macs *= self.s["frames"]
        if macs != total["macs"]:
            self._fault(f"{total['macs']} macs, the layers have {macs}")
        port = [name for name, link in self.links.items() if self.offchip in link.get("nodes", ())]
        off = sum(one["bits"] for one in transfers if set(port) & set(one["links"]))
        if off != total["offchip_bits"]:
            self._fault(f"{total['offchip_bits']} offchip_bits, the port carries {off}")

    @property
    def _moved(self) -> list[Document]:
        """What comes and goes with the frames."""
        return [one for one in self.transfers.values() if not one.get("setup")]

    def _ends(self, frame: int) -> list[float]:
        return [one["end"] for one in (*self.tiles.values(), *self._moved) if one["frame"] == frame]

    @property
    def _latency(self) -> float:
        """The last end; of several frames the longest from its first start to its last end."""
        if self.s["frames"] == 1:
            return max(self._ends(0))
        starts = dict.fromkeys(range(self.s["frames"]), math.inf)
        for one in (*self.tiles.values(), *self._moved):
            starts[one["frame"]] = min(starts[one["frame"]], one["start"])
        return max(max(self._ends(frame)) - start for frame, start in starts.items())

    @property
    def _interval(self) -> float:
        frames = self.s["frames"]
        return self._latency if frames == 1 else (max(self._ends(frames - 1)) - max(self._ends(0))) / (frames - 1)

    def _same(self, what: str, told: float, found: Sequence[float]) -> None:
        expected = math.fsum(found)
        if abs(told - expected) > 1e-9 * max(1.0, abs(expected)):
            self._fault(f"{what} is {told}, its parts are {expected}")


def _course(changes: Sequence[Event]) -> list[Event]:
    """What is held from each change on; what goes at a time goes before what comes."""
    found: list[Event] = []
    held = 0.0
    for time, bits in sorted(changes):
        held += bits
        if found and found[-1][0] == time:
            found.pop()
        found.append((time, held))
    return found


def _course_of(events: Sequence[Sequence[float]]) -> list[Event]:
    """A course without the moments at which nothing changes."""
    found: list[Event] = []
    for time, bits in events:
        if bits != (found[-1][1] if found else 0):
            found.append((time, bits))
    return found


def faults(schedule: Document, workload: Sequence[Document], coverage: Document) -> list[str]:
    """What is wrong with a schedule; nothing where all holds."""
    return Checker(schedule, workload, coverage).check()


def faults_in(folder: Path) -> list[str]:
    """The same of a folder that `evaluate` has written."""
    schedule = json.loads((folder / "schedule.json").read_text())
    workload = yaml.safe_load((folder / "workload.yaml").read_text())
    return faults(schedule, workload, json.loads((folder / "coverage.json").read_text()))
