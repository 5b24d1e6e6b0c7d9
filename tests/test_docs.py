"""The pages on what stands beside ZigZag's numbers: their commands run, and print what they show."""

import re
import shlex
from pathlib import Path

import pytest

from onnx2zz.check.memories import read_hierarchy
from onnx2zz.cli.main import run
from onnx2zz.shipped_files import find_accelerator
from onnx2zz.sidecar.reading import parse_sidecar
from onnx2zz.yaml_source import load_yaml, parse_yaml

DOCS = Path(__file__).parents[1] / "docs"


@pytest.mark.parametrize(("page", "heading"), [("physical", "Beside ZigZag"), ("events", "Event-driven")])
def test_a_command_prints_what_its_page_shows(
    page: str,
    heading: str,
    update_golden: bool,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = DOCS / f"{page}.md"
    text = path.read_text(encoding="utf-8")
    (command,) = re.findall(r"```console\n(.*)\n```", text)
    monkeypatch.chdir(tmp_path)
    assert run(shlex.split(command)[1:]) == 0
    lines = [line.rstrip() for line in capsys.readouterr().out.splitlines()]
    (start,) = (number for number, line in enumerate(lines) if line.startswith(heading))
    shown = "```text\n" + "\n".join(lines[start:]).strip() + "\n```\n"
    place = re.compile(rf"(?<=<!-- {page}:begin -->\n).*?(?=<!-- {page}:end -->)", re.DOTALL)
    if update_golden:
        path.write_text(place.sub(lambda _: shown, text), encoding="utf-8")
    elif place.findall(text) != [shown]:
        pytest.fail(f"docs/{page}.md shows something else: pytest tests/test_docs.py --update-golden")


def test_the_example_of_a_sidecar_is_one() -> None:
    (example,) = re.findall(r"```yaml\n(.*?)```", (DOCS / "physical.md").read_text(encoding="utf-8"), re.DOTALL)
    seneca = read_hierarchy(load_yaml(find_accelerator("seneca").path))
    sidecar = parse_sidecar(parse_yaml(example, "example"), seneca)
    assert (sidecar.clock_mhz, len(sidecar.memories), len(sidecar.corrections)) == (500, 1, 1)
