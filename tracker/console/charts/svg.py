"""SVG elements: markup whose texts and attributes are escaped, numbers of at most one digit after the point."""

from __future__ import annotations

from collections.abc import Iterable

from markupsafe import Markup, escape

#: Characters that HTML cannot hold, and those that turn text around: what somebody else named must not rearrange a chart.
UNWANTED = {
    *range(0x09),
    0x0B,
    0x0C,
    *range(0x0E, 0x20),
    *range(0x7F, 0xA0),
    *range(0xD800, 0xE000),
    0xFFFE,
    0xFFFF,
}
_REPLACED = dict.fromkeys(UNWANTED, "\ufffd")
#: Elements of SVG that have nothing inside, and need no end tag.
SHAPES = {"circle", "path", "rect"}
#: Attributes whose names Python does not allow as words.
_NAMES = {"class_": "class", "view_box": "viewBox", "aspect": "preserveAspectRatio", "for_": "for"}


def element(name: str, *children: str | Markup | None, **attributes: object) -> Markup:
    """Return an element. Children that are no markup are text; attributes that are None are left out, `_` becomes `-`."""
    inside = "".join(_text(child) for child in children if child is not None)
    opened = "".join(
        f' {_NAMES.get(key) or key.replace("_", "-")}="{_text(number(value) if isinstance(value, float) else value)}"'
        for key, value in attributes.items()
        if value is not None
    )
    if name in SHAPES and not inside:
        return Markup(f"<{name}{opened}/>")  # noqa: S704 - all of it is escaped
    return Markup(f"<{name}{opened}>{inside}</{name}>")  # noqa: S704 - all of it is escaped


def join(parts: Iterable[Markup]) -> Markup:
    return Markup("".join(parts))  # noqa: S704 - each is markup already


def cut(text: str, length: int) -> str:
    """Return the text with at most `length` characters, the last an ellipsis if it was longer."""
    return text if len(text) <= length else text[: length - 1] + "…"


def number(value: float) -> str:
    """Return a coordinate: `12.3`, `12`; never `-0`, never an exponent."""
    text = f"{value:.1f}".removesuffix(".0")
    return "0" if text == "-0" else text


def path(points: Iterable[tuple[float, float] | None]) -> str:
    """Return path data through the points; None is a gap."""
    drawn: list[str] = []
    is_down = False
    for point in points:
        if point is not None:
            drawn.append(f"{'L' if is_down else 'M'}{number(point[0])} {number(point[1])}")
        is_down = point is not None
    return "".join(drawn)


def _text(value: object) -> str:
    """Return text escaped, and markup as it is. A number needs no look at each character."""
    if isinstance(value, Markup):
        return value
    if isinstance(value, int):
        return str(value)
    return str(escape(str(value).translate(_REPLACED)))
