"""trace.json tells of the same tiles and transfers as schedule.json, joined on a link where they follow closely."""

import json
from collections import Counter
from pathlib import Path

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
