"""Chrome's trace events, which Perfetto opens: spans on named tracks, and counters. A cycle is shown as a microsecond,
the format's unit. Source: the trace event format, "Complete events", "Counter events" and "Metadata events"."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice

from onnx2zz.files.strict_json import json_items, json_text

Event = dict[str, object]
AT_ONCE = 1000
"""Events that become text together."""


def trace_text(events: Iterable[Event], about: Mapping[str, object] | None = None) -> str:
    """The whole document in a line, with what is told `about` it."""
    return "".join(_pieces(iter(events), about))


def trace_bytes(events: Iterable[Event], about: Mapping[str, object] | None = None) -> Iterator[bytes]:
    """The same in pieces of a file: a large system has millions of events, and the text hundreds of megabytes."""
    return (piece.encode() for piece in _pieces(iter(events), about))


def _pieces(events: Iterator[Event], about: Mapping[str, object] | None) -> Iterator[str]:
    before = '{"traceEvents": ['
    while several := list(islice(events, AT_ONCE)):
        yield before + json_items(several)
        before = ", "
    yield '], "displayTimeUnit": "ms"'
    yield "}\n" if about is None else f', "otherData": {json_text(about)}}}\n'


def process(number: int, name: str) -> Event:
    """The name of a group of tracks."""
    return {"name": "process_name", "ph": "M", "pid": number, "args": {"name": name}}


def track(group: int, number: int, name: str) -> Event:
    """The name of a track."""
    return {"name": "thread_name", "ph": "M", "pid": group, "tid": number, "args": {"name": name}}


def span(name: str, group: int, number: int, start: float, end: float, told: Mapping[str, object]) -> Event:
    """What goes on from one cycle to another on a track, with what is told of it."""
    return {"name": name, "ph": "X", "pid": group, "tid": number, "ts": start, "dur": end - start, "args": told}


def counter(name: str, group: int, time: float, values: Mapping[str, float]) -> Event:
    """Numbers that hold from a cycle on."""
    return {"name": name, "ph": "C", "pid": group, "ts": time, "args": values}
