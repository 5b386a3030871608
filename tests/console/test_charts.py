"""Are charts what they were, well-formed whatever is drawn, and made of colours that can be told from their ground?"""

from __future__ import annotations

import math
import re
import sys
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from itertools import combinations, pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markupsafe import Markup

from tests.console.chart_examples import EXAMPLES, FOLDER, chart, several, words, written
from tracker.console.assets import STATIC
from tracker.console.charts import (
    MAX_SERIES,
    Axis,
    Chart,
    FunnelBar,
    PathColumn,
    PathEntry,
    Series,
    ShadedCell,
    ShadedRow,
    bars,
    columns,
    funnel,
    grid,
    line,
    shaded,
    share,
    sparkline,
)
from tracker.console.charts.drawing import MAX_ROWS, apart
from tracker.console.charts.scales import MAX_POINTS, scale, thinned

NAMES = st.text(st.characters(), max_size=40)
FINITE = st.floats(-1e15, 1e15) | st.floats(allow_nan=False, allow_infinity=False)
VALUES = st.one_of(st.none(), FINITE, st.integers(-(10**6), 10**6), st.just(math.nan), st.just(math.inf))
LARGEST = sys.float_info.max
#: What one can see or hear; anything else in a drawing would be somebody's text that got out.
ELEMENTS = {
    "a", "caption", "circle", "desc", "details", "div", "g", "li", "ol", "p", "path", "rect", "span", "summary", "svg", "table", "tbody",
    "td", "text", "th", "thead", "title", "tr", "ul",
}  # fmt: skip


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_chart_is_as_it_was(name: str) -> None:
    """`.venv/bin/python -m tests.console.chart_examples` writes the files; the diff is looked at."""
    assert written(EXAMPLES[name]) == (FOLDER / f"{name}.html").read_text()


@st.composite
def charts(draw: st.DrawFn) -> Chart:
    count = draw(st.sampled_from((0, 1, 2, 3, 30)))
    labels = tuple(draw(st.lists(NAMES, min_size=count, max_size=count)))
    values = st.lists(VALUES, min_size=count, max_size=count).map(tuple)
    series = draw(
        st.lists(
            st.builds(Series, NAMES, values, st.one_of(st.just(()), values)),
            min_size=1,
            max_size=MAX_SERIES + 1,
        )
    )
    paths = (
        tuple(f"?{label.encode('utf-8', 'replace').hex()}" for label in labels) if draw(st.booleans()) else ()
    )
    axis = Axis(draw(NAMES), labels, labels, paths, draw(st.booleans()))
    return Chart(draw(NAMES), axis, tuple(series), words, draw(NAMES))


@given(charts())
def test_any_chart_is_well_formed(drawn: Chart) -> None:
    for markup in (line(drawn), bars(drawn)):
        assert_sound(markup)


@given(st.lists(VALUES, max_size=20), NAMES, st.booleans())
def test_any_sparkline_is_well_formed(values: list[float | None], name: str, is_open: bool) -> None:
    assert_sound(sparkline(values, name, is_open))


@given(st.lists(NAMES, max_size=4), st.lists(NAMES, max_size=4), st.data())
def test_any_grid_is_well_formed(rows: list[str], columns: list[str], data: st.DataObject) -> None:
    row = st.lists(st.none() | FINITE, min_size=len(columns), max_size=len(columns))
    values = data.draw(st.lists(row, min_size=len(rows), max_size=len(rows)))
    assert_sound(grid(data.draw(NAMES), rows, columns, values, words))


PARTS = st.floats(allow_nan=False)
PATHS = st.sampled_from(["", "?a"])
FUNNELS = st.builds(FunnelBar, NAMES, NAMES, PARTS, PARTS, *[NAMES] * 5, PATHS, PATHS, NAMES)
CELLS = st.none() | st.builds(ShadedCell, st.floats(0, 1), NAMES, NAMES, PATHS, st.booleans())
ROWS = st.builds(ShadedRow, NAMES, NAMES, st.lists(CELLS, max_size=3).map(tuple), PATHS, st.booleans())
ENTRIES = st.builds(PathEntry, NAMES, PARTS, NAMES, NAMES, PATHS, PATHS, st.booleans(), st.booleans())
STEPS = st.builds(PathColumn, NAMES, NAMES, st.lists(ENTRIES, max_size=3).map(tuple))


