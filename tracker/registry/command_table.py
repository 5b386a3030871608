"""Command registry: all commands by name and by path."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tracker.errors import CommandError
from tracker.registry.command import Command
from tracker.registry.near_names import NearNames
from tracker.registry.params import ParamReader
from tracker.registry.tile import Tile, why_no_tile
from tracker.registry.validation import why_invalid


class PluginError(Exception):
    """A command or a tile cannot be registered. The text is one line that names its origin and the reason."""

    def __init__(self, text: str) -> None:
        super().__init__(" ".join(text.split()))


class Entry:
    """One registered command: its class, its origin, and values that are computed once."""

    def __init__(self, command: type[Command], origin: str) -> None:
        self.command, self.origin = command, origin
        self.params = ParamReader(command.Params, command.errors)
        self.methods = ("GET", "POST") if command.method == "GET" else ("POST",)
        #: The command whose rate limit its calls count against.
        self.limited_as = command.shares_limit_of or command.name


class Registry:
    """All commands by name and by path. Refuses a command that clashes with another, naming both."""

    def __init__(self) -> None:
        self._by_name: dict[str, Entry] = {}
        self._by_path: dict[str, Entry] = {}
        self._tiles: dict[str, tuple[type[Tile], str]] = {}

    def add(self, command: type[Command], origin: str) -> Entry:
        """Register `command`. Raises PluginError with one line that says why it cannot be registered."""
        reason = why_invalid(command) or self._clash(command)
        if reason:
            raise PluginError(f"{origin}: {command.name or command.__name__}: {reason}")
        entry = Entry(command, origin)
        self._by_name[command.name] = entry
        self._by_path[command.path or command.name] = entry
        return entry

    def add_tile(self, tile: type[Tile], origin: str) -> None:
        """Register `tile`. Raises PluginError as `add` does. The command of its report must be registered before."""
        reason = why_no_tile(tile)
        if reason is None and tile.name in self._tiles:
            other, others_origin = self._tiles[tile.name]
            reason = f"the name is taken by the tile {other.__name__} from {others_origin}"
        reason = reason or self._why_no_report(tile)
        if reason:
            raise PluginError(f"{origin}: {tile.name or tile.__name__}: {reason}")
        self._tiles[tile.name] = (tile, origin)

    @property
    def tiles(self) -> list[type[Tile]]:
        """All tiles, in the order of their names."""
        return [self._tiles[name][0] for name in sorted(self._tiles)]

    def find_tile(self, name: str) -> type[Tile] | None:
        """Return the tile with exactly this name."""
        return self._tiles[name][0] if name in self._tiles else None

    def _why_no_report(self, tile: type[Tile]) -> str | None:
        """Return why the report of a tile would not be answered, or None. It is asked as if for the list 1."""
        if tile.report is None:
            return None
        name, params = tile.report
        entry = self.find(name)
        if entry is None:
            return f"there is no command {name}"
        try:
            entry.params.read({**params, "ListID": 1})
        except CommandError as refused:
            return f"{name} refuses these parameters: {refused}"
        return None

    def find(self, name: str) -> Entry | None:
        """Return the command called `name`, in any letter case."""
        return self._by_name.get(name) or self._by_name.get(name.lower())

    def find_path(self, path: str) -> Entry | None:
        """Return the command at `/api/v1/<path>`, which is its own path or its name."""
        return self._by_path.get(path) or self._by_path.get(path.lower()) or self.find(path)

    def near(self, name: str) -> str | None:
        """Return the name of the command that is nearest to `name`, or None."""
        return NearNames(self._by_name).near(name)

    def near_path(self, path: str) -> str | None:
        """Return the path, or name, of the command that is nearest to `path`, or None."""
        return NearNames([*self._by_path, *self._by_name]).near(path)

    def __iter__(self) -> Iterator[Entry]:
        return (self._by_name[name] for name in sorted(self._by_name))

    def __len__(self) -> int:
        return len(self._by_name)

    def _clash(self, command: type[Command]) -> str | None:
        for what, key in (("name", command.name), ("path", command.path)):
            taken = self._by_name.get(key or "") or self._by_path.get(key or "")
            if taken:
                return f"the {what} '{key}' is taken by {taken.command.name} from {taken.origin}"
        for other in self._by_name.values():
            if _is_same_owner(command.tables, other.command.tables):
                return f"tables of '{command.tables.owner}' are those of {other.command.name} from {other.origin}"
        return None


def _is_same_owner(tables: Any, others: Any) -> bool:
    """Whether two plugins claim the same tables; the commands of one plugin share the object."""
    return None not in (tables, others) and tables is not others and tables.owner == others.owner
