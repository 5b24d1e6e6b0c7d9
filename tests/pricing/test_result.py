"""The fixed forms of a result."""

import csv
import io
import json

from onnx2zz.pricing.result import Evaluation, LayerResult, Total, as_csv, as_json

PRICED = LayerResult(0, "L0_conv", "Conv", 1234.5, 70.0, 960, 0.75, {"D1": {"K": 6}}, 40.0, "units")
FAILED = LayerResult(1, "L1_pool", "Pooling", error="L1_pool: skipped, with a comma")
RUN = Evaluation("net", "npe", "3.9.1", "0.1.0", "latency", Total(1234.5, 70.0, 960, True), (PRICED, FAILED), 2, 1, 0)


def test_json() -> None:
    document = json.loads(as_json(RUN))
    assert list(document) == [
        *("model", "accelerator", "zigzag", "onnx2zz", "opt", "total", "layers"),
        *("distinct_layers", "evaluated", "edges_added"),
    ]
    assert document["total"] == {"energy_pj": 1234.5, "latency_cycles": 70.0, "macs": 960, "incomplete": True}
    assert document["layers"][0] == {
        "id": 0,
        "name": "L0_conv",
        "operator_type": "Conv",
        "energy_pj": 1234.5,
        "latency_cycles": 70.0,
        "macs": 960,
        "spatial_utilization": 0.75,
        "spatial_mapping": {"D1": {"K": 6}},
        "roofline_cycles": 40.0,
        "bound_by": "units",
        "below_roofline": False,
        "from_cache": False,
        "error": None,
    }
    numbers = ("energy_pj", "latency_cycles", "macs", "spatial_utilization", "spatial_mapping", "roofline_cycles")
    assert all(document["layers"][1][field] is None for field in numbers)
    assert document["layers"][1]["error"] == FAILED.error


def test_csv_is_the_layers_table_with_a_header() -> None:
    first, second = csv.DictReader(io.StringIO(as_csv(RUN)))
    of_the_layer = json.loads(as_json(RUN))["layers"][0]
    assert [name for name in first if name in of_the_layer] == list(of_the_layer)
    assert (first["energy_pj"], json.loads(first["spatial_mapping"])) == ("1234.5", {"D1": {"K": 6}})
    assert (second["energy_pj"], second["spatial_mapping"], second["error"]) == ("", "", FAILED.error)
