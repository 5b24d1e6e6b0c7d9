"""Schedules that differ in one thing from one that is right, as documents of JSON whose totals agree with the change.

Every one of them, but those of TRIED, cannot be carried out as it is written; how each is wrong stands beside it. Two
tiles swapped whose outputs go the same ways may be right again.
"""

import copy
import random
from collections.abc import Callable, Iterator

from tests.json_values import Document

Mutation = Callable[[Document, random.Random], bool]
"""Changes a schedule; False where it found nothing to change."""


def _moving(schedule: Document, rng: random.Random, made: bool = False) -> Document | None:
    """A transfer of some bits; one of a tile's output if that is asked for."""
    some = [one for one in schedule["transfers"] if one["bits"] and (not made or one.get("of") is not None)]
    return rng.choice(some) if some else None


def range_shifted(schedule: Document, rng: random.Random) -> bool:
    """Loop points are done twice, or are none."""
    tile = rng.choice([tile for tile in schedule["tiles"] if tile["ranges"]])
    loop = rng.choice(sorted(tile["ranges"]))
    start, size = tile["ranges"][loop]
    tile["ranges"][loop] = [start - 1 if start and rng.random() < 0.5 else start + 1, size]
    return True


def range_grown(schedule: Document, rng: random.Random) -> bool:
    """A tile does a part of its neighbour's work, or leaves out some of its own."""
    tile = rng.choice([tile for tile in schedule["tiles"] if tile["ranges"]])
    loop = rng.choice(sorted(tile["ranges"]))
    start, size = tile["ranges"][loop]
    tile["ranges"][loop] = [start, size - 1 if size > 1 and rng.random() < 0.5 else size + 1]
    return True


def transfer_dropped(schedule: Document, rng: random.Random) -> bool:
    """What it carried is missing."""
    one = _moving(schedule, rng)
    if one is not None:
        schedule["transfers"].remove(one)
    return one is not None


def transfer_shortened(schedule: Document, rng: random.Random) -> bool:
    """It is faster than one of its links."""
    one = _moving(schedule, rng)
    if one is None:
        return False
    narrowest = min(link["bandwidth"] for link in schedule["links"] if link["id"] in one["links"])
    one["end"] = one["start"] + one["bits"] / narrowest * rng.uniform(0.1, 0.99)
    return True


def transfer_early(schedule: Document, rng: random.Random) -> bool:
    """It leaves before its tile has ended."""
    one = _moving(schedule, rng, made=True)
    if one is None:
        return False
    tile = next(tile for tile in schedule["tiles"] if tile["id"] == one["of"])
    length = one["end"] - one["start"]
    one["start"] = rng.uniform(max(0, tile["start"] - length), tile["end"] - 1)
    one["end"] = one["start"] + length
    return True


def sent_elsewhere(schedule: Document, rng: random.Random) -> bool:
    """A core that reads it does not get it, another does."""
    one = _moving(schedule, rng)
    cores = [core["id"] for core in schedule["cores"] if one and core["id"] not in (*one["to"], one["from"])]
    if one is None or not cores:
        return False
    one["to"][rng.randrange(len(one["to"]))] = rng.choice(cores)
    return True


def sent_to_one_less(schedule: Document, rng: random.Random) -> bool:
    """One of several cores does not get it."""
    several = [one for one in schedule["transfers"] if len(one["to"]) > 1 and one["bits"]]
    if several:
        to = rng.choice(several)["to"]
        to.pop(rng.randrange(len(to)))
    return bool(several)


def _two_tiles(schedule: Document, rng: random.Random) -> tuple[Document, Document] | None:
    first = rng.choice(schedule["tiles"])
    others = [tile for tile in schedule["tiles"] if tile["layer"] == first["layer"] and tile["core"] != first["core"]]
    return (first, rng.choice(others)) if others else None


def cores_swapped(schedule: Document, rng: random.Random) -> bool:
    """Two tiles of a layer run where the other's operands lie."""
    two = _two_tiles(schedule, rng)
    if two:
        two[0]["core"], two[1]["core"] = two[1]["core"], two[0]["core"]
    return two is not None


def ranges_swapped(schedule: Document, rng: random.Random) -> bool:
    """Two tiles of a layer do the other's work on their own operands."""
    two = _two_tiles(schedule, rng)
    if two:
        two[0]["ranges"], two[1]["ranges"] = two[1]["ranges"], two[0]["ranges"]
    return two is not None


def elements_moved(schedule: Document, rng: random.Random) -> bool:
    """It carries the neighbours of what is read."""
    parts = [one for one in schedule["transfers"] if one["bits"] and one["elements"]]
    if parts:
        one = rng.choice(parts)
        run = rng.choice(one["elements"][rng.choice(sorted(one["elements"]))])
        run[0] += -1 if run[0] and rng.random() < 0.5 else 1
    return bool(parts)


def elements_fewer(schedule: Document, rng: random.Random) -> bool:
    """It leaves out the last of some positions, and says how many bits are left."""
    parts = [one for one in schedule["transfers"] if one["bits"] and one["elements"]]
    if not parts:
        return False
    one = rng.choice(parts)
    runs = one["elements"][rng.choice(sorted(one["elements"]))]
    before = sum(count for _, count, _ in runs)
    runs[-1][1] -= 1
    one["bits"] = one["bits"] // before * (before - 1)
    return True


def tile_early(schedule: Document, rng: random.Random) -> bool:
    """It may start before its operands have come."""
    tile = rng.choice(schedule["tiles"])
    length, earlier = tile["end"] - tile["start"], rng.uniform(1, max(2.0, tile["start"]))
    tile["start"] = max(0.0, tile["start"] - earlier)
    tile["end"] = tile["start"] + length
    return True


def transfer_late(schedule: Document, rng: random.Random) -> bool:
    """It may come after its readers have started."""
    one = _moving(schedule, rng)
    if one is not None:
        later = rng.uniform(1, 2_000)
        one["start"], one["end"] = one["start"] + later, one["end"] + later
    return one is not None


WRONG: tuple[Mutation, ...] = (
    range_shifted,
    range_grown,
    transfer_dropped,
    transfer_shortened,
    transfer_early,
    sent_elsewhere,
    sent_to_one_less,
    cores_swapped,
    ranges_swapped,
    elements_moved,
    elements_fewer,
)
TRIED: tuple[Mutation, ...] = (tile_early, transfer_late)
"""Of these some do no harm."""


def mutants(schedule: Document, kinds: tuple[Mutation, ...], number: int, seed: int) -> Iterator[tuple[str, Document]]:
    """So many of each of some kinds."""
    rng = random.Random(seed)
    for kind in kinds:
        for _ in range(number):
            mutant = copy.deepcopy(schedule)
            if kind(mutant, rng) and mutant != schedule:
                agree(mutant)
                yield kind.__name__.replace("_", " "), mutant


def agree(schedule: Document) -> None:
    """Makes the totals those of the tiles and transfers: a sum that is off would give every mutant away."""
    for link in schedule["links"]:
        link["bits"] = sum(one["bits"] for one in schedule["transfers"] if link["id"] in one["links"])
    last = max(one["end"] for one in (*schedule["tiles"], *schedule["transfers"]))
    schedule["total"] |= {"latency_cycles": last, "interval_cycles": last}
