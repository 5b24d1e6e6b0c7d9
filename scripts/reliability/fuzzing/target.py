"""The fuzzer's own process: `python -m scripts.reliability.fuzzing.target KIND SECONDS COUNTS FINDINGS`."""

import contextlib
import hashlib
import importlib
import io
import json
import os
import pkgutil
import random
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Generator, Sequence
from pathlib import Path
from unittest.mock import patch

import atheris

with atheris.instrument_imports(include=["onnx2zz"], enable_loader_override=False):
    import onnx2zz
    from onnx2zz.cli import bug
    from onnx2zz.cli import main as command_line

    for module in pkgutil.walk_packages(onnx2zz.__path__, "onnx2zz."):
        importlib.import_module(module.name)

from onnx2zz.formats.shipped_files import find_accelerator
from scripts.reliability.fuzzing.changes import changed_model, changed_yaml
from scripts.reliability.fuzzing.kinds import KINDS, Kind, prepare

PATIENCE_S = 60
MOST_MEMORY_MB = 4096
LONGEST = 20_000
VERDICTS = {0: "answered", 1: "refused", 3: "not priced"}
FORBIDDEN = ("socket.connect", "socket.bind", "subprocess.Popen", "os.system", "os.exec", "pickle.find_class")
"""Audit events of Python that no file may cause."""


class BrokenPromiseError(BaseException):
    """What must not happen; no handler of ours or ZigZag's may swallow it."""


class Target:
    """One kind of file, what became of the inputs so far, and what is kept of those that broke a promise."""

    def __init__(self, kind: Kind, counts: Path, findings: Path) -> None:
        self.kind, self._counts, self._findings = kind, counts, findings
        self.seen: Counter[str] = Counter(inputs=0, findings=0)
        self._known: set[str] = set()
        self._told = time.monotonic()
        self._folder = counts.parent / "work"
        self._folder.mkdir()
        self._watching = False
        prepare(self._folder)
        shutil.copy(find_accelerator("seneca").path, self._folder / "a.yaml")
        os.chdir(self._folder)
        sys.addaudithook(self._audit)

    def __call__(self, data: bytes) -> None:
        """What libFuzzer calls."""
        self.seen["inputs"] += 1
        for command in self.kind.commands:
            try:
                self.seen[self._verdict(data, command)] += 1
            except BrokenPromiseError as broken:
                self._keep(data, command, str(broken))
        if time.monotonic() > self._told + 1:
            self._told = time.monotonic()
            self._counts.write_text(json.dumps(self.seen))

    def _verdict(self, data: bytes, command: Sequence[str]) -> str:
        shutil.rmtree("out", ignore_errors=True)
        Path(self.kind.file).parent.mkdir(exist_ok=True)
        Path(self.kind.file).write_bytes(data)
        before = set(Path().iterdir())
        with _quiet() as trace, _in_time():
            self._watching = True
            try:
                code = command_line.run(command)
            finally:
                self._watching = False
        if code not in VERDICTS:
            raise BrokenPromiseError(f"exit code {code}\n{''.join(trace)}")
        if strange := set(Path().iterdir()) - before - {Path("out")}:
            raise BrokenPromiseError(f"wrote {sorted(map(str, strange))}")
        return VERDICTS[code]

    def _audit(self, event: str, arguments: tuple[object, ...]) -> None:
        if not self._watching:
            return
        if event.startswith(FORBIDDEN):
            raise BrokenPromiseError(f"{event} {arguments!r}"[:500])
        if event == "open" and isinstance(arguments[2], int) and arguments[2] & (os.O_WRONLY | os.O_RDWR):
            place = Path(os.fsdecode(arguments[0])).resolve() if isinstance(arguments[0], str | bytes) else None
            allowed = (self._folder, Path(tempfile.gettempdir()), Path("/dev"))
            if place is not None and not any(place.is_relative_to(folder) for folder in allowed):
                raise BrokenPromiseError(f"writes {place}")

    def _keep(self, data: bytes, command: Sequence[str], what: str) -> None:
        """Each place in the program once."""
        where = [line for line in what.splitlines() if line.strip().startswith("File ")][-1:] or [what]
        name = hashlib.sha256(where[0].encode()).hexdigest()[:12]
        if name in self._known:
            return
        self._known.add(name)
        self.seen["findings"] += 1
        (self._findings / f"{Path(self.kind.file).suffix[1:]}-{name}").write_bytes(data)
        (self._findings / f"{Path(self.kind.file).suffix[1:]}-{name}.txt").write_text(f"{' '.join(command)}\n{what}")


@contextlib.contextmanager
def _quiet() -> Generator[list[str], None, None]:
    """Nothing is printed; yields where the traceback of a bug comes to lie."""
    trace: list[str] = []

    def note(error: Exception) -> None:
        trace.extend(traceback.format_exception(error))

    with (
        contextlib.redirect_stdout(io.StringIO()),
        contextlib.redirect_stderr(io.StringIO()),
        patch.object(bug, "report_bug", note),
    ):
        yield trace


@contextlib.contextmanager
def _in_time() -> Generator[None, None, None]:
    def late(*_: object) -> None:
        raise BrokenPromiseError(f"longer than {PATIENCE_S} s\n{''.join(traceback.format_stack()[-8:])}")

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(PATIENCE_S)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def mutator(kind: Kind, seeds: Sequence[bytes]) -> Callable[[bytes, int, int], bytes]:
    """A quarter of the changes are to bytes, the others to what they stand for; where they stand for nothing any more,
    a whole file is changed instead."""
    change = {"yaml": changed_yaml, "onnx": changed_model}.get(kind.form)

    def mutate(data: bytes, most: int, seed: int) -> bytes:
        chance = random.Random(seed)
        if change is None or chance.random() < 0.25:
            return atheris.Mutate(data, most)
        return change(data, chance, most) or change(chance.choice(seeds), chance, most) or atheris.Mutate(data, most)

    return mutate


def main() -> None:
    """Never returns: libFuzzer ends the process."""
    name, seconds, counts, findings = sys.argv[1:5]
    kind = KINDS[name]
    Path(findings).mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as corpus:
        seeds = kind.seeds()
        for number, seed in enumerate(seeds):
            (Path(corpus) / str(number)).write_bytes(seed)
        target = Target(kind, Path(counts), Path(findings))
        options = [f"-max_total_time={seconds}", f"-max_len={LONGEST}", f"-timeout={2 * PATIENCE_S}"]
        limits = [f"-rss_limit_mb={MOST_MEMORY_MB}", f"-artifact_prefix={findings}/", "-mutate_depth=1"]
        atheris.Setup([sys.argv[0], corpus, *options, *limits], target, custom_mutator=mutator(kind, seeds))
        atheris.Fuzz()


if __name__ == "__main__":
    main()
