"""Two tiles: one draws a report, the other numbers of its own."""

from tracker import Tile, TileNumbers


class Channels(Tile):
    """People of the last 30 days, by what brought them."""

    name = "example.channels"
    title = "Where people come from"
    chart = "share"
    report = ("reports.breakdown", {"By": "visit:$channel", "From": "-29d"})


class Names(Tile):
    """Properties that each event has had."""

    name = "example.names"
    title = "Properties of events"
    chart = "bars"

    def run(self, list_id: int) -> TileNumbers:
        found = self.services.reports.properties_by_event(list_id, self.deadline)
        names = sorted(found, key=lambda name: -len(found[name]))[:8]
        return TileNumbers(names, {"Properties": [len(found[name]) for name in names]})
