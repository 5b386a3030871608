"""Plugin loading: commands and tiles of the modules in `commands/`, of a folder, and of installed packages with an entry point;
adapters of SDKs of the modules in `tracker/sdks/families/` and of installed packages."""

from __future__ import annotations

import importlib
import importlib.util
import pkgutil
import sys
import traceback
from collections.abc import Callable, Iterator
from functools import partial
from importlib.metadata import entry_points
from pathlib import Path
from types import ModuleType
from typing import Any

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from tracker import __version__
from tracker.registry import Command, PluginError, Registry, Tile
from tracker.sdks import Adapter, Adapters

ENTRY_POINT_GROUP, ADAPTER_GROUP = "tracker.commands", "tracker.sdks"
#: The package with the adapters of Tracker's own.
FAMILIES = "tracker.sdks.families"


def load_commands(folder: Path | None = None) -> Registry:
    """Return the registry of all commands and tiles found. Raises PluginError with one line for the first that is broken."""
    registry = Registry()
    for origin, found in _found(folder):
        _check_version(origin, found)
        parts: list[type[Command] | type[Tile]] = _parts_in(found, _is_part)
        if not parts:
            raise PluginError(f"{origin}: there is no command and no tile in it")
        for part in parts:
            if issubclass(part, Command):
                registry.add(part, origin)
            else:
                registry.add_tile(part, origin)
    return registry


def load_adapters() -> Adapters:
    """Return the adapters of all families of SDKs. Raises PluginError with one line for the first that is broken."""
    adapters = Adapters()
    for origin, found in (*_modules_of(FAMILIES), *_of_packages(ADAPTER_GROUP)):
        _check_version(origin, found)
        parts = _parts_in(found, _is_adapter)
        if not parts:
            raise PluginError(f"{origin}: there is no adapter in it")
        for part in parts:
            adapters.add(part, origin)
    return adapters


def _found(folder: Path | None) -> Iterator[tuple[str, Any]]:
    """Yield every module, command class or tile class with its origin: built in, then the folder's, then the packages'."""
    yield from _modules_of("commands")
    if folder is not None:
        yield from _in_folder(folder)
    for origin, found in _of_packages(ENTRY_POINT_GROUP):
        if not isinstance(found, ModuleType) and not _is_part(found):
            raise PluginError(f"{origin}: the entry point names neither a module nor a Command nor a Tile")
        yield origin, found


def _modules_of(package_name: str) -> Iterator[tuple[str, ModuleType]]:
    package = importlib.import_module(package_name)
    for info in sorted(pkgutil.iter_modules(package.__path__), key=lambda info: info.name):
        if not info.name.startswith("_"):
            name = f"{package_name}.{info.name}"
            origin = f"{name.replace('.', '/')}.py"
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


def _of_packages(group: str) -> Iterator[tuple[str, Any]]:
    for point in sorted(entry_points(group=group), key=lambda point: (point.name, point.value)):
        origin = f"package {point.dist.name if point.dist else '?'} ({point.value})"
        yield origin, _guarded(origin, point.load)


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


def _parts_in(found: Any, is_part: Callable[[Any], bool]) -> list[Any]:
    """Return the classes of parts that a module or package defines, in its order, without those that it imports."""
    if not isinstance(found, ModuleType):
        return [found] if is_part(found) else []
    own = (found.__name__, f"{found.__name__}.")
    classes = [value for value in vars(found).values() if is_part(value)]
    return [
        each
        for each in dict.fromkeys(classes)
        if each.__module__ == own[0] or each.__module__.startswith(own[1])
    ]


def _is_part(value: Any) -> bool:
    """Whether `value` is a class of a command or a tile, and not a parent of such: a parent's name starts with an underscore."""
    is_class = isinstance(value, type) and issubclass(value, (Command, Tile)) and value not in (Command, Tile)
    return is_class and not value.__name__.startswith("_")


def _is_adapter(value: Any) -> bool:
    """Whether `value` is a class of an adapter, and not a parent of such."""
    is_class = isinstance(value, type) and issubclass(value, Adapter) and value is not Adapter
    return is_class and not value.__name__.startswith("_")
