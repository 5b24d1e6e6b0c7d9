"""Prices of an accelerator whose costs CACTI says: those of the same numbers in the file, never of an older pool."""

import csv
import json
import os
import pickle
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path

import pytest
import yaml

from onnx2zz.cli.main import run as command
from onnx2zz.design_space.plan import plan
from onnx2zz.design_space.reading import read_spec
from onnx2zz.errors import InputError
from onnx2zz.formats.shipped_files import Found, find_mapping
from onnx2zz.pricing.cache_on_disk import Store
from onnx2zz.pricing.inputs import PricedWorkload, load_inputs
from onnx2zz.pricing.price_cache import NoStore, PriceCache
from onnx2zz.pricing.request import EvaluationRequest
from onnx2zz.pricing.resources import Resources
from onnx2zz.pricing.result import Evaluation, as_json
from onnx2zz.pricing.run import evaluate
from onnx2zz.zigzag import cacti, cacti_files
from onnx2zz.zigzag.cacti_costs import MemoryCosts
from onnx2zz.zigzag.cacti_files import POOL
from onnx2zz.zigzag.layer_price import PriceOptions
from tests.cacti_stand_in import asking, costs_of, stand_in, written_down
from tests.json_values import Document
from tests.small_workloads import strip

pytestmark = pytest.mark.skipif(os.name != "posix", reason="the stand-in is a shell script")

SRAM, WIDTH = 8 * 524_288, 2048
EVALUATE = ["evaluate", "net.yaml", "--mapping", "zigzag:tpu_like", "--lpf-limit", "3", "--cache", "cache", "-o", "out"]


@pytest.fixture(autouse=True)
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    folder = stand_in(tmp_path / "cacti_master", tmp_path / "trace")
    monkeypatch.setattr(cacti_files, "cacti_folder", lambda: folder)
    monkeypatch.chdir(tmp_path)
    cacti.costs.cache_clear()
    Path("net.yaml").write_text(yaml.safe_dump(strip()[:3]))
    asking(Path("core.yaml"), sram_2MB={"size": SRAM})
    yield folder
    cacti.costs.cache_clear()


def starts() -> int:
    return len(Path("trace").read_text().split()) if Path("trace").exists() else 0


def priced(file: str, cache: str = "cache") -> Evaluation:
    """As a process of its own would: nothing of an earlier call but what is in the cache."""
    cacti.costs.cache_clear()
    workload = PricedWorkload("strip", "net.yaml", tuple(yaml.safe_load(Path("net.yaml").read_text())))
    with Store(Path(cache), pytest.fail) as memory:
        resources = Resources(store=memory)
        files = Found("core", Path(file)), find_mapping("zigzag:tpu_like")
        return evaluate(
            EvaluationRequest(workload, *files, PriceOptions(lpf_limit=3)), Path("out/zigzag.log"), resources
        )


def prices(evaluation: Evaluation) -> list[Document]:
    return [asdict(layer) | {"from_cache": None} for layer in evaluation.layers]


def test_prices_are_those_of_the_same_costs_in_the_file() -> None:
    by_hand = written_down(Path("by_hand.yaml"), Path("core.yaml"), sram_2MB=costs_of(SRAM, WIDTH))
    assert prices(priced("core.yaml")) == prices(priced(str(by_hand), "other"))


def test_a_change_of_the_pool_is_another_price(program: Path) -> None:
    """What another run left in the pool: 718,708.95 pJ were served where 2,103,635.43 is right."""
    before = priced("core.yaml")
    again = priced("core.yaml")
    assert (before.evaluated, again.evaluated, starts()) == (3, 0, 1)
    pool = yaml.safe_load((program / POOL).read_text())
    entry = {
        "IO_bus_width": WIDTH, "area": 1.5, "bank_count": 1, "cost": {"read_word": 13.25, "write_word": 24.5},
        "ex_rd_port": "1", "ex_wr_port": "1", "memory_type": "sram", "rd_wr_port": "0", "size_bit": SRAM,
        "size_byte": SRAM // 8, "technology": "0.022",
    }  # fmt: skip
    (program / POOL).write_text(yaml.safe_dump({**pool, "mine": entry}))
    after = priced("core.yaml")
    by_hand = written_down(Path("by_hand.yaml"), Path("core.yaml"), sram_2MB=(13250.0, 24500.0, 1.5))
    assert prices(after) == prices(priced(str(by_hand), "other"))
    assert after.total.energy_pj > 1.5 * before.total.energy_pj
    assert (after.evaluated, starts()) == (3, 1)


