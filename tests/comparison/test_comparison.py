"""Why one run takes more than another: parts add up to the gap, and each number of a sentence is that of the files."""

import json
import math
import re
from itertools import combinations
from pathlib import Path

import pytest
import yaml

import onnx2zz
from onnx2zz.api.compare import Comparison, Pair, label
from onnx2zz.cli.main import run
from onnx2zz.errors import InputError
from onnx2zz.pricing.result import Evaluation
from onnx2zz.report.why import verdicts
from tests.json_values import Document
from tests.small_workloads import conv, gemm, pool

CHIPS = ("seneca", "seneca_core", "seneca_mram", "tpu_like", "eyeriss_like", "ascend_like", "edge_tpu_like")
PAIRS = list(combinations(CHIPS, 2))
NETWORK = [
    conv(0, None, "L0_stem", k=12, c=3, oy=14, ox=6, fy=3, fx=1),
    pool(1, 0, "L1_pool", g=12, oy=7, ox=6, fy=2, fx=1, stride=(2, 1)),
    gemm(2, 1, "L2_fc", k=10, c=504),
]
UNITS = {"J": 1e12, "mJ": 1e9, "µJ": 1e6, "nJ": 1e3, "pJ": 1.0, "cycles": 1.0}


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Folders of the same network on each chip."""
    folder = tmp_path_factory.mktemp("runs")
    (folder / "net.yaml").write_text(yaml.safe_dump(NETWORK, sort_keys=False))
    for chip in CHIPS:
        mapping = "generated" if chip in ("ascend_like", "edge_tpu_like") else None
        arguments = ["evaluate", str(folder / "net.yaml"), "--arch", chip, "-o", str(folder / chip), "--lpf-limit", "2"]
        assert run([*arguments, "--no-cache", *(["--mapping", mapping] if mapping else [])]) == 0
    return {chip: folder / chip for chip in CHIPS}


def result(folder: Path) -> Document:
    return json.loads((folder / "result.json").read_text())


def pair(runs: dict[str, Path], first: str, second: str) -> Pair:
    return onnx2zz.compare(runs[first], runs[second]).pairs[0]


@pytest.mark.parametrize(("first", "second"), PAIRS)
def test_differences_add_up_to_the_gap(runs: dict[str, Path], first: str, second: str) -> None:
    totals = [result(runs[chip])["total"] for chip in (first, second)]
    for found, key in zip(pair(runs, first, second).explanations, ("energy_pj", "latency_cycles"), strict=True):
        assert found.gap == totals[1][key] - totals[0][key]
        scale = max(total[key] for total in totals)
        assert math.fsum(one.gap for one in found.differences) == pytest.approx(found.gap, abs=1e-6 * scale)
        told = math.fsum(cause.gap for cause in found.causes)
        assert told + found.rest == pytest.approx(found.gap, abs=1e-6 * scale)
        assert abs(told - found.gap) <= 0.1 * abs(found.gap) + 1e-6 * scale


def at_place(document: Document, place: str, operand: str, other: Document) -> float:
    """What a run spends at a place, from its file alone: by the names that a sentence uses."""
    names, theirs = list(document["hardware"]["memories"]), list(other["hardware"]["memories"])
    alike = names[-1] == theirs[-1]
    below = {name for name in names if name not in theirs} - {names[-1]} | {n for n in names[:-1] if n == theirs[-1]}
    total = 0.0
    for layer in document["layers"]:
        broken = layer["breakdown"]
        if place == "operations":
            total += broken["operation_energy_pj"]
        for level in broken["memory_energy"]:
            name = level["memory"]
            called = (
                "the highest memory"
                if name == names[-1] and not alike
                else "the memories below the highest"
                if name in below
                else name
            )
            total += level["energy_pj"] if (called, level["operand"]) == (place, operand) else 0.0
    return total


CAUSE = re.compile(
    r"  (?P<sign>[+-])(?P<gap>[\d.,]+) (?P<unit>\w+) \((?P<share>-?\d+)% of it\): (?:(?P<operand>.+?) at )?"
    r"(?P<place>[\w ]+?)(?: \(.*?\))?, (?P<first>[\d.,]+ \w+) to (?P<second>[\d.,]+ \w+)(?:;|$)"
)
OPERANDS = {"weights": "W", "inputs": "I", "outputs and partial sums": "O", None: ""}


def read(text: str) -> float:
    number, unit = text.split()
    return float(number.replace(",", "")) * UNITS[unit]


@pytest.mark.parametrize(("first", "second"), PAIRS)
def test_each_number_of_a_sentence_is_that_of_the_files(runs: dict[str, Path], first: str, second: str) -> None:
    mine, theirs = result(runs[first]), result(runs[second])
    lines = pair(runs, first, second).sentences
    start = next(n for n, line in enumerate(lines) if line.startswith("energy: B takes"))
    gap = theirs["total"]["energy_pj"] - mine["total"]["energy_pj"]
    compared = 0
    for line in lines[start + 1 :]:
        if not line.startswith("  "):
            break
        found = CAUSE.match(line)
        if found is None:
            assert "smaller differences" in line
            continue
        place, operand = found["place"], OPERANDS[found["operand"]]
        ends = at_place(mine, place, operand, theirs), at_place(theirs, place, operand, mine)
        assert (read(found["first"]), read(found["second"])) == pytest.approx(ends, rel=1e-3)
        assert float(f"{found['sign']}1") * read(f"{found['gap']} {found['unit']}") == pytest.approx(
            ends[1] - ends[0], rel=1e-3
        )
        assert int(found["share"]) == pytest.approx(100 * (ends[1] - ends[0]) / gap, abs=0.51)
        compared += 1
    assert compared


def test_who_wins_is_said_with_the_ratio(runs: dict[str, Path]) -> None:
    mine, theirs = (result(runs[chip])["total"] for chip in ("seneca", "tpu_like"))
    times = mine["latency_cycles"] / theirs["latency_cycles"]
    assert times > 1
    said = pair(runs, "seneca", "tpu_like").sentences
    cycles = [f"{total['latency_cycles']:,.0f} cycles" for total in (mine, theirs)]
    assert f"latency: A {cycles[0]}, B {cycles[1]}: B wins, {times:.3g} times less" in said
    assert "note: unequal arrays: A 8 units, B 1,024 units" in said
    assert any(line.startswith("note: unequal clocks: A 500 MHz, B not told") for line in said)


def test_the_same_run_twice_has_no_difference(runs: dict[str, Path]) -> None:
    said = pair(runs, "seneca", "seneca").sentences
    assert said[-2:] == ["energy: no difference", "latency: no difference"]
    assert all(line.endswith(": equal") for line in said[:-2])


def test_other_widths_and_layers_are_said(runs: dict[str, Path], tmp_path: Path) -> None:
    wide = [{**layer, "operand_precision": {**layer["operand_precision"], "I": 16}} for layer in NETWORK[:2]]
    (tmp_path / "wide.yaml").write_text(yaml.safe_dump(wide, sort_keys=False))
    assert (
        run(["evaluate", str(tmp_path / "wide.yaml"), "--arch", "seneca", "-o", str(tmp_path), "--lpf-limit", "2"]) == 0
    )
    said = onnx2zz.compare(runs["seneca"], tmp_path).pairs[0].unequal
    assert said[0].startswith("different models: A ") and "net.yaml, B " in said[0] and said[0].endswith("wide.yaml")
    assert "1 layer only in A: L2_fc" in said
    assert any(
        line.startswith("2 layers have tensors of another size or precision: I of L0_stem is A ") for line in said
    )


def repeating(run: Document, times: int, block: bool) -> Document:
    """A run whose second and third layer come so many times, as a run with or without that block."""
    stem, *own = run["layers"]
    again = [{**layer, "name": f"{layer['name']}_{number}"} for number in range(times) for layer in own]
    total = {**run["total"]}
    for key in ("energy_pj", "latency_cycles"):
        total[key] = stem[key] + times * sum(layer[key] for layer in own)
    blocks = [{"first": 1, "layers": len(own), "times": times}]
    return {**run, "layers": [stem, *again], "total": total, **({"blocks": blocks} if block else {})}


def test_layers_that_both_repeat_are_told_once(
    runs: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for chip in ("seneca", "tpu_like"):
        (tmp_path / f"{chip}.json").write_text(json.dumps(repeating(result(runs[chip]), 5, True)))
    (tmp_path / "apart.json").write_text(json.dumps(repeating(result(runs["tpu_like"]), 5, False)))
    first, second, apart = (str(tmp_path / f"{name}.json") for name in ("seneca", "tpu_like", "apart"))

    assert run(["compare", first, second]) == 0
    said = capsys.readouterr().out
    told = re.search(r"weights at .*; in 5 x L2_fc_0 \+([\d.]+ \w+)", said)
    energy = [result(runs[chip])["layers"][2]["breakdown"]["memory_energy"] for chip in ("seneca", "tpu_like")]
    highest = [sum(one["energy_pj"] for one in own if (one["operand"], one["memory"]) == ("W", top))
               for own, top in zip(energy, ("shared_memory", "dram"), strict=True)]  # fmt: skip
    assert told and read(told[1]) == pytest.approx(5 * (highest[1] - highest[0]), rel=1e-3)
    assert "L2_fc_1" not in said

    assert run(["compare", first, second, "--full"]) == 0
    said = capsys.readouterr().out
    assert all(f"L2_fc_{number} " in said for number in range(5)) and "5 x " not in said
    assert " more" not in said.partition("energy: B takes")[2].replace("J more than A", "").replace(
        "cycles more than A", ""
    )

    # Only one of the two repeats them: what stands for a layer must be the same layer in both.
    assert run(["compare", first, apart]) == 0
    assert "5 x " not in capsys.readouterr().out


def test_several_runs_are_each_beside_the_first(runs: dict[str, Path], capsys: pytest.CaptureFixture[str]) -> None:
    folders = [str(runs[chip]) for chip in ("seneca", "tpu_like", "eyeriss_like")]
    assert run(["compare", *folders]) == 0
    said = capsys.readouterr().out.splitlines()
    assert [line[:2] for line in said[:3]] == ["A:", "B:", "C:"]
    assert "B beside A" in said and "C beside A" in said
    assert any(line.startswith("latency: C takes") for line in said)


def test_json_has_every_part(runs: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folders = [str(runs[chip]) for chip in ("seneca", "eyeriss_like")]
    assert run(["compare", *folders, "--json", str(tmp_path / "c.json")]) == 0
    written = json.loads((tmp_path / "c.json").read_text())
    capsys.readouterr()
    assert run(["compare", *folders, "--json", "-"]) == 0
    assert json.loads(capsys.readouterr().out) == written == onnx2zz.compare(*folders).to_dict()
    (found,) = written["pairs"]
    for objective in ("energy", "latency"):
        parts = found[objective]["differences"]
        assert math.fsum(one["second"] - one["first"] for one in parts) == pytest.approx(found[objective]["gap"])
    assert {one["layer"] for one in found["energy"]["differences"]} == {layer.get("name") for layer in NETWORK}


def test_python_takes_what_evaluate_returned(runs: dict[str, Path]) -> None:
    found: list[Evaluation] = [
        onnx2zz.evaluate(runs["seneca"].parent / "net.yaml", chip, lpf_limit=2) for chip in ("seneca", "tpu_like")
    ]
    compared: Comparison = onnx2zz.compare(*found)
    assert compared.pairs[0].sentences == pair(runs, "seneca", "tpu_like").sentences


def test_all_files_that_cannot_be_read_are_said(tmp_path: Path) -> None:
    with pytest.raises(InputError) as raised:
        onnx2zz.compare(tmp_path / "a.json", tmp_path)
    assert [str(problem).split(":")[0] for problem in raised.value.problems] == [
        str(tmp_path / "a.json"),
        str(tmp_path / "result.json"),
    ]


def test_an_incomplete_run_wins_nothing(
    runs: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lacking = result(runs["tpu_like"])
    lacking["layers"][1] |= {"error": "no mapping", "energy_pj": None, "latency_cycles": None}
    lacking["total"]["incomplete"] = True
    (tmp_path / "b.json").write_text(json.dumps(lacking))
    assert run(["compare", str(runs["seneca"]), str(tmp_path / "b.json")]) == 3
    said = capsys.readouterr().out
    assert "B wins" not in said and "nobody wins, and no gap is explained" in said


def test_a_system_is_compared_with_one_core(tmp_path: Path) -> None:
    """What both tell: the latency as a whole, and the energy of cores, links and off-chip memory."""
    for chip in ("seneca", "seneca_2x2"):
        assert run(["evaluate", "lenet5", "--arch", chip, "-o", str(tmp_path / chip), "--lpf-limit", "2"]) == 0
    one, many = (result(tmp_path / chip) for chip in ("seneca", "seneca_2x2"))
    energy, latency = onnx2zz.compare(tmp_path / "seneca", tmp_path / "seneca_2x2").pairs[0].explanations
    assert [part.place for part in latency.differences] == ["the whole run"]
    by_place = {part.place: part for part in energy.differences if part.place != "cores"}
    assert set(by_place) == {"links", "the off-chip memory"}
    dram = [
        m["energy_pj"] for x in one["layers"] for m in x["breakdown"]["memory_energy"] if m["memory"] == "shared_memory"
    ]
    assert by_place["the off-chip memory"].first == pytest.approx(sum(dram))
    assert by_place["the off-chip memory"].second == many["system"]["energy"]["offchip_pj"]
    assert math.fsum(part.gap for part in energy.differences) == pytest.approx(energy.gap)


def test_runs_beyond_the_alphabet_have_labels_too(runs: dict[str, Path]) -> None:
    many = [runs["seneca"]] * 28
    assert [label(number) for number in (0, 25, 26, 27, 51, 52)] == ["A", "Z", "AA", "AB", "AZ", "BA"]
    found = onnx2zz.compare(*many)
    assert [pair.labels for pair in found.pairs][-2:] == [("A", "AA"), ("A", "AB")]
    assert sum(line.startswith("AB: ") for line in found.lines) == 1


def test_a_pipeline_says_that_it_is_one_and_its_interval(tmp_path: Path) -> None:
    for kind in ("layers", "pipeline"):
        options = ["--schedule", kind, "-o", str(tmp_path / kind), "--lpf-limit", "2"]
        assert run(["evaluate", "lenet5", "--arch", "seneca_2x2", *options]) == 0
    said = onnx2zz.compare(tmp_path / "layers", tmp_path / "pipeline").pairs[0].sentences
    assert any(line.startswith("note: unlike schedules: A layers, B pipeline") for line in said)
    twice = onnx2zz.compare(tmp_path / "pipeline", tmp_path / "pipeline").pairs[0].sentences
    interval = result(tmp_path / "pipeline")["system"]["pipeline"]["interval_cycles"]
    assert f"interval: A {interval:,.0f} cycles, B {interval:,.0f} cycles: equal" in twice


CYCLES = {"computing": "steps", "waiting for memories": "stalls", "filling": "filling", "draining": "draining"}
MOST_IN = re.compile(r"(?P<layer>L\w+) (?P<sign>[+-])(?P<gap>[\d.,]+(?: \w+)?)")


@pytest.mark.parametrize(("first", "second"), PAIRS)
def test_each_share_of_the_latency_is_that_of_the_files(runs: dict[str, Path], first: str, second: str) -> None:
    """What the cycles go to, and in which layers, recomputed from both results."""
    mine, theirs = result(runs[first]), result(runs[second])
    gap = theirs["total"]["latency_cycles"] - mine["total"]["latency_cycles"]
    lines = pair(runs, first, second).sentences
    start = next((n for n, line in enumerate(lines) if line.startswith("latency: B takes")), None)
    if start is None:
        assert gap == 0
        return
    compared = 0
    for line in lines[start + 1 :]:
        found = CAUSE.match(line)
        if found is None:
            assert "smaller differences" in line
            continue
        key = CYCLES[found["place"]]
        by_layer = {
            one["name"]: other["breakdown"]["cycles"][key] - one["breakdown"]["cycles"][key]
            for one, other in zip(mine["layers"], theirs["layers"], strict=True)
        }
        total = math.fsum(by_layer.values())
        assert float(f"{found['sign']}1") * read(f"{found['gap']} {found['unit']}") == pytest.approx(total, abs=0.51)
        assert int(found["share"]) == pytest.approx(100 * total / gap, abs=0.51)
        ends = (math.fsum(one["breakdown"]["cycles"][key] for one in run["layers"]) for run in (mine, theirs))
        assert [read(found["first"]), read(found["second"])] == [pytest.approx(end, abs=0.51) for end in ends]
        named = list(MOST_IN.finditer(line.partition("most in")[2]))
        for one in named:
            told = float(f"{one['sign']}1") * float(one["gap"].split()[0].replace(",", ""))
            assert told == pytest.approx(by_layer[one["layer"]], abs=0.51)
        compared += 1
    assert compared


@pytest.mark.parametrize(
    ("cycles", "told"),
    [
        ((58880, 58874), "latency: A 58,880 cycles, B 58,874 cycles: B wins, 0.01% less"),
        ((5000, 4900), "latency: A 5,000 cycles, B 4,900 cycles: B wins, 1.02 times less"),
        ((2, 7731), "latency: A 2 cycles, B 7,731 cycles: A wins, 3,866 times less"),
    ],
)
def test_ratios_are_told_so_that_they_say_something(cycles: tuple[int, int], told: str) -> None:
    """Neither `1 times less` nor `3.87e+03 times less`."""
    runs = [{"total": {"energy_pj": 5.0, "latency_cycles": each}} for each in cycles]
    assert verdicts(runs[0], runs[1], ("A", "B"))[1] == told


@pytest.mark.parametrize(
    ("change", "lacking"),
    [
        ('{"total": {}}', "total.energy_pj, a number"),
        ('{"total": {"energy_pj": 1, "latency_cycles": "2"}}', "total.latency_cycles, a number"),
        ('{"total": 3}', "total.energy_pj, a number"),
        ('{"layers": 3}', "layers, a list"),
        ('{"layers": [3]}', "the name of layers[0]"),
        ('{"layers": [{"name": "L0", "energy_pj": 1.0, "breakdown": {}}]}', "energy_pj or latency_cycles of layers[0]"),
        ('{"opt": null}', "opt, a text"),
    ],
)
def test_json_that_is_no_result_is_refused_in_a_sentence(change: str, lacking: str, tmp_path: Path) -> None:
    whole: Document = dict.fromkeys(("model", "accelerator", "opt", "zigzag", "onnx2zz"), "x")
    whole |= {"total": {"energy_pj": 1.0, "latency_cycles": 2.0}, "layers": []}
    (tmp_path / "a.json").write_text(json.dumps({**whole, **json.loads(change)}))
    with pytest.raises(InputError, match=f"no result of an evaluation: it lacks {re.escape(lacking)}; "):
        onnx2zz.compare(tmp_path / "a.json", tmp_path / "a.json")
