"""Events of a trace: a counter told at once is what its events are one by one."""

import json
from math import nan

import pytest

from onnx2zz.files.trace_events import Course, counter, process, trace_bytes, trace_text

HELD = [(0.0, 5), (0.1 + 0.2, 1e22), (7, 0.0)]


@pytest.mark.parametrize("values", [HELD, HELD[:1], [], [*HELD, (nan, 3.0)]])
def test_a_counter_told_at_once_is_its_events_one_by_one(values: list[tuple[float, float]]) -> None:
    name = 'memory of "core" 3'
    courses = [Course(name, 2, "bits", values), Course("none", 1, "bits", []), Course("other", 1, "x", HELD[1:])]
    one_by_one = [counter(name, 2, time, {"bits": bits}) for time, bits in values]
    one_by_one += [counter("other", 1, time, {"x": bits}) for time, bits in HELD[1:]]
    about = {"model": "net"}
    whole = trace_text([process(1, "cores"), *one_by_one], about=about)
    assert trace_text([process(1, "cores")], courses, about) == whole
    assert b"".join(trace_bytes([process(1, "cores")], courses, about)) == whole.encode()
    assert len(json.loads(trace_text([], courses))["traceEvents"]) == len(one_by_one)
