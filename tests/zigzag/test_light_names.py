"""ZigZag's names hash as ZigZag hashes them, and copies of what holds them are as good as ever."""

import pickle
from copy import deepcopy
from hashlib import sha512
from types import ModuleType

import pytest
from zigzag import datatypes
from zigzag.datatypes import LayerDim, LayerOperand, MemoryOperand, OADimension

from onnx2zz.zigzag.light_names import lighten_copies, lighten_hashes

# Here ZigZag may have been imported before us, and then nothing is exchanged.
lighten_copies(datatypes)

NAMES = (LayerDim("K"), LayerOperand("W"), MemoryOperand("I2"), OADimension("D1"))


def by_hand(data: object) -> int:
    return int(sha512(pickle.dumps(data)).hexdigest(), 16)


@pytest.mark.parametrize("data", ["K", "", LayerDim, int, 1, 1.0, True, ("K", 2), ["K"]])
def test_hashes_are_zigzags(data: object) -> None:
    utils = ModuleType("utils")
    vars(utils)["hash_sha512"] = by_hand
    lighten_hashes(utils)
    for _ in range(2):
        assert vars(utils)["hash_sha512"](data) == by_hand(data)


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_its_own_copy_and_its_hash_that_of_its_text_and_class(
    name: LayerDim | LayerOperand | MemoryOperand | OADimension,
) -> None:
    assert hash(name) == hash(by_hand(name.name) ^ by_hand(type(name)))
    copied = deepcopy({name: [name, 3]})
    assert copied == {name: [name, 3]}
    assert deepcopy(name) is name


def test_what_holds_names_is_copied() -> None:
    mapping = {OADimension("D1"): {LayerDim("K"): 4}}
    copied = deepcopy(mapping)
    copied[OADimension("D1")][LayerDim("C")] = 2
    assert mapping == {OADimension("D1"): {LayerDim("K"): 4}}
