"""Saved answers: a saved report's numbers as a chart and a table, wherever it is shown: alone, pinned, or behind a share link."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Protocol

from flask import request

from tracker.console.charts import MAX_SERIES, line, share, sparkline
from tracker.console.client import NotDone, ask, registry
from tracker.console.current_list import CurrentList
from tracker.console.dimension_words import DimensionWords
from tracker.console.funnel_view import funnel_chart
from tracker.console.journey_question import JOURNEYS, journey_path, read
from tracker.console.number_words import change, measure_name, number_of, written
from tracker.console.offered_steps import OfferedSteps
from tracker.console.paths_view import path_columns
from tracker.console.report_address import HEAD, ReportAddress, where_text
from tracker.console.report_pages import CopyIsBuilt, annotations_of
from tracker.console.report_scope import ReportScope
from tracker.console.retention_view import retention_table
from tracker.console.revenue_view import (
    ATTRIBUTION_COLUMNS,
    CREDITED,
    PRODUCT_COLUMNS,
    attribution_rows,
    product_rows,
)
from tracker.console.trend_chart import trend_chart, unit_of, without_links
from tracker.errors import UNEXPECTED
from tracker.http.message.json_log import log_failure
from tracker.http.message.request_id import KEY as REQUEST_ID
from tracker.registry import CsvStream

Answer = Mapping[str, Any]
#: Rows of a table, of a pinned one, and the columns of one whose command this module does not know.
ROWS, PINNED_ROWS, COLUMNS = 50, 6, 5
#: What a goal is called where none is shown.
A_GOAL = "A goal"


class ReportOfList(Protocol):
    """A saved report of a list, or without a command its overview, as it is shown to people without an account."""

    @property
    def list_id(self) -> int: ...
    @property
    def list_name(self) -> str: ...
    @property
    def currency(self) -> str: ...
    @property
    def name(self) -> str | None: ...
    @property
    def command(self) -> str | None: ...
    @property
    def params(self) -> Mapping[str, Any]: ...


class SavedQuestion:
    """A saved report of a list: the command, and its parameters."""

    def __init__(
        self,
        place: CurrentList,
        command: str,
        params: Mapping[str, Any],
        *,
        is_small: bool,
        with_goals: bool = True,
    ) -> None:
        self.place, self.command, self.params = place, command, params
        self.is_small, self.with_goals = is_small, with_goals
        self.currency = str(place.described["Currency"])
        self.rows = PINNED_ROWS if is_small else ROWS

    @property
    def by(self) -> list[DimensionWords]:
        """The dimensions that it breaks down by."""
        sent = self.params.get("By") or []
        return [DimensionWords(str(each)) for each in (sent if isinstance(sent, list) else [sent])]

    def answer(self, **more: Any) -> dict[str, Any]:
        """Return the command's answer. Raises CopyIsBuilt while there is none."""
        answer: dict[str, Any] = ask(self.command, **{**self.params, **self.place.params, **more})
        if answer.get("Status") == "building":
            raise CopyIsBuilt(answer["Progress"])
        return answer


def shown(
    place: CurrentList,
    command: str,
    params: Mapping[str, Any],
    *,
    is_small: bool = False,
    with_notes: bool = False,
    with_goals: bool = True,
) -> dict[str, Any]:
    """Return what a page shows of a saved report: perhaps a `chart`, the names of `columns`, and `rows`. `with_goals`: goals by their names.

    No row leads anywhere: who may see more opens the report's page. Raises CallRefused, Unanswered, CopyIsBuilt.
    """
    question = SavedQuestion(place, command, params, is_small=is_small, with_goals=with_goals)
    if command == "reports.trend":
        return _trend(question, with_notes)
    return DRAWN.get(command, _lines)(question)


def _trend(question: SavedQuestion, with_notes: bool) -> dict[str, Any]:
    answer, currency = question.answer(), question.currency
    measures = list(dict.fromkeys(each["Measure"] for each in answer["Series"]))
    by = next(iter(question.by), None)
    has_before = any(each["Before"] is not None for each in answer["Series"])
    notes = annotations_of(question.place, answer) if with_notes else []
    chart = _chart(question, answer, measures, by, notes)
    has_line = _has_course(answer) and chart is None
    return {
        "chart": chart,
        "columns": ["Total", *(["Change"] if has_before else []), *(["Trend"] if has_line else [])],
        "names": [by.name if by else "Measure"],
        "rows": [
            _series_row(each, by, currency, has_before, has_line=has_line)
            for each in answer["Series"][: question.rows]
        ],
        "scope": ReportScope.of(answer["Scope"]),
        "annotations": notes,
    }


