"""Cell words: the number of another report that people were opened from, in a sentence, and the way back to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tracker.console.journey_question import JOURNEYS, journey_path
from tracker.console.offered_steps import OfferedSteps
from tracker.console.paths_view import ENDED, NOT_SET
from tracker.console.report_address import ReportAddress
from tracker.console.retention_view import PERIODS

#: Steps are said by what they are: which goals there are is not looked up for a headline.
_STEPS = OfferedSteps({})
_DEEDS = {"seen": "saw", "in cart": "put into the cart", "bought": "bought"}


def cell_words(cell: Any) -> str:
    """Return what makes somebody one of those in the number: `who left after step 2, add_to_cart`. Faults are the command's to tell."""
    if not isinstance(cell, Mapping):
        return ""
    words = _WORDS.get(str(cell.get("Report")))
    return words(cell) if words else ""


def question_of(cell: Any, head: ReportAddress) -> str:
    """Return the address of the cell's report below its list's."""
    command = str(cell.get("Report")) if isinstance(cell, Mapping) else ""
    return journey_path(command, cell, head) if command in JOURNEYS else head.question()


def _of_funnel(cell: Mapping[str, Any]) -> str:
    steps, number = cell.get("Steps"), cell.get("Step")
    is_named = isinstance(steps, Sequence) and isinstance(number, int) and 0 < number <= len(steps)
    name = f", {_STEPS.words(steps[number - 1])}" if is_named and not isinstance(steps, str) else ""  # type: ignore[index,operator]
    group = f", of {_value(cell['Value'])}" if "Value" in cell else ""
    return f"who {'left after' if cell.get('Is') == 'left' else 'reached'} step {number}{name}{group}"


def _of_retention(cell: Mapping[str, Any]) -> str:
    word = PERIODS.get(str(cell.get("Interval", "week")), PERIODS["week"])[1]
    began = f"who began in the {word} of {cell.get('Cohort')}"
    number = cell.get("Period") or 0
    return f"{began} and came back after {number} {word}{'' if number == 1 else 's'}" if number else began


def _of_paths(cell: Mapping[str, Any]) -> str:
    direction = str(cell.get("Direction", "after"))
    way = cell.get("Path") if isinstance(cell.get("Path"), list) else []
    told = [ENDED.get(direction, NOT_SET) if each is None else str(each) for each in way or []]
    told += ["(others)"] if cell.get("Others") else []
    sign = " → " if direction == "after" else " ← "
    return "on the way " + sign.join([_STEPS.words(cell.get("Around")), *told])


def _of_attribution(cell: Mapping[str, Any]) -> str:
    by = f" by {_value(cell['Value'])}" if "Value" in cell else ""
    return f"who {'bought, brought' if cell.get('Is') == 'bought' and by else 'bought' if cell.get('Is') == 'bought' else 'came'}{by}"


def _of_products(cell: Mapping[str, Any]) -> str:
    return f"who {_DEEDS.get(str(cell.get('Is', 'bought')), 'bought')} {cell.get('Product') or 'any product'}"


def _value(value: Any) -> str:
    return NOT_SET if value is None else str(value) or "(empty)"


_WORDS = {
    "reports.funnel": _of_funnel,
    "reports.retention": _of_retention,
    "reports.paths": _of_paths,
    "reports.attribution": _of_attribution,
    "reports.products": _of_products,
}
