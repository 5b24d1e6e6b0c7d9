"""Pieces of an SVG: texts are escaped, attributes are given by their names."""

from html import escape

from onnx2zz.printable import printable

Attribute = str | float


def element(tag: str, inside: str = "", /, **attributes: Attribute) -> str:
    """An element; `inside` is markup. `stroke_width=2` is the attribute stroke-width, `class_` is class."""
    told = "".join(f" {_called(name)}='{escape(str(value))}'" for name, value in attributes.items())
    return f"<{tag}{told}>{inside}</{tag}>" if inside else f"<{tag}{told}/>"


def text(said: str, x: float, y: float, **attributes: Attribute) -> str:
    """A line of text."""
    return element("text", told(said), x=x, y=y, **attributes)


def title(said: str) -> str:
    """What is shown where one points at the element around it."""
    return element("title", told(said))


def told(said: str) -> str:
    """A text as markup."""
    return escape(printable(said))


def drawing(width: float, height: float, inside: str) -> str:
    """A whole file, on white where no page says otherwise."""
    ground = element("rect", width=width, height=height, fill="#ffffff", class_="ground")
    size: dict[str, Attribute] = {"width": width, "height": height, "viewBox": f"0 0 {width} {height}"}
    about: dict[str, Attribute] = {"font_family": "system-ui, sans-serif", "font_size": 12, "class_": "hardware"}
    return element("svg", ground + inside, xmlns="http://www.w3.org/2000/svg", **size, **about) + "\n"


def _called(name: str) -> str:
    return name if name == "viewBox" else name.rstrip("_").replace("_", "-")
