"""Schedules made by prices that choosing mappings has found: those that ZigZag's prices make."""

import json
from pathlib import Path
from typing import Any

import pytest

from onnx2zz.formats.mapping_entry import MappingEntry
from onnx2zz.formats.workload_entry import WorkloadEntry
from onnx2zz.mapping.chosen import Choice
from onnx2zz.zigzag.hardware import ArrayAndPorts
from onnx2zz.zigzag.layer_price import SearchedPrice
from tests.system.small_systems import evaluated, system_file

WRITTEN = ("result.json", "schedule.json")


def asks_always(choice: Choice, entry: WorkloadEntry, mapping: MappingEntry, hardware: ArrayAndPorts) -> None:
    return None


def wrong(choice: Choice, entry: WorkloadEntry, mapping: MappingEntry, hardware: ArrayAndPorts) -> SearchedPrice | None:
    """Whole layers of few iterations are said to cost nothing."""
    return SearchedPrice(1.0, float(sum(entry["loop_sizes"])))


def result(folder: Path, patch: pytest.MonkeyPatch) -> tuple[Any, str]:
    # A cache of its own, so that nothing is known from a run before.
    patch.setenv("XDG_CACHE_HOME", str(folder / "cache"))
    arch = system_file(folder / "system", "a row of cores")
    assert evaluated("lenet5", arch, folder, "--mapping", "auto") == 0
    found, schedule = ((folder / name).read_text() for name in WRITTEN)
    document = json.loads(found)
    for layer in document["layers"]:  # whether a price was known before is another question
        del layer["from_cache"]
    return document, schedule


def test_zigzag_is_asked_in_the_end_and_for_everything_where_it_says_something_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known, schedule = result(tmp_path / "known", monkeypatch)
    monkeypatch.setattr("onnx2zz.system.prices.chosen_price", asks_always)
    asked, asked_schedule = result(tmp_path / "asked", monkeypatch)
    monkeypatch.setattr("onnx2zz.system.prices.chosen_price", wrong)
    told, told_schedule = result(tmp_path / "told", monkeypatch)
    now = known.pop("evaluated")
    assert now < asked.pop("evaluated") and now < told.pop("evaluated")
    assert known == asked == told
    assert schedule == asked_schedule == told_schedule