@given(st.lists(FUNNELS, max_size=3), NAMES, st.booleans())
def test_any_funnel_is_well_formed(steps: list[FunnelBar], title: str, is_small: bool) -> None:
    assert_sound(funnel(title, steps, title, is_small=is_small))


@given(st.lists(ROWS, max_size=3), st.lists(NAMES, max_size=4), NAMES)
def test_any_shaded_table_is_well_formed(rows: list[ShadedRow], names: list[str], title: str) -> None:
    drawn = shaded(title, title, title, names, rows)
    assert_sound(drawn)
    widths = {len(row) for row in ElementTree.fromstring(drawn).iter("tr")}
    assert widths == {len(names) + 2}, "each row has a cell for each column"


@given(st.lists(STEPS, max_size=3), NAMES)
def test_any_columns_of_paths_are_well_formed(steps: list[PathColumn], title: str) -> None:
    assert_sound(columns(title, steps))


@given(st.floats())
def test_any_share_is_inside_its_row(part: float) -> None:
    width = re.search(r'width="([^"]+)"', share(part))
    assert width is not None
    assert 0 <= float(width[1]) <= 100


def assert_sound(markup: Markup) -> None:
    """It is one tree of the elements that are ours; no number is none, no style or script came in, every drawing has a name."""
    text = str(markup)
    tree = ElementTree.fromstring(text)
    for element in tree.iter():
        assert element.tag in ELEMENTS
        assert not {name for name in element.attrib if name == "style" or name.startswith("on")}
        coordinates = " ".join(
            element.get(name, "") for name in ("d", "x", "y", "cx", "cy", "width", "height")
        )
        assert not re.search("nan|inf|e", coordinates), coordinates
        assert not element.get("href", "?").startswith("javascript")
    for svg in tree.iter("svg"):
        assert svg.get("aria-hidden") or svg.find("title") is not None
    for svg in (each for each in tree.iter("svg") if any(True for _ in each.iter("a"))):
        assert svg.get("role") == "group", "a picture has no links in it"


def test_the_numbers_are_said_and_stand_in_the_table() -> None:
    tree = ElementTree.fromstring(line(several()))
    cells = [[cell.text for cell in row] for row in tree.iter("tr")]
    assert cells[2] == [None, "4", "–", "0", "9", "3", "1"], "the first is a link"
    assert "highest 20 (Thu 12 Nov)" in (tree.findtext(".//desc") or "")
    assert "Sun 15 Nov is not over." in (tree.findtext(".//desc") or "")


def test_lines_are_told_apart_without_colours() -> None:
    dashes = re.findall(
        r'class="line s\d" d="[^"]*"(?: stroke-dasharray="([^"]*)")?', line(several()).partition("</svg>")[0]
    )
    assert len(dashes) == len(set(dashes)) == MAX_SERIES + 1


def test_a_running_day_is_an_open_dot_and_a_single_one_is_seen() -> None:
    values = (1.0, 2.0, 3.0, 4.0)
    assert "dot open" in line(chart(Series("People", values)))
    assert "dot open" not in line(chart(Series("People", values), is_open=False))
    alone = line(chart(Series("People", (None, 2.0, None, 4.0)), is_open=False)).partition("</svg>")[0]
    assert alone.partition('class="points"')[0].count("<circle") == 2, "a line of one point would be nothing"


def test_many_points_are_thinned_to_the_extremes_of_each_column() -> None:
    values = [float(index % 97) for index in range(10_000)]
    values[5_000], values[7_777] = 1_000.0, -1_000.0
    kept = thinned(values, 200)
    assert len(kept) <= 402
    assert {0, 5_000, 7_777, 9_999} <= set(kept)
    assert thinned(values[:MAX_POINTS], 200) == list(range(MAX_POINTS))
    labels = tuple(map(str, range(10_000)))
    drawn = line(
        Chart("Much", Axis("Hour", labels, labels, labels), (Series("People", tuple(values)),), words)
    )
    assert len(drawn) < 80_000
    assert f"{10_000 - MAX_ROWS:,} more rows are in the CSV." in drawn


