"""What does a plugin author need? Everything here is the public plugin API."""

from tracker.caller import Caller
from tracker.errors import CommandError, Error, invalid, missing
from tracker.registry import Command, PluginError, anyone

__all__ = ["Caller", "Command", "CommandError", "Error", "PluginError", "anyone", "invalid", "missing"]
__version__ = "0.1.0"