def test_a_change_of_the_program_is_another_price(program: Path) -> None:
    before = priced("core.yaml")
    (program / "cacti").write_text((program / "cacti").read_text().replace("b / 1e6", "b / 1e5"))
    after = priced("core.yaml")
    read, write, area = costs_of(SRAM, WIDTH)
    (found,) = after.extracted
    assert (found.read_pj, found.area_mm2) == (pytest.approx(10 * read), pytest.approx(area))
    assert replace(found, read_pj=0.0, area_mm2=0.0) == MemoryCosts("sram_2MB", 0.0, write, 0.0)
    assert after.total.energy_pj > before.total.energy_pj and after.evaluated == 3


def refuse(*_: object, **__: object) -> None:
    pytest.fail("nothing was to be asked or built")


def test_a_run_that_finds_everything_starts_nothing_and_builds_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    before = priced("core.yaml")
    monkeypatch.setattr(cacti.PrivateCacti, "get_item", refuse)
    monkeypatch.setattr("onnx2zz.zigzag.accelerator.build_accelerator", refuse)
    assert prices(priced("core.yaml")) == prices(before)


def test_another_process_builds_it_of_the_numbers() -> None:
    price_cache = PriceCache(NoStore())
    workload = PricedWorkload("strip", "net.yaml", tuple(yaml.safe_load(Path("net.yaml").read_text())))
    mapping = find_mapping("zigzag:tpu_like")
    file = load_inputs(workload, Found("core", Path("core.yaml")), mapping, price_cache).accelerator
    sent = pickle.loads(pickle.dumps(file))
    (level,) = [one for one in sent.built.memory_hierarchy.mem_level_list if one.name == "sram_2MB"]
    assert (level.read_energy, level.write_energy) == pytest.approx(costs_of(SRAM, WIDTH)[:2])
    assert starts() == 1


def test_what_was_extracted_is_in_the_json_the_table_and_the_area(capsys: pytest.CaptureFixture[str]) -> None:
    """Areas of CACTI are mm2; the sum over memories and units is um2, as sidecars have it."""
    Path("core.onnx2zz.yaml").write_text("memories: {rf_2B: {um2_per_bit: 2.5}}\n")
    assert command([*EVALUATE, "--arch", "core.yaml"]) == 0
    read, write, area = costs_of(SRAM, WIDTH)
    found = json.loads(Path("out/result.json").read_text())
    assert found["extracted"] == [
        {
            "memory": "sram_2MB",
            "read_pj": pytest.approx(read),
            "write_pj": pytest.approx(write),
            "area_mm2": pytest.approx(area),
        }
    ]
    said = capsys.readouterr().out
    assert "By CACTI  Read [pJ]  Write [pJ]  Area [mm2]" in said
    row = ["sram_2MB", f"{read:,.5g}", f"{write:,.5g}", f"{area:,.5g}"]
    assert row in [line.split() for line in said.splitlines()]
    physical, units, registers = found["total"]["physical"], 32 * 32 * 1, 32 * 32 * 16 * 2.5
    assert physical["zigzag_area_um2"] == pytest.approx(area * 1e6 + units)
    assert physical["area_um2"] == pytest.approx(area * 1e6 + units + registers)


def test_an_accelerator_that_asks_for_nothing_says_nothing_of_it() -> None:
    written_down(Path("by_hand.yaml"), Path("core.yaml"), sram_2MB=costs_of(SRAM, WIDTH))
    evaluation = priced("by_hand.yaml")
    assert "extracted" not in json.loads(as_json(evaluation)) and starts() == 0


