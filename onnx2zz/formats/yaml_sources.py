"""Write where figures come from into a YAML text, as comments behind them."""

from collections.abc import Mapping

from onnx2zz.files.document import Key
from onnx2zz.formats.yaml_comments import without_comment
from onnx2zz.formats.yaml_source import parse_yaml

Place = tuple[Key, ...]


def with_sources(text: str, path: str, sources: Mapping[Place, str]) -> str:
    """The text with the source of each figure, by the figure's place, behind it. The comment that told another source
    goes, with the lines that continue it; figures of a mapping on one line have their sources above that line."""
    source, lines = parse_yaml(text, path), text.splitlines()
    by_line: dict[int, list[tuple[Place, str]]] = {}
    for place, said in sources.items():
        by_line.setdefault(source.at(*place).line - 1, []).append((place, said))
    # From the end of the text forward, so that the numbers of the lines still to come stay true.
    for number in sorted(by_line, reverse=True):
        told, (bare, continued) = by_line[number], without_comment(lines, number)
        if len(told) == 1 and "{" not in bare:
            lines[number : number + 1 + continued] = [f"{bare} # {told[0][1]}"]
        else:
            indent = " " * (len(lines[number]) - len(lines[number].lstrip()))
            lines[number:number] = [f"{indent}# {place[-1]}: {said}" for place, said in told]
    return "\n".join(lines) + "\n"
