"""What the reader of Python files makes of expressions and statements, held against Python itself."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onnx2zz.conversion.python.statements import read_python
from onnx2zz.conversion.python.values import Unknown, is_dict, items_of

NUMBERS = st.one_of(st.integers(-9, 99).map(str), st.sampled_from(("0.5", "3.25", "1e3")))


def expressions() -> st.SearchStrategy[str]:
    """Arithmetic as texts, divisions by zero among it."""
    return st.recursive(
        NUMBERS,
        lambda inner: st.one_of(
            st.tuples(inner, st.sampled_from(("+", "-", "*", "/", "//", "%")), inner).map(lambda t: f"({' '.join(t)})"),
            st.tuples(inner, inner, st.sampled_from(("<", ">=", "=="))).map(
                lambda t: f"({t[0]} if {t[0]} {t[2]} {t[1]} else {t[1]})"
            ),
            st.lists(inner, min_size=1, max_size=4).map(lambda items: f"max([{', '.join(items)}])"),
            st.tuples(inner, st.integers(0, 3)).map(lambda t: f"sum([{t[0]} * i for i in range({t[1]}) if i != 1])"),
        ),
        max_leaves=8,
    )


@given(expressions())
def test_arithmetic_is_pythons(text: str) -> None:
    found = read_python("f.py", f"x = {text}").names["x"]
    try:
        expected = eval(text)
    except ZeroDivisionError:
        assert isinstance(found, Unknown)
        return
    assert found == expected
    assert type(found) is type(expected)


PROGRAM = """
import math
from copy import deepcopy
sizes = {"a": 3, "b": 5}
sizes["c"] = 7
total = 0
for name, size in sizes.items():
    if size == 5:
        continue
    total += size * len(name)
def area(width, height=4, *rest, scale=1, **named):
    if width > height:
        return scale * width
    return named.get("extra", 0) + scale * height + len(rest)
areas = [area(3), area(9, scale=2), area(1, 2, 3, 4, extra=10), area(**{"width": 6})]
first, *_ = [1], 2
kb = lambda n: n * 1024 * 8
text = f"sram_{sizes['a']:02d}_{math.ceil(2.5)}" + "!" * 2
pairs = {k.upper(): (v, v % 2 == 0) for k, v in zip(["x", "y"], (2, 3))}
try:
    tail = text.split("_")[-1][:-1]
finally:
    done = not pairs or "X" in pairs
bits = kb(16) // 2 ** 3
copied = deepcopy(areas)
copied.append(math.prod((2, 3, 7)))
"""


def test_statements_do_what_python_does() -> None:
    """The program run by Python is the oracle."""
    ran: dict[str, object] = {}
    exec(PROGRAM, ran)
    found = read_python("f.py", PROGRAM).names
    for name in ("total", "areas", "text", "pairs", "tail", "done", "bits", "copied"):
        assert found[name] == ran[name], name
    assert ran["bits"] == 16 * 1024 * 8 // 8


def test_nothing_is_executed(tmp_path: "object") -> None:
    """What a file would do to the machine does not happen, and is no fault where no value hangs on it."""
    text = 'import os\nos.system("exit 7")\nopen("x", "w").write("y")\nraise SystemExit(3)\nsize = 3'
    assert read_python("f.py", text).names["size"] == 3


@pytest.mark.parametrize(
    "endless",
    [
        "x = 9 ** 9 ** 9",
        "x = [0] * 10 ** 12",
        "x = range(10 ** 12)",
        "x = 'a' * 10 ** 10",
        "def f(n):\n    return f(n + 1)\nx = f(0)",
        "x = 1\nfor i in range(9000):\n    for j in range(9000):\n        for k in range(9000):\n            x = i",
        "x = f'{1:>999999999}'",
        "x = 1\nwhile True:\n    x = x * 2",
        "x = 2\nfor i in range(9000):\n    x = x * x",
    ],
)
def test_what_computes_for_ever_is_left_unknown(endless: str) -> None:
    assert isinstance(read_python("f.py", endless).names["x"], Unknown)


def test_an_unknown_condition_leaves_what_it_sets_unknown_with_its_line() -> None:
    found = read_python("f.py", "import os\nsize = 3\nkept = 4\nif os.environ['BIG']:\n    size = 5\n").names
    assert isinstance(found["size"], Unknown)
    assert found["size"].line == 4
    assert found["kept"] == 4


def _told(value: object) -> bool:
    """Whether a value, or something in it, is said to be unknown."""
    items = items_of(value) if not is_dict(value) else [*value.values()]
    return isinstance(value, Unknown) or any(map(_told, items or () if not isinstance(value, str) else ()))


@pytest.mark.parametrize(
    "body",
    [
        "if {}: x['a'] = 5",
        "if {}: x.update(a=5)",
        "if {}: x.clear()",
        "for one in x:\n    if {}: continue\n    x[one] = 5",
        "for one in x:\n    if {}: break\n    x[one] = 5",
        "def f():\n    if {}: return\n    x['a'] = 5\nf()",
        "def f(given):\n    given['c'] = 5\nif {}: f(x)",
        "def f(): return 7\nif {}:\n    def f(): return 8\nx = f()",
        "x = 3\nfor x in [4] * len({}): pass",
        "x = 3 if {} == '1' else 4",
        "x = {'c': 1}\nx[{}] = 5",
        "x = []\nx.extend({})",
        "x = x.get({}, 4)",
    ],
)
@pytest.mark.parametrize("unknown", ["os.environ['SIZE']", "os.getenv('SIZE')"])
def test_what_only_a_run_would_tell_is_not_guessed(body: str, unknown: str) -> None:
    text = "import os\nx = {'a': 3, 'b': 4}\n" + body.replace("{}", unknown)
    assert _told(read_python("f.py", text).names["x"])


@pytest.mark.parametrize(
    "text",
    [
        "x = [*[], 3]",
        "x = [*(), *{}]",
        "x = ~5",
        "x = -+3",
        "y = 7\nx, *y = 1, 2\nx = y",
        "x = sorted([2, 3, 1], reverse=True)",
        "x = max([2, -3], key=abs)",
        "x = 'a,b'.split(sep=',')",
        "x = {'a': 1}\nx.update(b=2)",
        "x = [3, 1]\nx.sort()",
        "x = [3, 1]\nx.reverse()",
        "x = [3]\ny = x\ny += [4]",
        "x = {'a': 1, 'b': 2}\ndel x['a']",
        "x = [3, 4]\nfor i in x:\n    if i == 3: break\n    x = 5",
        "x = [a for a, b in zip([3], [4], strict=True)]",
        "x = dict([('a', 3)])",
        "def f(given):\n    given |= {5}\nx = {4}\nf(x)\nx = sorted(x)",
    ],
)
def test_a_value_is_pythons_or_unknown(text: str) -> None:
    """The program run by Python is the oracle; what the reader cannot follow it says."""
    ran: dict[str, object] = {}
    exec(text, ran)
    found = read_python("f.py", text).names["x"]
    assert found == ran["x"] or _told(found)


def test_logarithms_are_pythons() -> None:
    found = read_python("f.py", "import math, numpy as np\nx = int(math.log2(64)) + np.prod([3, 5])").names["x"]
    assert found == math.log2(64) + 15
