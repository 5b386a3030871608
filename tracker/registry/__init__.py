"""Command registry: command classes, their parameters and errors, and the commands by name and path; and tiles."""

from tracker.registry.access import asked_by, is_open_to
from tracker.registry.command import UNDECLARED, Command, administrator, anyone, public_list
from tracker.registry.command_table import Entry, PluginError, Registry
from tracker.registry.near_names import NearNames, joined
from tracker.registry.params import COMMON_PARAMS, ParamReader
from tracker.registry.stream import CsvStream, EventStream, NdjsonStream, Stream
from tracker.registry.tile import CHARTS, Tile, TileNumbers
from tracker.registry.validation import NAME

__all__ = [
    "CHARTS",
    "COMMON_PARAMS",
    "NAME",
    "UNDECLARED",
    "Command",
    "CsvStream",
    "Entry",
    "EventStream",
    "NdjsonStream",
    "NearNames",
    "ParamReader",
    "PluginError",
    "Registry",
    "Stream",
    "Tile",
    "TileNumbers",
    "administrator",
    "anyone",
    "asked_by",
    "is_open_to",
    "joined",
    "public_list",
]
