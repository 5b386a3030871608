"""What does a plugin author need? Everything here is the public plugin API."""

from tracker.caller import Caller
from tracker.errors import CommandError, Error, invalid, missing
from tracker.registry import Command, ParamReader, PluginError, administrator, anyone

__all__ = [
    "Caller", "Command", "CommandError", "Error", "ParamReader", "PluginError", "administrator", "anyone",
    "invalid", "missing",
]  # fmt: skip
__version__ = "0.1.0"
