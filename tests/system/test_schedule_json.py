"""Schedules of real evaluations, judged by the checker of these tests; and every way to break one is found by it."""

import copy
import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from tests.json_values import Document
from tests.nodes import make_node
from tests.oracle import distinct, model_of
from tests.system.checker import faults, faults_in
from tests.system.drawn_models import WORK, Drawn, chains, of_drawn
from tests.system.small_systems import SYSTEMS, evaluated, system_file

JUDGE = Path(__file__).parents[2].parent / "shared" / "tools" / "check_schedule.py"


@pytest.mark.parametrize("system", SYSTEMS)
def test_lenet5_is_scheduled_without_a_fault(system: str, tmp_path: Path) -> None:
    assert evaluated("lenet5", system_file(tmp_path / "system", system), tmp_path) == 0
    assert faults_in(tmp_path) == []
    assert the_judges_verdict(tmp_path) in (None, 0)


def test_without_multicast_each_core_is_sent_to_for_itself(tmp_path: Path) -> None:
    found: dict[str, list[int]] = {}
    for name in ("no multicast", "a row of cores"):
        assert evaluated("lenet5", system_file(tmp_path / "system", name), tmp_path / name) == 0
        schedule = json.loads((tmp_path / name / "schedule.json").read_text())
        found[name] = [len(one["to"]) for one in schedule["transfers"]]
    assert max(found["no multicast"]) == 1 < max(found["a row of cores"])


@pytest.mark.parametrize("bits", [420_000, 600_000])
def test_lenet5_fits_memories_that_hardly_hold_it(bits: int, tmp_path: Path) -> None:
    assert evaluated("lenet5", system_file(tmp_path / "system", "a mesh", bits), tmp_path) == 0
    assert faults_in(tmp_path) == []
    assert the_judges_verdict(tmp_path) in (None, 0)


def the_judges_verdict(folder: Path) -> int | None:
    """The exit code of the judge that lies beside the checkout; None where it does not."""
    if not JUDGE.exists():
        return None
    done = subprocess.run([sys.executable, JUDGE, folder], capture_output=True, text=True, check=False)
    return done.returncode


TOLD_WHOLE = tuple(kind for kind in WORK if kind != "transposed")
"""Layers of which workload.yaml says where in their input they read: an offset of a phase has no place in it, nor has
a view."""


def steps_over_nothing(folder: Path) -> bool:
    """Whether pr_loop_sizes are the lengths of the inputs: the judge beside the checkout takes them for that, and they
    are fewer where windows step over rows (a 1x1 of stride 2)."""
    for entry in yaml.safe_load((folder / "workload.yaml").read_text()):
        sizes = dict(zip(entry["loop_dims"], entry["loop_sizes"], strict=True))
        told = zip(entry.get("dimension_relations", []), entry.get("pr_loop_sizes") or [], strict=False)
        for (relation, extent), padding in zip(told, entry.get("padding") or [], strict=True):
            terms = re.findall(r"(\d+)\*(\w+)", relation)
            reach = 1 + sum(int(step) * (sizes[loop.upper()] - 1) for step, loop in terms)
            if reach - sum(padding) != extent:
                return False
    return True


WAYS = ((), ("--opt", "energy"), ("--mapping", "auto", "--opt", "EDP"), ("--schedule", "pipeline", "--frames", "3"))


def check_drawn(data: st.DataObject, folder: Path) -> None:
    drawn: Drawn = data.draw(chains(between=False, work=TOLD_WHOLE))
    system = data.draw(st.sampled_from(sorted(SYSTEMS)))
    bits = data.draw(st.sampled_from((None, 12_000, 24_000)))
    way = data.draw(st.sampled_from(WAYS))
    code = evaluated(drawn.model, system_file(folder / "system", system, bits), folder, *way)
    if (folder / "schedule.json").exists():
        assert code == 0
        assert faults_in(folder) == []
        assert not steps_over_nothing(folder) or the_judges_verdict(folder) in (None, 0)
    else:
        assert code == 3, "no schedule, and no sentence"
        assert bits is not None


