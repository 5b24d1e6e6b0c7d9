"""Dataclasses that went through JSON come back as they were, and nothing else passes for one."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Literal

import pytest

from onnx2zz.files.plain_data import read_as
from tests.json_values import Document


@dataclass(frozen=True)
class Port:
    width: int
    serves: frozenset[str]


@dataclass(frozen=True)
class Memory:
    kind: Literal["sram", "dram"]
    energy: float
    sizes: tuple[tuple[str, int], ...]
    ports: Mapping[str, Port]
    old: bool = False
    next: "Memory | None" = None


INNER: Document = {"kind": "dram", "energy": 2, "sizes": [], "ports": {}}
OUTER: Document = {
    "kind": "sram",
    "energy": 0.1,
    "sizes": [["D1", 4], ["D2", 8]],
    "ports": {"rw": [7, ["I1", "O"]]},
    "next": INNER,
}


def test_what_was_written_comes_back() -> None:
    found = read_as(Memory, OUTER)
    ports = {"rw": Port(7, frozenset(("I1", "O")))}
    assert found == Memory("sram", 0.1, (("D1", 4), ("D2", 8)), ports, False, Memory("dram", 2, (), {}))
    written = {name: value for name, value in asdict(found).items() if name != "ports"}
    portless: Document = {"ports": {}}
    assert read_as(Memory, json.loads(json.dumps(written)) | portless) == read_as(Memory, OUTER | portless)


WRONG: list[tuple[Document, str]] = [
    ({"kind": "rf"}, "'rf'"),
    ({"energy": "1"}, "'1'"),
    ({"energy": True}, "True"),
    ({"sizes": [["D1"]]}, "1 items where 2 are needed"),
    ({"sizes": 3}, "3 where"),
    ({"ports": {"rw": [7.5, []]}}, "7.5"),
    ({"old": 1}, "1 where"),
    ({"next": {}}, "where"),
    ({"another": 1}, "Memory"),
]


@pytest.mark.parametrize(("changed", "said"), WRONG)
def test_what_is_of_another_form_is_refused(changed: dict[str, object], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        read_as(Memory, {**OUTER, **changed})
