"""Where do commands come from? Modules of `commands/`, a folder, installed packages: all by the same door."""

from __future__ import annotations

import importlib
import importlib.util
import pkgutil
import sys
from collections.abc import Iterator
from importlib.metadata import entry_points
from pathlib import Path
from types import ModuleType

from tracker.registry import Command, PluginError, Registry

ENTRY_POINT_GROUP = "tracker.commands"


def load_commands(folder: Path | None = None) -> Registry:
    """The registry of everything found; raises PluginError with one line for the first that is broken."""
    registry = Registry()
    for origin, module in _modules(folder):
        found = _commands_of(module)
        if not found:
            raise PluginError(f"{origin}: there is no command in it")
        for command in found:
            registry.add(command, origin)
    return registry


def _modules(folder: Path | None) -> Iterator[tuple[str, ModuleType]]:
    package = importlib.import_module("commands")
    for info in sorted(pkgutil.iter_modules(package.__path__), key=lambda found: found.name):
        yield _imported(f"commands/{info.name}.py", f"commands.{info.name}")
    if folder is not None:
        yield from _modules_in(folder)
    for point in sorted(entry_points(group=ENTRY_POINT_GROUP), key=lambda found: found.name):
        package_name = point.dist.name if point.dist else "?"
        yield _imported(f"package {package_name} ({point.value})", point.module)


def _modules_in(folder: Path) -> Iterator[tuple[str, ModuleType]]:
    if not folder.is_dir():
        raise PluginError(f"TRACKER_PLUGINS_FOLDER: there is no folder {folder}")
    for path in sorted(folder.glob("*.py")):
        yield str(path), _loaded(path)


def _loaded(path: Path) -> ModuleType:
    """Run a file as a module of its own name, outside every package."""
    name = f"tracker_plugin_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise PluginError(f"{path}: not a Python module")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except Exception as failure:
        raise PluginError(f"{path}: {_line(failure)}") from failure
    return module


def _imported(origin: str, name: str) -> tuple[str, ModuleType]:
    try:
        return origin, importlib.import_module(name)
    except Exception as failure:
        raise PluginError(f"{origin}: {_line(failure)}") from failure


def _commands_of(module: ModuleType) -> list[type[Command]]:
    """The command classes a module defines, in the order they stand there; imported ones are others'."""
    return [
        value
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, Command) and value.__module__ == module.__name__
    ]


def _line(failure: Exception) -> str:
    text = " ".join(str(failure).split()) or "no reason given"
    return f"{type(failure).__name__}: {text}"
