"""Tile answers: a plugin's tile as it is told, and the run that makes its numbers, which harms no other."""

from __future__ import annotations

import time
from typing import Any

from marshmallow import Schema, fields

from tracker import Command, Tile, TileNumbers
from tracker.registry import CHARTS
from tracker.reports.bounded_run import within

#: Seconds in which a tile has its numbers.
TILE_SECONDS = 3.0


class TileInformation(Schema):
    """A tile."""

    Tile = fields.String(required=True)
    Title = fields.String(required=True)
    Chart = fields.String(required=True, metadata={"enum": list(CHARTS)})
    Report = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "Command whose numbers it shows; null: its own"},
    )
    Params = fields.Dict(
        required=True, metadata={"description": "Parameters of that command, without ListID"}
    )


class TileSeries(Schema):
    """A row of a tile's numbers."""

    Name = fields.String(required=True)
    Values = fields.List(
        fields.Float(allow_none=True), required=True, metadata={"description": "One for each label"}
    )


def numbers_of(command: Command, tile: type[Tile], list_id: int) -> dict[str, Any]:
    """Return the numbers of a tile of its own. Raises TimeoutError when it takes too long, and whatever the tile raises."""
    ends = time.monotonic() + TILE_SECONDS
    deadline = ends if command.deadline is None else min(command.deadline, ends)
    made = tile(command.caller, command.services, command.now, deadline)
    numbers = within(TILE_SECONDS, lambda: made.run(list_id))
    if not isinstance(numbers, TileNumbers):
        raise TypeError(f"the tile {tile.name} answered with {type(numbers).__name__}, not with TileNumbers")
    series = [{"Name": name, "Values": list(values)} for name, values in numbers.series.items()]
    return {"Labels": list(numbers.labels), "Series": series}