def test_the_largest_numbers_there_are_have_a_line() -> None:
    drawn = sparkline((LARGEST, -LARGEST, 0.0), "all there is")
    assert 'd="M3 3L47.5 21L92 12"' in drawn
    assert_sound(line(chart(Series("Sum of price", (1.7e308, -1.7e308, 5e-324, None)))))


@given(FINITE, FINITE.map(abs), st.booleans())
@example(-LARGEST, LARGEST, False)
def test_scales_hold_all_numbers_in_few_round_steps(lowest: float, more: float, is_whole: bool) -> None:
    low, high = min(lowest, 0.0), min(max(lowest + more, 0.0), LARGEST)
    found = scale(low, high, is_whole, 20.0, 200.0)
    assert 2 <= len(found.ticks) <= 6
    unseen = 1e-9 * max(-low, high)
    assert found.lowest <= low + unseen
    assert found.highest >= high - unseen
    assert 19.99 <= found.y(high) <= found.y(low) <= 200.01
    assert not is_whole or all(tick.is_integer() for tick in found.ticks)


@given(st.lists(st.floats(12, 220), min_size=1, max_size=6))
def test_labels_at_the_ends_can_be_read(heights: list[float]) -> None:
    placed = sorted(apart(heights, 13.0, 12.0, 220.0))
    assert all(later - earlier >= 12.99 for earlier, later in pairwise(placed))
    assert placed[0] >= 11.99
    assert placed[-1] <= 220.01


# Colours


def test_series_stand_out_from_their_ground_and_from_each_other() -> None:
    for scheme, ground in enumerate(("#ffffff", "#1a1c22")):
        colours = [pair[scheme] for _, pair in _colours()]
        assert len(colours) == MAX_SERIES + 1
        for colour in colours:
            assert contrast(colour, ground) >= 3, (colour, ground)
        for one, other in combinations(colours, 2):
            for missing in range(3):
                assert distance(seen(one, missing), seen(other, missing)) > 17, (one, other, missing)


def _colours() -> Iterator[tuple[str, tuple[str, str]]]:
    text = (STATIC / "charts.css").read_text()
    for name, light, dark in re.findall(r"--(series-\d): light-dark\((#\w{6}), (#\w{6})\)", text):
        yield name, (light, dark)


def linear(colour: str) -> list[float]:
    parts = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    return [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]


def contrast(one: str, other: str) -> float:
    """The ratio of WCAG."""
    lights = sorted(
        sum(k * part for k, part in zip((0.2126, 0.7152, 0.0722), linear(each), strict=True))
        for each in (one, other)
    )
    return (lights[1] + 0.05) / (lights[0] + 0.05)


#: What is left of a colour without one kind of cone (protan, deutan), after Viénot, Brettel and Mollon (1999); the third sees all.
CONES = (
    ((0.11238, 0.88762, 0.0), (0.11238, 0.88762, 0.0), (0.00401, -0.00401, 1.0)),
    ((0.29275, 0.70725, 0.0), (0.29275, 0.70725, 0.0), (-0.02234, 0.02234, 1.0)),
    ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)),
)


def seen(colour: str, missing: int) -> list[float]:
    parts = linear(colour)
    return [sum(k * part for k, part in zip(row, parts, strict=True)) for row in CONES[missing]]


def distance(one: list[float], other: list[float]) -> float:
    """How far apart two colours look: CIE76 in L*a*b*."""
    return math.dist(lab(one), lab(other))


def lab(colour: list[float]) -> tuple[float, float, float]:
    matrix = ((0.4124, 0.3576, 0.1805), (0.2126, 0.7152, 0.0722), (0.0193, 0.1192, 0.9505))
    white = (0.9505, 1.0, 1.089)
    x, y, z = (
        _cube(sum(k * part for k, part in zip(row, colour, strict=True)) / reference)
        for row, reference in zip(matrix, white, strict=True)
    )
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def _cube(part: float) -> float:
    return max(part, 0.0) ** (1 / 3) if part > 0.008856 else 7.787 * part + 16 / 116
