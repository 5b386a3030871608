"""Plugin loading: commands and tiles of the modules in `commands/`, of a folder, and of installed packages with an entry point."""

from __future__ import annotations

import importlib
import importlib.util
import pkgutil
import sys
import traceback
from collections.abc import Callable, Iterator
from functools import partial
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from types import ModuleType
from typing import Any

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from tracker import __version__
from tracker.registry import Command, PluginError, Registry, Tile

ENTRY_POINT_GROUP = "tracker.commands"


def load_commands(folder: Path | None = None) -> Registry:
    """Return the registry of all commands and tiles found. Raises PluginError with one line for the first that is broken."""
    registry = Registry()
    for origin, found in _found(folder):
        _check_version(origin, found)
        parts = _parts_in(found)
        if not parts:
            raise PluginError(f"{origin}: there is no command and no tile in it")
        for part in parts:
            if issubclass(part, Command):
                registry.add(part, origin)
            else:
                registry.add_tile(part, origin)
    return registry


def _found(folder: Path | None) -> Iterator[tuple[str, Any]]:
    """Yield every module, command class or tile class with its origin: built in, then the folder's, then the packages'."""
    yield from _built_in()
    if folder is not None:
        yield from _in_folder(folder)
    for point in sorted(entry_points(group=ENTRY_POINT_GROUP), key=lambda point: (point.name, point.value)):
        yield _of_package(point)


def _built_in() -> Iterator[tuple[str, ModuleType]]:
    package = importlib.import_module("commands")
    for info in sorted(pkgutil.iter_modules(package.__path__), key=lambda info: info.name):
        if not info.name.startswith("_"):
            origin, name = f"commands/{info.name}.py", f"commands.{info.name}"
            yield origin, _guarded(origin, partial(importlib.import_module, name))


def _in_folder(folder: Path) -> Iterator[tuple[str, ModuleType]]:
    """Yield the folder's modules and packages, except names that start with an underscore or a dot."""
    try:
        paths = sorted(folder.iterdir())
    except OSError as failure:
        raise PluginError(f"TRACKER_PLUGINS_FOLDER: {folder}: {failure.strerror}") from failure
    for path in paths:
        source = path / "__init__.py" if path.is_dir() else path
        if path.name[0] not in "_." and source.suffix == ".py" and source.is_file():
            yield str(path), _guarded(str(path), partial(_loaded, path, source))


def _loaded(path: Path, source: Path) -> ModuleType:
    """Import a file as a module of its own name, or a folder as a package, outside of every other package."""
    name = f"tracker_plugin_{path.stem}"
    places = [str(path)] if path.is_dir() else None
    spec = importlib.util.spec_from_file_location(name, source, submodule_search_locations=places)
    if spec is None or spec.loader is None:
        raise ImportError("not a Python module")
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _of_package(point: EntryPoint) -> tuple[str, Any]:
    origin = f"package {point.dist.name if point.dist else '?'} ({point.value})"
    found = _guarded(origin, point.load)
    if not isinstance(found, ModuleType) and not _is_part(found):
        raise PluginError(f"{origin}: the entry point names neither a module nor a Command nor a Tile")
    return origin, found


def _guarded(origin: str, load: Callable[[], Any]) -> Any:
    """Return what `load()` returns. Raises PluginError with one line for whatever a plugin does instead of being imported."""
    try:
        return load()
    except (Exception, SystemExit) as failure:
        raise PluginError(f"{origin}: {_line(failure)}") from failure


def _line(failure: BaseException) -> str:
    """Return the fault in one line, with the plugin's line number unless it is a syntax error."""
    text = f"{type(failure).__name__}: {failure}"
    frames = [frame for frame in traceback.extract_tb(failure.__traceback__) if frame.name == "<module>"]
    return f"{text} ({Path(frames[-1].filename).name}, line {frames[-1].lineno})" if frames else text


def _check_version(origin: str, found: Any) -> None:
    """Raises PluginError unless this Tracker is one that the plugin's `requires_tracker` takes. Without one any will do."""
    wanted = _declared(found, "requires_tracker")
    if wanted is None:
        return
    try:
        versions = SpecifierSet(wanted if isinstance(wanted, str) and wanted.strip() else "?")
    except InvalidSpecifier:
        raise PluginError(
            f"{origin}: requires_tracker must read like '>=0.1,<0.2' and not {wanted!r}"
        ) from None
    if not versions.contains(__version__, prereleases=True):
        raise PluginError(f"{origin}: requires Tracker {wanted}, and this is Tracker {__version__}")


def _declared(found: Any, name: str) -> Any:
    """What the module of a plugin, or the nearest package around it, has under a name; None if it has nothing."""
    module = found.__name__ if isinstance(found, ModuleType) else found.__module__
    while module:
        if hasattr(sys.modules.get(module), name):
            return getattr(sys.modules[module], name)
        module = module.rpartition(".")[0]
    return None


def _parts_in(found: Any) -> list[type[Command] | type[Tile]]:
    """Return the classes of commands and tiles that a module or package defines, in its order, without those that it imports."""
    if not isinstance(found, ModuleType):
        return [found]
    own = (found.__name__, f"{found.__name__}.")
    classes = [value for value in vars(found).values() if _is_part(value)]
    return [
        each
        for each in dict.fromkeys(classes)
        if each.__module__ == own[0] or each.__module__.startswith(own[1])
    ]


def _is_part(value: Any) -> bool:
    """Whether `value` is a class of a command or a tile, and not a parent of such: a parent's name starts with an underscore."""
    is_class = isinstance(value, type) and issubclass(value, (Command, Tile)) and value not in (Command, Tile)
    return is_class and not value.__name__.startswith("_")
