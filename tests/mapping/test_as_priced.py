"""The mapping as it was priced: stock ZigZag, which has nothing left to search, gives every number again."""

import json
from pathlib import Path
from typing import Any, Unpack

import pytest
import yaml

from onnx2zz.cli.main import run
from onnx2zz.formats.shipped_files import find_accelerator
from tests.small_workloads import strip
from tests.stock import StockOptions, stock_zigzag


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("net.yaml").write_text(yaml.safe_dump(strip(), sort_keys=False))


def evaluated(*options: str) -> dict[str, Any]:
    assert run(["evaluate", "net.yaml", "--json", "found.json", *options]) == 0
    return json.loads(Path("found.json").read_text())


def stock(arch: str, lpf_limit: int, **switches: Unpack[StockOptions]) -> tuple[float, float]:
    files = (find_accelerator(arch).path, Path("priced.yaml"), Path("stock"))
    return stock_zigzag(strip(), *files, lpf_limit=lpf_limit, **switches)[:2]


@pytest.mark.parametrize(
    ("arch", "options"),
    [
        ("edge_tpu_like", ("--mapping", "auto")),
        ("seneca", ("--mapping", "seneca", "--opt", "energy")),
        ("tpu_like", ("--mapping", "generated")),
        ("eyeriss_like", ("--temporal", "even", "--mapping", "auto")),
    ],
)
def test_stock_zigzag_gives_the_numbers_again(arch: str, options: tuple[str, ...]) -> None:
    """With lpf_limit 1, of which no search would find them."""
    found = evaluated("--arch", arch, *options, "--save-mapping", "priced.yaml")
    kind: StockOptions = {"temporal_mapping_type": "even"} if "even" in options else {}
    again = stock(arch, lpf_limit=1, **kind)
    assert again == (found["total"]["energy_pj"], found["total"]["latency_cycles"])


def test_we_give_them_again_too_and_the_file_says_every_loop() -> None:
    found = evaluated("--arch", "tpu_like", "--save-mapping", "priced.yaml")
    again = evaluated("--arch", "tpu_like", "--mapping", "priced.yaml", "--opt", "energy", "--lpf-limit", "1")
    assert again["total"] == found["total"]
    entries = {entry["name"]: entry for entry in yaml.safe_load(Path("priced.yaml").read_text())}
    stem = entries.get("L0_stem", entries["Conv"])
    iterations = 1
    for _, size in stem["temporal_ordering"]:
        iterations *= size
    units = [int(text.split(",")[1]) for pairs in stem["spatial_mapping"].values() for text in pairs]
    for factor in units:
        iterations *= factor
    assert iterations >= 12 * 3 * 28 * 7


@pytest.mark.parametrize("order", [[["OX", "*"]], [["OX", 7], ["C", "*"]], [["FX", "*"], ["C", "*"]]])
def test_a_partly_fixed_order_is_kept_and_the_rest_is_stock_zigzags_best(order: list[list[str | int]]) -> None:
    entry = {"name": "default", "spatial_mapping": {"D1": ["K, 4"]}, "temporal_ordering": order}
    Path("net.yaml").write_text(yaml.safe_dump(strip()[:1], sort_keys=False))
    Path("mine.yaml").write_text(yaml.safe_dump([entry | {"memory_operand_links": {"O": "O", "W": "I2", "I": "I1"}}]))
    found = evaluated("--arch", "seneca", "--mapping", "mine.yaml", "--lpf-limit", "5", "--save-mapping", "priced.yaml")
    files = (find_accelerator("seneca").path, Path("mine.yaml"), Path("stock"))
    energy, latency, _ = stock_zigzag(strip()[:1], *files, lpf_limit=5)
    assert (found["total"]["energy_pj"], found["total"]["latency_cycles"]) == (energy, latency)
    (priced,) = [one for one in yaml.safe_load(Path("priced.yaml").read_text()) if one["name"] == "default"]
    innermost = priced["temporal_ordering"][: len(order)]
    assert all(
        loop == asked and size in (got, "*") for (loop, got), (asked, size) in zip(innermost, order, strict=True)
    )
