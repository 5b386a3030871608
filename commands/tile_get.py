"""Tile numbers: the command `tile.get`."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields

from tracker import Command, CommandError, Error, invalid, missing
from tracker.api.report_params import LIST_ERRORS, own_list_id
from tracker.api.tile_answers import TileSeries, numbers_of
from tracker.fields import ListID, Text

MISSING_TILE, INVALID_TILE = missing("Tile", 4), invalid("Tile", 5)
NOT_FOUND = Error(6, "Tile not found")
HAS_REPORT = Error(7, "The tile shows a report", hint="Call the command that tiles.get names as its Report")


class TileGet(Command):
    """Tell the numbers of a plugin's tile about a list.

    A tile that fails, or takes longer than 3 seconds, is answered with 100005; the log has the cause.
    """

    name = "tile.get"
    method = "GET"
    permission = "Reports.Get"
    rate_limit = "1000 per 60 seconds"
    errors = (*LIST_ERRORS, MISSING_TILE, INVALID_TILE, NOT_FOUND, HAS_REPORT)
    example = (
        {"ListID": 123, "Tile": "shop.baskets"},
        {
            "Tile": "shop.baskets",
            "Title": "Baskets left",
            "Chart": "bars",
            "Labels": ["Mon", "Tue"],
            "Series": [{"Name": "Baskets", "Values": [3, 1.5]}],
        },
    )

    class Params(Schema):
        ListID = ListID(required=True, metadata={"description": "List that the numbers are about"})
        Tile = Text(1, 200, required=True, metadata={"description": "Name of the tile, as in `tiles.get`"})

    class Answer(Schema):
        Tile = fields.String(required=True)
        Title = fields.String(required=True)
        Chart = fields.String(required=True)
        Labels = fields.List(fields.String(), required=True)
        Series = fields.List(fields.Nested(TileSeries), required=True)

    def run(self, params: dict[str, Any]) -> dict[str, Any]:
        list_id = own_list_id(self, params)
        tile = self.services.registry.find_tile(params["Tile"])
        if tile is None:
            raise CommandError(NOT_FOUND)
        if tile.report is not None:
            raise CommandError(HAS_REPORT)
        named = {"Tile": tile.name, "Title": tile.title, "Chart": tile.chart}
        return {**named, **numbers_of(self, tile, list_id)}
