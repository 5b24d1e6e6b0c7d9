"""One time step of a neuron model of NIR, in ONNX's operators: states in, spikes and states out.

Source: the equations of nir 1.0's neuron classes (nir/ir/neuron.py, threshold.py), each derivative over one step of
`DT` (Euler's forward rule).
"""

from collections.abc import Callable, Mapping
from typing import Protocol

import numpy as np

DT = 1e-4
"""Seconds of a step. No loop depends on it."""
SPIKING = ("IF", "LIF", "CubaLIF")
STATEFUL = ("I", "LI", "CubaLI", *SPIKING)
Parameters = Mapping[str, np.ndarray]


class Step(Protocol):
    """What a step is written into."""

    def op(self, kind: str, inputs: list[str], name: str) -> str:
        """A node that makes tensor `name`; the name."""
        ...

    def constant(self, name: str, value: np.ndarray) -> str:
        """A constant of one sample; the name."""
        ...

    def state(self, name: str, shape: tuple[int, ...]) -> str:
        """A state as it was before the step; the name."""
        ...

    def keep(self, name: str, after: str) -> None:
        """What a state is after the step."""
        ...


Neuron = Callable[[Step, str, str, Parameters], str]
"""Writes the step of the neuron of a name on an input; the tensor of its output."""


def _leaky(step: Step, name: str, x: str, rate: np.ndarray, gain: np.ndarray, rest: np.ndarray, of: str) -> str:
    """state + rate * (rest + gain * x - state): a state that leaks towards what its input holds it at."""
    before = step.state(f"{name}/{of}", rate.shape)
    kept = step.op("Mul", [before, step.constant(f"{name}/{of}_kept", 1 - rate)], f"{name}/{of}_decayed")
    given = step.op("Mul", [x, step.constant(f"{name}/{of}_gain", rate * gain)], f"{name}/{of}_driven")
    after = step.op("Add", [kept, given], f"{name}/{of}_after")
    if np.any(rest):
        after = step.op("Add", [after, step.constant(f"{name}/{of}_rest", rate * rest)], f"{name}/{of}_at_rest")
    return after


def _integrated(step: Step, name: str, x: str, r: np.ndarray) -> str:
    gained = step.op("Mul", [x, step.constant(f"{name}/v_gain", DT * r)], f"{name}/v_driven")
    return step.op("Add", [step.state(f"{name}/v", r.shape), gained], f"{name}/v_after")


def _membrane(step: Step, name: str, x: str, given: Parameters, tau: str) -> str:
    return _leaky(step, name, x, DT / given[tau], given["r"], given["v_leak"], "v")


def _current(step: Step, name: str, x: str, given: Parameters) -> str:
    rate = DT / given["tau_syn"]
    after = _leaky(step, name, x, rate, given.get("w_in", np.ones(())), np.zeros(()), "i")
    step.keep(f"{name}/i", after)
    return after


def _fired(step: Step, name: str, v: str, given: Parameters) -> str:
    """A spike where the threshold is passed, and there the reset potential."""
    reset = given.get("v_reset", np.zeros_like(given["v_threshold"]))
    passed = step.op("Greater", [v, step.constant(f"{name}/threshold", given["v_threshold"])], f"{name}/passed")
    step.keep(f"{name}/v", step.op("Where", [passed, step.constant(f"{name}/reset", reset), v], f"{name}/v_reset"))
    return step.op("Cast", [passed], f"{name}/spikes")


def _kept(step: Step, name: str, v: str) -> str:
    step.keep(f"{name}/v", v)
    return v


def _threshold(step: Step, name: str, x: str, given: Parameters) -> str:
    passed = step.op("Greater", [x, step.constant(f"{name}/threshold", given["threshold"])], f"{name}/passed")
    return step.op("Cast", [passed], f"{name}/spikes")


NEURONS: Mapping[str, Neuron] = {
    "Threshold": _threshold,
    "I": lambda step, name, x, given: _kept(step, name, _integrated(step, name, x, given["r"])),
    "IF": lambda step, name, x, given: _fired(step, name, _integrated(step, name, x, given["r"]), given),
    "LI": lambda step, name, x, given: _kept(step, name, _membrane(step, name, x, given, "tau")),
    "LIF": lambda step, name, x, given: _fired(step, name, _membrane(step, name, x, given, "tau"), given),
    "CubaLI": lambda step, name, x, given: _kept(
        step, name, _membrane(step, name, _current(step, name, x, given), given, "tau_mem")
    ),
    "CubaLIF": lambda step, name, x, given: _fired(
        step, name, _membrane(step, name, _current(step, name, x, given), given, "tau_mem"), given
    ),
}
"""How a step of each kind of neuron is written."""
