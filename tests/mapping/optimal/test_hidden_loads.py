"""Layers that the highest memory's port binds: what is hidden of the first and last loads is known to the last cycle,
so that the best price is proven to be the best."""

import pytest

from onnx2zz.formats.workload_entry import WorkloadEntry
from onnx2zz.mapping.optimal.choice import choose_optimal
from tests.mapping.ground import mapped, terms
from tests.small_workloads import conv

ARCH = "meta_prototype"


def enlarged(g: int, oy: int, ox: int) -> WorkloadEntry:
    """Each value of a map written to 2 x 2 places."""
    return {
        "id": 0,
        "name": "enlarged",
        "operator_type": "Add",
        "equation": "O[b][g][oy][py][ox][px]=I[b][g][oy][ox]*W[]",
        "dimension_relations": [],
        "loop_dims": ["B", "G", "OX", "OY", "PY", "PX"],
        "loop_sizes": [1, g, ox, oy, 2, 2],
        "operand_precision": {"W": 0, "I": 8, "O": 16, "O_final": 8},
        "operand_source": {"W": 0, "I": 0},
    }


@pytest.mark.parametrize(
    ("layer", "why"),
    [
        (conv(0, None, "pointwise", k=192, c=256, oy=10, ox=12, fy=1, fx=1), "weights hide before the results do"),
        (enlarged(16, 5, 3), "the input passes other links, too, while nothing is hidden"),
    ],
)
def test_the_best_price_is_proven(layer: WorkloadEntry, why: str) -> None:
    found = choose_optimal(layer, mapped(layer, ARCH), terms(ARCH, opt="latency"), None, None).certificate
    assert found is not None
    assert (found.left, found.gap) == (0, 0.0), why
