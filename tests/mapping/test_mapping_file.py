"""A mapping's text is what the YAML library writes of all entries at once, whatever layers are called."""

import yaml
from hypothesis import given
from hypothesis import strategies as st

from onnx2zz.formats.mapping_entry import MappingEntry
from onnx2zz.mapping.mapping_file import mapping_text

NAMES = st.sampled_from(
    ["default", "Conv", "L0_a", "L12_layers.3.q-proj", "L3_yes: no", "L4_" + "x" * 140, "L5_é", "L6_ONNX2ZZ-NAME", "on"]
)
MAPPINGS = st.sampled_from([{"D1": ("K, 32",), "D2": ("C, 3", "FX, 5")}, {"D1": (), "D2": ("OX, 7",)}, None])


@given(st.lists(st.tuples(NAMES, MAPPINGS), max_size=9))
def test_entries_that_are_alike_read_as_they_were_given(
    given: list[tuple[str, dict[str, tuple[str, ...]] | None]],
) -> None:
    entries = [MappingEntry(name, spatial_mapping=unrolled) for name, unrolled in given]
    text = mapping_text(entries, "said\nof it")
    assert text.startswith("# said\n# of it\n")
    assert yaml.safe_load(text) == [entry.document() for entry in entries]
    assert text.count("\n\n- ") == max(len(entries) - 1, 0)