def test_every_memory_that_cacti_says_nothing_of_is_named() -> None:
    asking(Path("core.yaml"), sram_2MB={"size": 8 * 48}, rf_128B={"size": 8 * 56}, dram={"mem_type": "hbm"})
    with pytest.raises(InputError) as caught:
        priced("core.yaml")
    registers, sram, dram = list(caught.value.problems)
    assert [problem.where for problem in (registers, sram, dram)] == [
        "core.yaml: memory rf_128B",
        "core.yaml: memory sram_2MB",
        "core.yaml: memory dram",
    ]
    assert "Cache size must >=64" in registers.what
    assert "No match in Cacti memory pool" in dram.what


def test_a_file_that_is_wrong_otherwise_starts_nothing() -> None:
    asking(Path("core.yaml"), sram_2MB={"size": SRAM + 1})
    with pytest.raises(InputError, match="multiple of 8"):
        priced("core.yaml")
    asking(Path("core.yaml"), sram_2MB={"latency": "soon"})
    with pytest.raises(InputError, match="latency"):
        priced("core.yaml")
    assert starts() == 0


def test_cells_of_an_array_that_computes_are_refused() -> None:
    from zigzag import __file__ as package

    document = yaml.safe_load((Path(package).parent / "inputs" / "hardware" / "dimc.yaml").read_text())
    document["memories"]["cells"]["auto_cost_extraction"] = True
    Path("dimc.yaml").write_text(yaml.safe_dump(document))
    with pytest.raises(InputError, match="memory cells: ZigZag cannot read what CACTI says of the cells"):
        priced("dimc.yaml")
    assert starts() == 0


@pytest.mark.parametrize(
    "arguments",
    [
        [*EVALUATE, "--arch", "core.yaml"],
        ["compile", "lenet5", "--arch", "core.yaml", "-o", "out"],
        ["check", "core.yaml"],
        ["check", "core.yaml", "net.yaml", "seneca_mapping.yaml"],
        ["sweep", "sweep.yaml", "--cache", "cache", "-o", "out"],
    ],
)
def test_no_cacti_refuses_the_field_and_starts_nothing(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    Path("sweep.yaml").write_text(yaml.safe_dump({"models": ["lenet5"], "accelerators": ["core.yaml"]}))
    Path("seneca_mapping.yaml").write_bytes(find_mapping("seneca").path.read_bytes())
    assert command([*arguments, "--no-cacti"]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("error: core") and "memory sram_2MB: auto_cost_extraction starts a program, CACTI" in line
    assert "give r_cost, w_cost and area" in line
    assert starts() == 0 and not Path("out").exists()


def test_no_cacti_lets_other_accelerators_pass() -> None:
    assert command([*EVALUATE, "--arch", "zigzag:tpu_like", "--no-cacti"]) == 0
    assert command(["check", "zigzag:tpu_like", "--no-cacti"]) in (0, 1)


def test_a_sweep_that_is_started_again_after_a_change_of_the_pool_prices_anew(program: Path) -> None:
    spec = {"models": ["lenet5"], "accelerators": ["core.yaml", "tpu_like"], "options": {"lpf_limit": 1}}
    Path("sweep.yaml").write_text(yaml.safe_dump(spec))

    def keys() -> list[str]:
        return [run.key for run in plan(read_spec(Path("sweep.yaml")))]

    before = keys()
    assert keys() == before
    with (program / POOL).open("a") as pool:
        pool.write("\n")
    after = keys()
    assert (after[0] == before[0], after[1] == before[1]) == (False, True)


def test_a_sweep_counts_the_area_that_cacti_says() -> None:
    Path("sweep.yaml").write_text(
        yaml.safe_dump({"models": ["lenet5"], "accelerators": ["core.yaml"], "options": {"lpf_limit": 1}})
    )
    assert command(["sweep", "sweep.yaml", "--cache", "cache", "-o", "out", "--jobs", "1"]) == 0
    (row,) = csv.DictReader(Path("out/runs.csv").read_text().splitlines())
    assert float(row["area"]) == pytest.approx(costs_of(SRAM, WIDTH)[2] * 1e6 + 32 * 32 * 1)
