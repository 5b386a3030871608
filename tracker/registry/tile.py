"""Tile: the class of what a plugin shows below "Pinned" on a list's overview, and the numbers that one has."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Final

from tracker.caller import Caller

if TYPE_CHECKING:
    from tracker.services import Services

NAME: Final = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+")
#: The drawings of the console: lines and columns over labels, a line beside each number, bars behind names, a grid of shades.
CHARTS: Final = ("line", "bars", "sparkline", "share", "grid")
#: Reports whose numbers have labels and series.
DRAWN_REPORTS: Final = ("reports.trend", "reports.breakdown")
MAX_TITLE, MAX_TEXT, MAX_LABELS, MAX_SERIES = 60, 200, 400, 5


@dataclass(frozen=True, slots=True)
class TileNumbers:
    """The numbers of a tile: for each name a number, or None, at every label. Raises ValueError for what cannot be drawn."""

    labels: Sequence[str]
    series: Mapping[str, Sequence[float | None]]

    def __post_init__(self) -> None:
        if len(self.labels) > MAX_LABELS or not 1 <= len(self.series) <= MAX_SERIES:
            raise ValueError(f"a tile has up to {MAX_LABELS} labels, and 1 to {MAX_SERIES} series")
        if not all(isinstance(text, str) and len(text) <= MAX_TEXT for text in (*self.labels, *self.series)):
            raise ValueError(f"labels and names of a tile are texts of up to {MAX_TEXT} characters")
        if any(len(values) != len(self.labels) for values in self.series.values()):
            raise ValueError("each series of a tile has a value for every label")
        if not all(_is_number(value) for values in self.series.values() for value in values):
            raise ValueError("the values of a tile are finite numbers or None")


def _is_number(value: object) -> bool:
    if value is None:
        return True
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


class Tile:
    """A tile. Subclass it, fill in the attributes, and name a `report` or write `run`.

    One instance makes the numbers once. `self.caller`, `self.now`, `self.services` and `self.deadline` are those of a
    command. A class whose name starts with an underscore is a parent of tiles, and no tile itself.
    """

    name: ClassVar[str] = ""
    title: ClassVar[str] = ""
    #: How the numbers are drawn: one of CHARTS.
    chart: ClassVar[str] = ""
    #: A report's command with its parameters, without ListID. None: the numbers are those of `run`.
    report: ClassVar[tuple[str, dict[str, Any]] | None] = None

    def __init__(self, caller: Caller, services: Services, now: int, deadline: float | None = None) -> None:
        self.caller, self.services, self.now, self.deadline = caller, services, now, deadline

    def run(self, list_id: int) -> TileNumbers:
        """Return the numbers of a list, which is the caller's own."""
        raise NotImplementedError


def why_no_tile(tile: type[Tile]) -> str | None:
    """Return the reason why this class is no usable tile, or None."""
    return next((reason for reason, is_fine in RULES if not is_fine(tile)), None)


def _is_report(report: object) -> bool:
    if report is None:
        return True
    if not isinstance(report, tuple) or len(report) != 2:
        return False
    return report[0] in DRAWN_REPORTS and isinstance(report[1], dict)


#: The rules of a tile: the reason for refusing it, and the check.
RULES: tuple[tuple[str, Callable[[type[Tile]], bool]], ...] = (
    (
        "name must be lower-case words joined by dots, such as 'shop.baskets'",
        lambda tile: isinstance(tile.name, str) and NAME.fullmatch(tile.name) is not None,
    ),
    (
        f"title must be a text of 1 to {MAX_TITLE} characters",
        lambda tile: (
            isinstance(tile.title, str) and 1 <= len(tile.title.strip()) <= len(tile.title) <= MAX_TITLE
        ),
    ),
    (f"chart must be one of {', '.join(CHARTS)}", lambda tile: tile.chart in CHARTS),
    (
        f"report must be a pair of one of {', '.join(DRAWN_REPORTS)} and its parameters",
        lambda tile: _is_report(tile.report),
    ),
    (
        "a tile has either a report or a run",
        lambda tile: (tile.report is None) is (tile.run is not Tile.run),
    ),
)
