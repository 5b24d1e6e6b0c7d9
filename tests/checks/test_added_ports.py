"""`--fix` adds no port that nobody asked for."""

import pytest
import yaml

from onnx2zz.checks.context import Context
from onnx2zz.checks.diagnosis import causes
from onnx2zz.checks.repair import repair, repaired_context
from onnx2zz.formats.yaml_source import parse_yaml
from tests.checks.test_families import ACCELERATOR

READ_ONLY = (
    ACCELERATOR[: ACCELERATOR.index("      - {name: w_port_1, type: write")]
    + ACCELERATOR[ACCELERATOR.index("    served_dimensions: [D1, D2]") :]
)
"""Nothing can be written into the top memory."""


def fixed(decisions: dict[str, str]) -> tuple[list[str], set[str]]:
    """The ports of the top memory after the repair, and the errors that are left."""
    context = Context(accelerator=parse_yaml(READ_ONLY, "a"))
    after = repaired_context(context, repair(context, decisions))
    assert after.accelerator is not None
    ports = yaml.safe_load(after.accelerator.text)["memories"]["top"]["ports"]
    return [port["name"] for port in ports], {one.code for one in causes(after) if one.severity == "error"}


def test_a_second_port_of_the_top_memory_is_for_the_user_to_decide() -> None:
    assert fixed({}) == (["r_port_1"], {"port-direction"})
    assert fixed({"port-direction": "add-port"}) == (["r_port_1", "w_port_1"], set())


@pytest.mark.parametrize("operand", ["I1", "O"])
def test_a_direction_that_a_port_of_the_memory_can_take_is_allocated_to_it(operand: str) -> None:
    text = ACCELERATOR.replace(f'"{operand}, tl", ', "").replace('["I1, tl", ', "[")
    context = Context(accelerator=parse_yaml(text, "a"))
    after = repaired_context(context, repair(context, {}))
    assert causes(context) and not causes(after)
