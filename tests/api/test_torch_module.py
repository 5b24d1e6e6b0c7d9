"""A module of PyTorch is compiled as the file that one would export of it, where torch is installed; what it is told
before torch is asked for anything is so everywhere."""

import sys
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

import onnx2zz
from onnx2zz.errors import InputError


@pytest.fixture
def torch() -> Any:
    """The package, which is an extra."""
    pytest.importorskip("onnxscript")
    return pytest.importorskip("torch")


def gated(torch: Any, device: str = "cpu") -> Any:
    """A module with an input by position and one by name: (3, 5) * (5, 7), times a gate; then (7, 2)."""

    class Gated(torch.nn.Module):
        def __init__(self) -> None:
            torch.nn.Module.__init__(self)
            self.wide = torch.nn.Linear(5, 7, device=device)
            self.narrow = torch.nn.Linear(7, 2, device=device)
            self.register_buffer("shift", torch.zeros(7, device=device))

        def forward(self, x: Any, *, gate: Any) -> Any:
            return self.narrow(torch.nn.functional.dropout(self.wide(x) * gate, 0.5, self.training) + self.shift)

    return Gated().eval()


MACS = 3 * 5 * 7 + 3 * 7 * 2


def test_a_module_is_exported_compiled_and_proven(torch: Any) -> None:
    inputs = {"x": torch.zeros(3, 5), "gate": torch.zeros(3, 7)}
    compiled = onnx2zz.compile(gated(torch), inputs)
    assert (compiled.workload.macs, compiled.workload.model) == (MACS, "Gated")
    assert onnx2zz.verify(gated(torch), example_inputs=inputs).ok
    assert onnx2zz.evaluate(gated(torch), "seneca", lpf_limit=2, cache=False, example_inputs=inputs).total.macs == MACS


def test_weights_without_data_are_enough(torch: Any) -> None:
    on_meta = {"x": torch.zeros(3, 5, device="meta"), "gate": torch.zeros(3, 7, device="meta")}
    assert onnx2zz.compile(gated(torch, "meta"), on_meta).workload.macs == MACS


@pytest.mark.parametrize("several", [True, False])
def test_inputs_by_position(torch: Any, several: bool) -> None:
    x = torch.zeros(3, 5)
    assert onnx2zz.compile(torch.nn.Linear(5, 7).eval(), (x,) if several else x).workload.macs == 3 * 5 * 7


def test_training_mode_is_left_for_the_export_and_given_back(torch: Any) -> None:
    module = gated(torch)
    module.train()
    module.narrow.eval()
    with pytest.warns(UserWarning, match="Gated is in training mode"):
        compiled = onnx2zz.compile(module, {"x": torch.zeros(3, 5), "gate": torch.zeros(3, 7)})
    assert "Dropout" not in {node["op"] for node in compiled.coverage["nodes"]}
    assert (module.training, module.wide.training, module.narrow.training) == (True, True, False)


def test_what_torch_cannot_export_is_one_sentence(torch: Any) -> None:
    class Branching(torch.nn.Module):
        def forward(self, x: Any) -> Any:
            return x if x.sum() > 0 else -x

    with pytest.raises(
        InputError, match=r"^Branching: torch.onnx.export cannot export it \([A-Za-z]+: .*\); export it"
    ):
        onnx2zz.compile(Branching().eval(), torch.zeros(3, 5))


class StandIn:
    """What is known of a module before torch is asked for anything."""

    training = False


@pytest.fixture
def stand_in(monkeypatch: pytest.MonkeyPatch) -> StandIn:
    torch = ModuleType("torch")
    vars(torch)["nn"] = SimpleNamespace(Module=StandIn)
    monkeypatch.setitem(sys.modules, "torch", torch)
    return StandIn()


def test_a_module_without_inputs_is_told_what_to_say(stand_in: Any) -> None:
    with pytest.raises(
        InputError, match=r"^StandIn: a module does not say the shapes of its inputs; say example_inputs="
    ):
        onnx2zz.compile(stand_in)


def test_without_the_exporters_package_the_extra_is_named(stand_in: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def installs_nothing(name: str) -> None:
        return None

    monkeypatch.setattr("onnx2zz.api.extras.find_spec", installs_nothing)
    with pytest.raises(InputError, match=r'needs onnxscript, .*pip install "onnx2zz\[torch\]"'):
        onnx2zz.compile(stand_in, ())


def test_a_file_has_no_example_inputs() -> None:
    with pytest.raises(InputError, match=r"^example_inputs: for a torch.nn.Module; .* leave it out"):
        onnx2zz.compile("lenet5", ())
    compiled = onnx2zz.compile("lenet5")
    with pytest.raises(InputError, match="example_inputs: for a model; this one is compiled already"):
        onnx2zz.verify(compiled, example_inputs=())
