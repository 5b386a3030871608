"""Tile listing: the command `tiles.get`."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields

from tracker import Command
from tracker.api.report_params import LIST_ERRORS, own_list_id
from tracker.api.tile_answers import TileInformation
from tracker.fields import ListID


class TilesGet(Command):
    """List the tiles that plugins add to the overview of a list, by name.

    A tile with a `Report` has the numbers of that command with these `Params`; those of others are told by `tile.get`.
    """

    name = "tiles.get"
    method = "GET"
    permission = "Reports.Get"
    rate_limit = "1000 per 60 seconds"
    errors = LIST_ERRORS
    example = (
        {"ListID": 123},
        {
            "Tiles": [
                {
                    "Tile": "shop.baskets",
                    "Title": "Baskets left",
                    "Chart": "bars",
                    "Report": None,
                    "Params": {},
                }
            ]
        },
    )

    class Params(Schema):
        ListID = ListID(required=True, metadata={"description": "List of the overview"})

    class Answer(Schema):
        Tiles = fields.List(fields.Nested(TileInformation), required=True)

    def run(self, params: dict[str, Any]) -> dict[str, Any]:
        own_list_id(self, params)
        tiles = []
        for tile in self.services.registry.tiles:
            report, sent = tile.report or (None, {})
            named = {"Tile": tile.name, "Title": tile.title, "Chart": tile.chart}
            tiles.append({**named, "Report": report, "Params": sent})
        return {"Tiles": tiles}
