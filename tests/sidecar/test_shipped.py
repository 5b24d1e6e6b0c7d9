"""The sidecar files that ship: readable, and of one mind with their accelerators."""

import pytest

from onnx2zz.formats.accelerator import read_hierarchy
from onnx2zz.formats.shipped_files import ACCELERATORS, ours, zigzags
from onnx2zz.formats.yaml_source import load_yaml
from onnx2zz.sidecar.reading import SUFFIX, read_sidecar, sidecar_path
from tests.present import present

WITH_SIDECAR = [name for name, path in ours(ACCELERATORS).items() if sidecar_path(path).is_file()]


def test_each_lies_beside_an_accelerator() -> None:
    """Beside ours, or in its place for one of ZigZag's."""
    (folder,) = {path.parent for path in ours(ACCELERATORS).values()}
    names = {path.name.removesuffix(SUFFIX) for path in folder.glob(f"*{SUFFIX}")}
    assert names - set(zigzags(ACCELERATORS)) == set(WITH_SIDECAR) >= {"seneca"}
    assert names & set(zigzags(ACCELERATORS)) == {"aimc", "dimc"}


@pytest.mark.parametrize("name", WITH_SIDECAR)
def test_area_per_bit_times_bits_is_the_accelerators_area(name: str) -> None:
    path = ours(ACCELERATORS)[name]
    hierarchy = read_hierarchy(load_yaml(path))
    sidecar = present(read_sidecar(path, hierarchy))
    for memory in hierarchy.memories:
        figures = sidecar.memories.get(memory.name)
        if figures is not None:
            assert present(figures.um2_per_bit) * present(memory.size) == pytest.approx(memory.raw["area"]), memory.name
