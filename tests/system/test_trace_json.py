"""trace.json tells of the same tiles and transfers as schedule.json, joined on a link where they follow closely."""

import json
from collections import Counter
from pathlib import Path

import pytest

from onnx2zz.system import trace_json
from tests.json_values import Document
from tests.system.small_systems import evaluated, system_file


def read(file: Path) -> Document:
    return json.loads(file.read_text())


def test_a_trace_has_every_tile_and_every_bit_of_every_link(tmp_path: Path) -> None:
    assert evaluated("lenet5", system_file(tmp_path / "system", "a mesh"), tmp_path) == 0
    schedule, events = read(tmp_path / "schedule.json"), read(tmp_path / "trace.json")["traceEvents"]
    tracks = {
        event["tid"]: event["args"]["name"].removeprefix("link ")
        for event in events
        if event["ph"] == "M" and event["name"] == "thread_name" and event["pid"] == 2
    }
    bits, busy, carried = Counter[str](), Counter[str](), Counter[str]()
    for event in events:
        if event["ph"] == "X" and event["pid"] == 2:
            bits[tracks[event["tid"]]] += event["args"]["bits"]
            busy[tracks[event["tid"]]] += event["dur"]
            carried[tracks[event["tid"]]] += event["args"]["transfers"]
    assert {link["id"]: link["bits"] for link in schedule["links"] if link["bits"]} == +bits
    for link in schedule["links"]:
        mine = [transfer for transfer in schedule["transfers"] if link["id"] in transfer["links"]]
        assert carried[link["id"]] == len(mine)
        assert abs(busy[link["id"]] - sum(one["end"] - one["start"] for one in mine)) < 1e-6
    tiles = [event for event in events if event["ph"] == "X" and event["pid"] == 1]
    assert sorted((event["tid"], event["ts"]) for event in tiles) == sorted(
        (tile["core"], tile["start"]) for tile in schedule["tiles"]
    )


def test_where_transfers_are_many_rests_are_joined_and_no_bit_is_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = system_file(tmp_path / "system", "a mesh")
    assert evaluated("lenet5", file, tmp_path / "few") == 0
    monkeypatch.setattr(trace_json, "MANY", 0)
    assert evaluated("lenet5", file, tmp_path / "many") == 0
    carried: list[tuple[Counter[str], Counter[str]]] = []
    slices: list[int] = []
    for folder, length in (("few", "dur"), ("many", "busy")):
        events = [
            {**event, **event["args"]}
            for event in read(tmp_path / folder / "trace.json")["traceEvents"]
            if event["ph"] == "X" and event["pid"] == 2
        ]
        bits, busy = Counter[str](), Counter[str]()
        for event in events:
            bits[event["tid"]] += event["bits"]
            busy[event["tid"]] += event[length]
            assert event[length] <= event["dur"]
        carried.append((bits, busy))
        slices.append(len(events))
    assert slices[1] < slices[0]
    assert carried[0][0] == carried[1][0]
    assert all(abs(carried[0][1][link] - carried[1][1][link]) < 1e-6 for link in carried[0][1])
