"""Which tiles of plugins do tests look at?"""

from __future__ import annotations

import gevent

from tracker import Tile, TileNumbers
from tracker.registry import Registry


class Weekdays(Tile):
    name = "test.weekdays"
    title = "Weekdays"
    chart = "bars"

    def run(self, list_id: int) -> TileNumbers:
        return TileNumbers(("Mon", "Tue", "Wed"), {"Own": (list_id, 2.5, None), "Calls": (1, 0, 2)})


class Channels(Tile):
    name = "test.channels"
    title = "Channels"
    chart = "share"
    report = ("reports.breakdown", {"By": "visit:$channel"})


class Failing(Tile):
    name = "test.failing"
    title = "Failing"
    chart = "line"

    def run(self, list_id: int) -> TileNumbers:
        raise OSError("secret cause")


class Hanging(Tile):
    name = "test.hanging"
    title = "Hanging"
    chart = "line"

    def run(self, list_id: int) -> TileNumbers:
        gevent.sleep(600)
        return TileNumbers((), {"never": ()})


class Wrong(Tile):
    name = "test.wrong"
    title = "Wrong"
    chart = "grid"

    def run(self, list_id: int) -> TileNumbers:
        return {"Labels": []}  # type: ignore[return-value]  # as a plugin without types may do


ALL = (Weekdays, Channels, Failing, Hanging, Wrong)


def add_tiles(registry: Registry) -> None:
    for tile in ALL:
        registry.add_tile(tile, "tests")
