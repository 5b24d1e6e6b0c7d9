"""What is printed on stdout is what was given."""

import pytest

from onnx2zz.cli.screen import screen


def test_a_name_is_no_picture(capsys: pytest.CaptureFixture[str]) -> None:
    screen().print("L0_:cat:", markup=False, highlight=False)
    assert capsys.readouterr().out == "L0_:cat:\n"
