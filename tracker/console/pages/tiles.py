"""Tile page at `/lists/<id>/tiles/<name>`: one tile of a plugin, which the overview loads by itself so that it waits for none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import abort, render_template

from tracker.console.client import NotDone, ask
from tracker.console.current_list import CurrentList
from tracker.console.page_context import Route
from tracker.console.report_address import ReportAddress
from tracker.console.report_pages import report_page
from tracker.console.tile_chart import chart_of_numbers, chart_of_report, drawn


@report_page
def show(place: CurrentList, _: ReportAddress, name: str) -> Any:
    found = [each for each in tiles_of(place) if each["Tile"] == name]
    if not found:
        abort(404)
    return render_template("tile.html", tab="overview", place=place, tile=found[0], **_shown(place, found[0]))


def tiles_of(place: CurrentList) -> list[dict[str, Any]]:
    """Return the tiles of all plugins, with the addresses of their pages."""
    found = ask("tiles.get", **place.params)["Tiles"]
    return [{**each, "path": f"{place.path}/tiles/{each['Tile']}"} for each in found]


def _shown(place: CurrentList, tile: Mapping[str, Any]) -> dict[str, Any]:
    """Return the drawing, or why there is none: whatever goes wrong with a tile is told in its place."""
    try:
        if tile["Report"]:
            chart = chart_of_report(place, tile)
        else:
            chart = chart_of_numbers(ask("tile.get", **place.params, Tile=tile["Tile"]))
    except NotDone as failure:
        code, message = failure.rows[0]
        return {"shown": None, "fault": f"{message} (error {code})"}
    return {"shown": drawn(tile["Chart"], chart), "fault": None}


ROUTES = (Route("GET", "/lists/<list_id>/tiles/<name>", show),)
