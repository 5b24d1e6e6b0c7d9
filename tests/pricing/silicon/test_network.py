"""Rules that look beyond one layer: how dense what is handed on is, and what lies in whose output path."""

from onnx2zz.formats.workload_entry import WorkloadEntry
from onnx2zz.pricing.event_driven import Activities, Activity
from onnx2zz.pricing.silicon.density import layer_densities, unknown_layers
from onnx2zz.pricing.silicon.output_path import Rider, handed_on, riders


def entry(number: int, kind: str, **sources: int) -> WorkloadEntry:
    return {
        "id": number,
        "name": f"L{number}_{kind.lower()}{number}",
        "operator_type": kind,
        "equation": "O[k]=I[c]*W[k][c]",
        "loop_dims": ["K", "C"],
        "loop_sizes": [3, 4],
        "operand_precision": {"I": 8, "W": 8, "O": 16, "O_final": 8},
        "operand_source": {"I": number, "W": number} | sources,
    }


# conv0 -> pool1 -> conv2 -> add4 -> pool5 -> conv6, conv3 beside conv2
RESIDUAL = (
    entry(0, "Conv"),
    entry(1, "Pooling", I=0),
    entry(2, "Conv", I=1),
    entry(3, "Conv", I=1),
    entry(4, "Add", I=2, W=3),
    entry(5, "Pooling", I=4),
    entry(6, "Conv", I=5),
)


def test_an_output_is_as_dense_as_its_readers_say() -> None:
    found = layer_densities(
        RESIDUAL, {"conv2": {"I": 0.4}, "L3_conv3": {"I": 0.3, "W": 0.5}, "conv6": {"O": 0.1}}, None
    )
    assert found[0] == {"O": 0.4}  # through the pool, an upper bound
    assert found[1] == {"O": 0.4}
    assert found[3] == {"I": 0.3, "W": 0.5}
    assert found[6] == {"O": 0.1}
    assert found[5] == found[4] == {}


def test_what_is_stated_comes_before_what_was_measured() -> None:
    run = Activities("random", {0: Activity({"I": 0.9, "W": 1.0}, 1.0, (), 3), 2: Activity({"I": 0.7}, 1.0, (), 3)})
    found = layer_densities(RESIDUAL, {"conv0": {"I": 0.2}}, run)
    assert found[0] == {"I": 0.2, "W": 1.0, "O": 0.7}


def test_layers_that_the_network_has_not() -> None:
    assert unknown_layers(RESIDUAL, {"conv2": {}, "L2_conv2": {}, "conv9": {}}) == ("conv9",)


def test_riders_and_their_hosts() -> None:
    """The addition takes what is made last; the other operand waits in memory."""
    riding = riders(RESIDUAL, ("Add", "Pooling"))
    assert riding == {1: Rider(0, 0, "I"), 4: Rider(3, 3, "W"), 5: Rider(3, 4, "I")}
    assert handed_on(RESIDUAL, riding) == {0, 3, 4}


def test_only_the_types_that_the_path_has() -> None:
    assert riders(RESIDUAL, ("Pooling",)) == {1: Rider(0, 0, "I")}
    assert riders(RESIDUAL, ()) == {}


def test_a_result_that_others_read_still_goes_to_memory() -> None:
    also = (*RESIDUAL, entry(7, "Gemm", I=3))
    assert handed_on(also, riders(also, ("Add",))) == set()