@of_drawn(6)
@given(data=st.data())
def test_drawn_models_on_small_systems_are_scheduled_without_a_fault(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    check_drawn(data, tmp_path_factory.mktemp("drawn"))


@pytest.mark.long
@of_drawn(150)
@given(data=st.data())
def test_many_drawn_models_on_small_systems_are_scheduled_without_a_fault(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    check_drawn(data, tmp_path_factory.mktemp("drawn"))


# Broken on purpose


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[Document, list[Document], Document]:
    folder = tmp_path_factory.mktemp("whole")
    assert evaluated("lenet5", system_file(folder / "system", "a mesh"), folder) == 0
    schedule = json.loads((folder / "schedule.json").read_text())
    assert len(schedule["tiles"]) > len({tile["layer"] for tile in schedule["tiles"]}), "nothing is shared out"
    workload = yaml.safe_load((folder / "workload.yaml").read_text())
    return schedule, workload, json.loads((folder / "coverage.json").read_text())


def a_tile_earlier(schedule: Document) -> None:
    last = max(schedule["tiles"], key=lambda tile: tile["start"])
    last["start"] -= 1_000
    last["end"] -= 1_000


def a_tile_longer(schedule: Document) -> None:
    first = min(schedule["tiles"], key=lambda tile: tile["start"])
    first["end"] += 10_000


def a_tile_twice(schedule: Document) -> None:
    tile = copy.deepcopy(schedule["tiles"][0])
    tile["id"] = 1_000_000
    schedule["tiles"].append(tile)


def a_tile_of_more(schedule: Document) -> None:
    tile = next(tile for tile in schedule["tiles"] if tile["ranges"])
    loop = next(iter(tile["ranges"]))
    tile["ranges"][loop][0] += 1 if tile["ranges"][loop][0] == 0 else -1


def a_tile_missing(schedule: Document) -> None:
    gone = schedule["tiles"].pop()
    schedule["transfers"] = [one for one in schedule["transfers"] if one.get("of") != gone["id"]]


def a_tile_elsewhere(schedule: Document) -> None:
    tile = schedule["tiles"][-1]
    tile["core"] = (tile["core"] + 1) % 4


def bits_wrong(schedule: Document) -> None:
    schedule["transfers"][0]["bits"] += 8


def elements_fewer(schedule: Document) -> None:
    """A transfer that takes one row less than it is read, and says so."""
    one = next(one for one in schedule["transfers"] if "operand" in one and one["elements"])
    index, spans = next(iter(one["elements"].items()))
    left = spans[0][1] - 1
    one["bits"] = one["bits"] * left // spans[0][1]
    one["elements"][index] = [[spans[0][0], left, spans[0][2]]]


def a_transfer_too_fast(schedule: Document) -> None:
    one = max(schedule["transfers"], key=lambda one: one["bits"])
    one["start"] = one["end"] - 1


def a_transfer_over_another(schedule: Document) -> None:
    first, second = sorted(schedule["transfers"], key=lambda one: one["start"])[:2]
    length = second["end"] - second["start"]
    second["start"] = first["start"]
    second["end"] = first["start"] + length


def a_transfer_too_early(schedule: Document) -> None:
    one = next(one for one in schedule["transfers"] if one.get("of") is not None)
    length = one["end"] - one["start"]
    one["start"], one["end"] = 0, length


def a_transfer_missing(schedule: Document) -> None:
    gone = next(one for one in schedule["transfers"] if one.get("of") is not None and one["bits"])
    schedule["transfers"].remove(gone)


def a_transfer_twice(schedule: Document) -> None:
    one = copy.deepcopy(next(one for one in schedule["transfers"] if one.get("of") is not None and one["bits"]))
    length, last = one["end"] - one["start"], max(other["end"] for other in schedule["transfers"])
    one |= {"id": 1_000_000, "start": last, "end": last + length}
    schedule["transfers"].append(one)


def a_route_that_leads_nowhere(schedule: Document) -> None:
    one = next(one for one in schedule["transfers"] if len(one["links"]) > 1)
    one["links"].pop()


def a_route_from_elsewhere(schedule: Document) -> None:
    one = next(one for one in schedule["transfers"] if one.get("of") is not None)
    one["from"] = (one["from"] + 1) % 4


def a_memory_too_small(schedule: Document) -> None:
    core = max(schedule["cores"], key=lambda core: core["peak_bits"])
    core["capacity_bits"] = core["peak_bits"] - 1


def a_peak_too_low(schedule: Document) -> None:
    max(schedule["cores"], key=lambda core: core["peak_bits"])["peak_bits"] -= 1


def a_course_that_is_not_held(schedule: Document) -> None:
    next(one for one in schedule["memory"] if len(one["events"]) > 3)["events"][2][1] += 1


def energy_off(schedule: Document) -> None:
    schedule["total"]["energy_pj"] *= 1.001


def energy_of_the_cores_off(schedule: Document) -> None:
    schedule["energy"]["cores_pj"] *= 1.001


def a_link_that_says_less(schedule: Document) -> None:
    next(link for link in schedule["links"] if link["bits"])["bits"] -= 8


def latency_below_the_last_end(schedule: Document) -> None:
    schedule["total"]["latency_cycles"] -= 1


def latency_below_the_bound(schedule: Document) -> None:
    schedule["bounds"]["latency_cycles"] = schedule["total"]["latency_cycles"] + 1


def macs_off(schedule: Document) -> None:
    schedule["total"]["macs"] += 1


def offchip_bits_off(schedule: Document) -> None:
    schedule["total"]["offchip_bits"] -= 8


BROKEN: dict[Callable[[Document], None], str] = {
    a_tile_earlier: "starts",
    a_tile_longer: "at once",
    a_tile_twice: "not done exactly once",
    a_tile_of_more: "not done exactly once",
    a_tile_missing: "not done exactly once",
    a_tile_elsewhere: "without",
    bits_wrong: "its elements are",
    elements_fewer: "without",
    a_transfer_too_fast: "is faster than link",
    a_transfer_over_another: "at once",
    a_transfer_too_early: "before its tile",
    a_transfer_missing: "starts",
    a_transfer_twice: "twice",
    a_route_that_leads_nowhere: "do not lead to",
    a_route_from_elsewhere: "neither made it nor got it",
    a_memory_too_small: "bit of",
    a_peak_too_low: "says a peak",
    a_course_that_is_not_held: "does not tell what it holds",
    energy_off: "total energy_pj",
    energy_of_the_cores_off: "cores_pj",
    a_link_that_says_less: "says",
    latency_below_the_last_end: "latency_cycles is",
    latency_below_the_bound: "below its bound",
    macs_off: "macs",
    offchip_bits_off: "offchip_bits",
}


@pytest.mark.parametrize("broken", BROKEN, ids=lambda broken: broken.__name__.replace("_", " "))
def test_a_broken_schedule_is_found_out(
    broken: Callable[[Document], None], whole: tuple[Document, list[Document], Document]
) -> None:
    schedule, workload, coverage = copy.deepcopy(whole)
    assert faults(schedule, workload, coverage) == []
    broken(schedule)
    assert any(BROKEN[broken] in fault for fault in faults(schedule, workload, coverage))


def test_a_recurrence_is_scheduled_without_a_fault(tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    lstm = make_node("LSTM", ["x", "w", "r"], ["y"], name="lstm", hidden_size=5)
    weights = {"w": rng.standard_normal((1, 20, 6)), "r": rng.standard_normal((1, 20, 5))}
    constants = {name: values.astype(np.float32) for name, values in weights.items()}
    model = model_of([lstm], {"x": distinct(rng, 4, 1, 6)}, constants, ["y"])
    assert evaluated(model, system_file(tmp_path / "system", "a mesh"), tmp_path) == 0
    assert faults_in(tmp_path) == []
    assert the_judges_verdict(tmp_path) in (None, 0)
