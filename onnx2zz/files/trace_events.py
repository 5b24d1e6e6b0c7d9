"""Chrome's trace events, which Perfetto opens: spans on named tracks, and counters. A cycle is shown as a microsecond,
the format's unit. Source: the trace event format, "Complete events", "Counter events" and "Metadata events"."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from onnx2zz.files.strict_json import json_items, json_numbers, json_text

Event = dict[str, object]
About = Mapping[str, object]
AT_ONCE = 1000
"""Events that become text together."""


@dataclass(frozen=True)
class Course:
    """A counter over time: `values` has each cycle and the number of `what` that holds from it on."""

    name: str
    group: int
    what: str
    values: Sequence[tuple[float, float]]

    @property
    def text(self) -> str:
        """Its events with commas between: there are millions of them, all but two numbers of each alike."""
        head = f'{{"name": {json.dumps(self.name)}, "ph": "C", "pid": {self.group}, "ts": '
        between = f', "args": {{{json.dumps(self.what)}: '
        try:
            times = json_numbers([time for time, _ in self.values])
            held = json_numbers([number for _, number in self.values])
        except ValueError:
            return json_items([counter(self.name, self.group, time, {self.what: n}) for time, n in self.values])
        return ", ".join(f"{head}{time}{between}{number}}}}}" for time, number in zip(times, held, strict=True))


def trace_text(events: Iterable[Event], courses: Iterable[Course] = (), about: About | None = None) -> str:
    """The whole document in a line, with what is told `about` it."""
    return "".join(_pieces(iter(events), courses, about))


def trace_bytes(events: Iterable[Event], courses: Iterable[Course] = (), about: About | None = None) -> Iterator[bytes]:
    """The same in pieces of a file: a large system has millions of events, and the text hundreds of megabytes."""
    return (piece.encode() for piece in _pieces(iter(events), courses, about))


def _pieces(events: Iterator[Event], courses: Iterable[Course], about: About | None) -> Iterator[str]:
    before = '{"traceEvents": ['
    while several := list(islice(events, AT_ONCE)):
        yield before + json_items(several)
        before = ", "
    for course in courses:
        if course.values:
            yield before + course.text
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
