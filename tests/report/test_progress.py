"""What a run tells of itself where nobody sees a bar."""

import pytest

from onnx2zz.report import progress


def test_hundreds_of_tiles_are_not_hundreds_of_lines(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = iter([0.0, *(10 + 0.25 * n for n in range(1000))])
    monkeypatch.setattr(progress.time, "monotonic", lambda: next(clock))
    with progress.progress_on_stderr() as watch:
        for number in range(12):  # one each quarter of a second, from 10 s on
            watch(number, 12, f"L{number}")
        watch(12, 12, "")
        watch(0, 2, "another")
    said = capsys.readouterr().err.splitlines()
    assert [line.split(",")[0] for line in said] == ["1/12 L0", "5/12 L4", "9/12 L8", "1/2 another"]
    # Eleven seconds for four, eight to go.
    assert said[1] == "5/12 L4, about 22 s left"
