"""Which charts are kept as golden files in `charts/`? `.venv/bin/python -m tests.console.chart_examples` writes them anew."""

from __future__ import annotations

from pathlib import Path

from markupsafe import Markup

from tracker.console.charts import (
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

FOLDER = Path(__file__).parent / "charts"
DAYS = ("Thu 12 Nov", "Fri 13 Nov", "Sat 14 Nov", "Sun 15 Nov")
TICKS = ("12 Nov", "13 Nov", "14 Nov", "15 Nov")
HOSTILE = '"><script>alert(1)</script>\u202e&amp;\x00'


def words(value: float) -> str:
    return f"{value:,.10g}"


def chart(*series: Series, is_open: bool = True) -> Chart:
    axis = Axis("Day", DAYS, TICKS, tuple(f"?From={day}&To={day}" for day in range(12, 16)), is_open)
    return Chart("People by day", axis, series, words, "8 – 11 Nov")


def single() -> Chart:
    return chart(Series("People", (31, 27, 43, 12), (27, 31, 20.5, None)))


def several() -> Chart:
    values = ((5, 4, 3, 2), (1, None, 3, 2), (0, 0, 0, 0), (9, 9, 9, 9), (2, 3, 4, 5), (20, 1, 2, 3))
    names = (HOSTILE, "Email", "Search", "A name that is longer than there is room for", "", "Others")
    return chart(*(Series(name, numbers) for name, numbers in zip(names, values, strict=True)))


BARS = (
    FunnelBar("page_view", "286", 1.0, 1.0, "100 %", "–", "–", "85", "", "/a", "/b", "↑ 4 %"),
    FunnelBar(HOSTILE, "201", 0.703, 1.0, "70 %", "70 %", "2 min", "–", "€1,471.00"),
)
COHORTS = (
    ShadedRow(
        "Week of 26 Oct",
        "31",
        (ShadedCell(0.42, "42 %", "13 of 31 came back", "/c"), None, ShadedCell(0, "0 %", is_open=True)),
        "/d",
    ),
    ShadedRow(HOSTILE, "3", (ShadedCell(0.1, "10 %"),), is_total=True),
)
STEPS = (
    PathColumn(
        "1st step",
        "/cart",
        (
            PathEntry("/checkout", 0.56, "56 %", "59", "?w", "/e", is_chosen=True),
            PathEntry("(the visit ended)", 0.44, "44 %", "46", is_value=False),
        ),
    ),
    PathColumn("2nd step", HOSTILE, ()),
)
EXAMPLES: dict[str, Markup] = {
    "funnel": funnel("Funnel", BARS),
    "funnel-small": funnel("Funnel", BARS, "Visits", is_small=True),
    "shaded": shaded("Who came back", "Began", "People", ("Week 1", "2", "3"), COHORTS),
    "columns": columns("Steps after /cart", STEPS),
    "line": line(single()),
    "line-several": line(several()),
    "line-nothing": line(chart(Series("People", (None, None, None, None)))),
    "bars": bars(single()),
    "small": Markup("\n").join(
        (
            sparkline((1, 5, None, 3), "3 in the last of 4 days", True),
            share(0.731),
            grid("Channel by device", ("Email", HOSTILE), ("Desktop", "Phone"), ((31, 4), (None, 0)), words, (("?a", "?b"), ("?c", "?d"))),
        )
    ),
}  # fmt: skip


def written(markup: Markup) -> str:
    """One element a line, so that a difference is seen."""
    return str(markup).replace("><", ">\n<") + "\n"


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for name, markup in EXAMPLES.items():
        (FOLDER / f"{name}.html").write_text(written(markup))