def _has_course(answer: Answer) -> bool:
    """Whether there is more than a total: one without an interval has nothing to draw."""
    return bool(answer["Times"]) and answer["Interval"] != "none"


def _chart(
    question: SavedQuestion,
    answer: Answer,
    measures: Sequence[str],
    by: DimensionWords | None,
    notes: Sequence[Mapping[str, Any]],
) -> Any:
    """Return the lines of the first measure. A pinned report has them where there is one line alone."""
    if not _has_course(answer) or (question.is_small and len(answer["Series"]) != 1):
        return None
    of_first = [each for each in answer["Series"] if each["Measure"] == measures[0]][:MAX_SERIES]
    title = f"{measure_name(measures[0])} by {answer['Interval']}"
    drawn = trend_chart(
        {**answer, "Series": of_first}, measures[0], question.currency, ReportAddress({}), title, by, notes
    )
    return line(without_links(drawn))


def _series_row(
    series: Answer, by: DimensionWords | None, currency: str, has_before: bool, *, has_line: bool
) -> dict[str, Any]:
    measure, before = series["Measure"], (series["Before"] or {}).get("Total")
    name = by.value_words(series["Value"]) if by else measure_name(measure)
    total, unit = written(measure, series["Total"], currency), unit_of([series["Total"]], currency)
    drawn = sparkline([number_of(each, unit) for each in series["Points"]], f"{name}: {total} in all")
    return {
        "names": [name],
        "cells": [total],
        "change": change(measure, series["Total"], before, currency) if has_before else None,
        "line": drawn if has_line else None,
    }


def _breakdown(question: SavedQuestion) -> dict[str, Any]:
    limit = {"Limit": min(int(question.params.get("Limit", question.rows)), question.rows)}
    answer, by, currency = question.answer(**limit), question.by, question.currency
    sent = question.params.get("Measures", ["people"])
    measures = sent if isinstance(sent, list) else [sent]
    has_before = any(row["Before"] is not None for row in answer["Rows"])
    unit = unit_of([row.get(measures[0]) for row in answer["Rows"]], currency)
    numbers = [number_of(row.get(measures[0]), unit) or 0.0 for row in answer["Rows"]]
    longest = max(numbers, default=0.0)
    return {
        "chart": None,
        "names": [each.name for each in by],
        "columns": [*map(measure_name, measures), *(["Change"] if has_before else [])],
        "rows": [
            {
                "names": [each.value_words(value) for each, value in zip(by, row["Values"], strict=True)],
                "cells": [written(measure, row.get(measure), currency) for measure in measures],
                "change": _changed(row, measures[0], currency) if has_before else None,
                "part": number / longest if longest > 0 else 0.0,
                "share": share(number / longest if longest > 0 else 0.0),
            }
            for row, number in zip(answer["Rows"], numbers, strict=True)
        ],
        "scope": ReportScope.of(answer["Scope"]),
    }


def _changed(row: Answer, measure: str, currency: str) -> Any:
    return change(measure, row.get(measure), (row["Before"] or {}).get(measure), currency)


def _funnel(question: SavedQuestion) -> dict[str, Any]:
    answer, counted = question.answer(), question.params.get("Count", "people")
    names = [each["Name"] for each in answer["Steps"]]
    if not question.with_goals:
        steps = zip(read(question.params["Steps"]), names, strict=True)
        names = [A_GOAL if _is_goal(read(step)) else name for step, name in steps]
    return _drawn(answer, funnel_chart(answer, names, question.currency, counted, is_small=question.is_small))


def _is_goal(step: Any) -> bool:
    """Whether a step is a goal, in any letter case, as commands take it."""
    return isinstance(step, dict) and any(key.lower() == "goalid" for key in step)


def _retention(question: SavedQuestion) -> dict[str, Any]:
    answer = question.answer()
    return _drawn(answer, retention_table(answer, question.params.get("Interval", "week"), "Who came back"))


def _paths(question: SavedQuestion) -> dict[str, Any]:
    answer, direction = question.answer(), question.params.get("Direction", "after")
    around = OfferedSteps({}).words(question.params["Around"])
    return _drawn(answer, path_columns(answer, around, direction))


def _attribution(question: SavedQuestion) -> dict[str, Any]:
    by = question.params.get("By", "channel")
    answer = question.answer(Limit=question.rows)
    rows = attribution_rows(answer["Rows"], question.currency)
    return _listed(question, answer, [CREDITED[by]], ATTRIBUTION_COLUMNS, rows, (0, 2, 3))


