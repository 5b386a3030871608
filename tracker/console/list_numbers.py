"""List numbers: the six numbers and the course of each list on the page of all lists, as far as there is time to ask."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from tracker.console.charts import sparkline
from tracker.console.client import Unanswered, ask
from tracker.console.number_words import SIX, change, number_of, written
from tracker.console.report_scope import ReportScope
from tracker.console.trend_chart import series_of, unit_of
from tracker.errors import REPORTS_UNAVAILABLE

#: Seconds for all lists of a page. A list for which there was no time left is a link to its own numbers.
SECONDS = 1.5
Rows = list[dict[str, Any]]


class ListNumbers:
    """The rows of the page. `reason` says why there are no numbers at all: `forbidden` or `unavailable`."""

    def __init__(self, lists: Iterable[Mapping[str, Any]]) -> None:
        self.reason = ""
        self.scope: ReportScope | None = None
        self._until = time.monotonic() + SECONDS
        self.rows: Rows = list(self._rows(lists))

    def _rows(self, lists: Iterable[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
        for each in lists:
            has_events = each["LastEventTrackedAt"] is not None
            path = f"/lists/{each['ListID']}"
            yield {
                **each,
                "path": path if has_events else f"{path}/setup",
                **(self._numbers(each) if has_events else {}),
            }

    def _numbers(self, described: Mapping[str, Any]) -> dict[str, Any]:
        """Return the numbers of a list; `progress` while its copy is built; nothing without time or permission."""
        if self.reason or time.monotonic() > self._until:
            return {}
        try:
            answer = ask("reports.trend", ListID=described["ListID"], Measures=list(SIX))
        except Unanswered as failure:
            self.reason = {403: "forbidden", 503: "unavailable"}.get(failure.status, "")
            if not self.reason or (failure.status == 503 and failure.code != REPORTS_UNAVAILABLE.code):
                raise
            return {}
        if answer["Status"] == "building":
            return {"progress": answer["Progress"]}
        self.scope = ReportScope.of(answer["Scope"])
        return {"numbers": [_number(answer, measure) for measure in SIX], "line": _line(answer, self.scope)}


def _number(answer: Mapping[str, Any], measure: str) -> dict[str, Any]:
    series = series_of(answer, measure)[0]
    before, currency = (series["Before"] or {}).get("Total"), unit_of([series["Total"]], "")
    return {
        "value": written(measure, series["Total"], currency),
        "change": change(measure, series["Total"], before, currency),
    }


def _line(answer: Mapping[str, Any], scope: ReportScope) -> Any:
    people = series_of(answer, "people")[0]
    points = [number_of(each, "") for each in people["Points"]]
    return sparkline(points, f"People by {answer['Interval']}, {scope.words}", scope.is_running)
