"""workload.yaml is the text that the YAML library writes, however it comes about."""

from collections.abc import Sequence

import yaml
from hypothesis import given
from hypothesis import strategies as st

from onnx2zz.emission.workload_text import workload_text
from onnx2zz.formats.workload_entry import WorkloadEntry

NAMES = st.from_regex(r"L[0-9]{1,3}_[A-Za-z0-9_.-]{1,12}", fullmatch=True) | st.text(max_size=6)
SOURCES = st.dictionaries(st.sampled_from(["W", "I"]), st.integers(0, 99), min_size=1)


def entry(number: int, name: str, sources: dict[str, int], width: int) -> WorkloadEntry:
    return {
        "id": number,
        "name": name,
        "operator_type": "Conv",
        "equation": "O[b][k][oy]+=W[k][c][fy]*I[b][c][iy]",
        "dimension_relations": ["iy=1*oy+1*fy"],
        "loop_dims": ["B", "K", "OY", "C", "FY"],
        "loop_sizes": [1, width, 14, 3, 5],
        "operand_precision": {"W": 8, "I": 8, "O": 16, "O_final": 8},
        "operand_source": sources,
        "pr_loop_dims": ["IY"],
        "pr_loop_sizes": [18],
        "padding": [[0, 0]],
    }


@given(st.lists(st.builds(entry, st.integers(0, 500), NAMES, SOURCES, st.sampled_from([7, 9])), max_size=9))
def test_the_text_is_that_of_the_yaml_library(entries: Sequence[WorkloadEntry]) -> None:
    expected = yaml.dump(
        list(entries), Dumper=yaml.CSafeDumper, sort_keys=False, default_flow_style=None, width=1000, allow_unicode=True
    )
    assert workload_text(entries) == expected