def _products(question: SavedQuestion) -> dict[str, Any]:
    answer = question.answer(Limit=question.rows)
    rows = product_rows(answer["Rows"], question.currency)
    return _listed(question, answer, ["Product"], PRODUCT_COLUMNS, rows, (0, 2, 4))


def _drawn(answer: Answer, chart: Any) -> dict[str, Any]:
    return {"chart": chart, "names": [], "columns": [], "rows": [], "scope": ReportScope.of(answer["Scope"])}


def _listed(
    question: SavedQuestion,
    answer: Answer,
    names: list[str],
    columns: Sequence[str],
    rows: Sequence[Answer],
    most_telling: Sequence[int],
) -> dict[str, Any]:
    """Return rows as a table; a pinned one has the most telling columns alone."""
    kept = most_telling if question.is_small else range(len(columns))
    return {
        "chart": None,
        "names": names,
        "columns": [columns[index] for index in kept],
        "rows": [
            {
                "names": [row["name"]],
                "cells": [row["numbers"][index] for index in kept],
                "change": None,
                "share": row["share"],
            }
            for row in rows
        ],
        "scope": ReportScope.of(answer["Scope"]),
    }


#: Reports that are drawn; of others the lines of their tables are shown.
DRAWN: dict[str, Callable[[SavedQuestion], dict[str, Any]]] = {
    "reports.breakdown": _breakdown,
    "reports.funnel": _funnel,
    "reports.retention": _retention,
    "reports.paths": _paths,
    "reports.attribution": _attribution,
    "reports.products": _products,
}


def _lines(question: SavedQuestion) -> dict[str, Any]:
    """Return the lines of the command's table: what there is of a report that has no drawing here."""
    entry = registry().find(question.command)
    if entry is None or CsvStream.media_type not in entry.command.other_media_types:
        return {"chart": None, "names": [], "columns": [], "rows": [], "scope": None}
    stream = ask(question.command, **{**question.params, **question.place.params}, Format="csv")
    text = io.StringIO(b"".join(stream).decode(), newline="")
    stream.close()
    head, *lines = [
        row[:COLUMNS] for row, _ in zip(csv.reader(text), range(question.rows + 1), strict=False)
    ] or [[]]
    return {
        "chart": None,
        "names": head[:1],
        "columns": head[1:],
        "rows": [{"names": row[:1], "cells": row[1:], "change": None} for row in lines],
        "scope": None,
    }


def page_of(place: CurrentList, command: str, params: Mapping[str, Any]) -> str | None:
    """Return the address of the page on which a saved report's question can be changed; None if there is none for it."""
    maker = PAGES_OF.get(command)
    return None if maker is None else place.path + maker(params)


def _head(params: Mapping[str, Any], *more: str) -> dict[str, str]:
    """Return the head of a question, and more of its parameters, as addresses have them."""
    sent = {name: str(params[name]) for name in (*HEAD, *more) if params.get(name)}
    if params.get("MatchWeekday"):
        sent["MatchWeekday"] = "1"
    if params.get("Where"):
        sent["Where"] = where_text(params["Where"])
    return sent


def _explored(params: Mapping[str, Any], **more: str | None) -> str:
    sent = _head(params, "Event", "Interval")
    measures, by = params.get("Measures", "people"), params.get("By") or []
    by = by if isinstance(by, list) else [by]
    names = dict(zip(("By", "Across"), by, strict=False))
    show = measures[0] if isinstance(measures, list) else measures
    return f"/explore{ReportAddress(sent).link(Show=show, **names, **more)}"


def _journey(command: str, params: Mapping[str, Any]) -> str:
    return journey_path(command, params, ReportAddress(_head(params)))


#: Reports that have a page: what its address is made of.
PAGES_OF: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "reports.trend": _explored,
    "reports.breakdown": lambda params: _explored(params, As="table"),
    **{command: partial(_journey, command) for command in JOURNEYS},
}


def tile(place: CurrentList, saved: Mapping[str, Any]) -> dict[str, Any]:
    """Return a pinned report. One that is refused, such as for a goal that is gone or as it takes too long, or that cannot be drawn says
    so and harms no other.
    """
    named = {"name": saved["Name"], "path": f"{place.path}/saved/{saved['SavedReportID']}"}
    try:
        return {**named, **shown(place, saved["Report"], saved["Params"], is_small=True), "fault": None}
    except CopyIsBuilt:  # the list's, of which the page has nothing either
        raise
    except NotDone as refused:
        code, message = refused.rows[0]
    except Exception as failure:  # noqa: BLE001  whatever one of them does, the page is there
        log_failure(request.environ.get(REQUEST_ID), failure)
        code, message = UNEXPECTED.code, UNEXPECTED.message
    return {**named, "fault": f"{message} (error {code})"}
