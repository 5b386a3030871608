"""Plugin API: every name here is public, and stable from one release to the next."""

from tracker.caller import Caller
from tracker.errors import CommandError, Error, invalid, missing
from tracker.registry import (
    Command,
    CsvStream,
    EventStream,
    NdjsonStream,
    ParamReader,
    PluginError,
    Stream,
    Tile,
    TileNumbers,
    administrator,
    anyone,
    public_list,
)

__all__ = [
    "Caller", "Command", "CommandError", "CsvStream", "Error", "EventStream", "NdjsonStream", "ParamReader", "PluginError",
    "Stream", "Tile", "TileNumbers", "administrator", "anyone", "invalid", "missing", "public_list",
]  # fmt: skip
__version__ = "0.1.0"
