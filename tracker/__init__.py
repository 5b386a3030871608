"""Plugin API: every name here is public, and stable from one release to the next."""

from importlib import import_module
from typing import TYPE_CHECKING

__all__ = [
    "Caller", "Command", "CommandError", "CsvStream", "Error", "EventStream", "NdjsonStream", "ParamReader", "PluginError",
    "Stream", "Tile", "TileNumbers", "administrator", "anyone", "invalid", "missing", "public_list",
]  # fmt: skip
__version__ = "0.1.0"

if TYPE_CHECKING:
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
else:
    #: Where the names are.
    _MODULES = ("tracker.caller", "tracker.errors", "tracker.registry")

    def __getattr__(name: str) -> object:
        """Load a name when it is first asked for: the processes that answer reports ask for none, and start quicker."""
        for module in map(import_module, _MODULES if name in __all__ else ()):
            if hasattr(module, name):
                return globals().setdefault(name, getattr(module, name))
        raise AttributeError(f"module 'tracker' has no attribute '{name}'")
