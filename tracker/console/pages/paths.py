"""Paths page at `/lists/<id>/paths`: where visits went after a page or an event, or where they came from, column by column."""

from __future__ import annotations

from typing import Any

from flask import render_template

from tracker.console.current_list import CurrentList
from tracker.console.dimension_words import DimensionWords
from tracker.console.journey_question import asked, cell_path, read, step_text, taken_along, text_of
from tracker.console.number_words import plain
from tracker.console.offered_steps import PAGE, PAGE_VIEW, OfferedSteps, offered_steps, page_step
from tracker.console.page_context import Route
from tracker.console.paths_view import path_columns
from tracker.console.report_address import ReportAddress
from tracker.console.report_pages import frame, report, report_page

COMMAND = "reports.paths"
DIRECTIONS = {"after": "after", "before": "before"}
#: What a step can be, in words.
BY = {PAGE: "Page", "Event": "Event"}
DEPTHS, TOPS = ("1", "2", "3", "4", "5"), ("3", "5", "8", "10")


@report_page
def show(place: CurrentList, address: ReportAddress) -> Any:
    params, offered = asked(COMMAND, address), offered_steps(place, address)
    is_suggested = "Around" not in params
    around = params.get("Around") or _suggested(offered)
    direction, by = params.get("Direction", "after"), params.get("By", PAGE)
    params = {"Direction": direction, "By": by, "Depth": "3", "Top": "5", **params, "Around": around}
    way = read(address.args.get("Way", ""))
    answer = report(COMMAND, place, address, **params)
    name = offered.words(around)
    settled = ReportAddress({**address.args, "Around": step_text(around)})
    return render_template(
        "paths.html",
        tab="paths",
        around_text=step_text(around),
        name=name,
        is_suggested=is_suggested,
        groups=offered.groups(around),
        direction=direction,
        directions=DIRECTIONS,
        by=by,
        forms=BY if by in BY else {**BY, by: DimensionWords(by).name},
        depth=params["Depth"],
        depths=DEPTHS,
        top=params["Top"],
        tops=TOPS if params["Top"] in TOPS else (*TOPS, params["Top"]),
        counted=(plain(answer["Visits"]), plain(answer["People"])),
        everybody=cell_path(place, address, COMMAND, params) if answer["People"] else "",
        chart=path_columns(
            answer,
            name,
            direction,
            way if isinstance(way, list) else [],
            lambda on: settled.link(Way=text_of(on)),
            lambda on, is_others: cell_path(
                place, address, COMMAND, params, Path=on, **({"Others": True} if is_others else {})
            ),
        ),
        **taken_along(COMMAND, place, address, params),
        **frame(place, address, answer),
    )


def _suggested(offered: OfferedSteps) -> Any:
    """Return what paths are around where the address does not say: the page that was seen most, else the most frequent event."""
    if offered.pages:
        return page_step(offered.pages[0])
    return next(iter(offered.counts), PAGE_VIEW)


ROUTES = (Route("GET", "/lists/<list_id>/paths", show),)
