"""Charts of the console: inline SVG made of numbers, complete without scripts and without a style attribute.

`line` and `bars` draw a `Chart` in a wide and a narrow size with its numbers as a table below; `sparkline`, `share` and `grid`
stand beside numbers that are written out. `funnel`, `shaded` and `columns` are tables and lists, read from top to bottom. Colours come from classes (`static/charts.css`). All functions are pure.
"""

from tracker.console.charts.bar_chart import bars, share
from tracker.console.charts.chart_data import MAX_SERIES, Axis, Chart, ChartNote, Series
from tracker.console.charts.funnel_bars import FunnelBar, funnel
from tracker.console.charts.heat_grid import grid
from tracker.console.charts.line_chart import line
from tracker.console.charts.path_columns import PathColumn, PathEntry, columns
from tracker.console.charts.shaded_table import ShadedCell, ShadedRow, shaded
from tracker.console.charts.sparkline import sparkline

__all__ = [
    "MAX_SERIES",
    "Axis",
    "Chart",
    "ChartNote",
    "FunnelBar",
    "PathColumn",
    "PathEntry",
    "Series",
    "ShadedCell",
    "ShadedRow",
    "bars",
    "columns",
    "funnel",
    "grid",
    "line",
    "shaded",
    "share",
    "sparkline",
]  # fmt: skip
