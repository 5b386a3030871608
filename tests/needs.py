"""Needs of a test: servers and processes it can reach, read from its own code and that of the fixtures it asks for."""

from __future__ import annotations

import functools
import types
from collections.abc import Iterable, Iterator
from typing import Any

import pytest

from tests.haproxy import HAProxy
from tests.served import Tracker
from tests.servers import MariaDB, Redis, Server

#: Marker by the class that starts the server; any other server is a gunicorn that serves something.
MARKERS: dict[type[Server], str] = {
    MariaDB: "mariadb",
    Redis: "redis",
    Tracker: "served",
    HAProxy: "processes",
}
#: Values of parameters, and words in code, that ask a fixture for a server of that kind.
KINDS = frozenset({"mariadb", "redis"})
#: Fixtures that give any kind of database: the kind is in the parameters or in the code of whoever asks.
OF_ANY_KIND = frozenset({"new_database", "database_kind"})
#: Functions that carry another; a `types.FunctionType` that does names it among what it closes over.
WRAPPERS = (type(functools.cache(id)),)
#: Names and words of code that starts a server without one of our classes, or another process.
PROGRAMS = {
    "sync_playwright": "browser",
    "gunicorn": "served",
    "serve": "served",
    "bench": "served",
    "make_site": "served",
    "subprocess": "processes",
    "Popen": "processes",
    "multiprocessing": "processes",
    "fork": "processes",
    "Program": "processes",
    "start_module": "processes",
    "ReportsClient": "processes",
    "ServedReports": "processes",
}
#: Beginnings of the names of commands that ask the reports process, which the first one who asks starts.
ASK_REPORTS = ("reports.", "visit.", "visits.", "events.export")
#: Those that ask when they are called as their example is, which tests of all commands do, and others seldom.
EXAMPLES_ASK = (*ASK_REPORTS, "segment.count", "segment.people", "share.create", "schedule.create")
#: The fixture that answers in the place of that process.
STUB = "engine"
ASKS = "asks reports"
#: Most who have a `Shell` type into it, which starts no process; `start` does.
SHELL, STARTS = "tests.cli.shell", "start"


def needs(item: pytest.Item) -> frozenset[str]:
    """Return the markers of the servers and processes that a test can reach."""
    if not isinstance(item, pytest.Function):
        return frozenset()
    found = set(_of_function(item.function))
    parameters = item.callspec.params if hasattr(item, "callspec") else {}
    found |= KINDS.intersection(value for value in parameters.values() if isinstance(value, str))
    for name, definitions in item._fixtureinfo.name2fixturedefs.items():  # noqa: SLF001 - pytest offers no other way
        if name not in OF_ANY_KIND:
            found |= _of_function(definitions[-1].func)
    case = item.callspec.id.split("-") if parameters else []
    if (ASKS in found or _asks(case, EXAMPLES_ASK)) and STUB not in item.fixturenames:
        found.add("processes")
    return frozenset(found - {ASKS})


def _asks(words: Iterable[str], commands: tuple[str, ...] = ASK_REPORTS) -> bool:
    return any(word.startswith(commands) for word in words)


@functools.cache
def _of_function(function: Any) -> frozenset[str]:
    """Follow what a function names, through the test code alone."""
    found: set[str] = set()
    seen: set[Any] = set()
    waiting = [function]
    while waiting:
        current = waiting.pop()
        if current in seen:
            continue
        seen.add(current)
        if isinstance(current, type):
            found |= _of_class(current)
            waiting += _methods(current)
        else:
            found |= set() if current.__module__ == SHELL else _of_words(current)
            waiting += _named(current)
    return frozenset(found)


@functools.cache
def _of_class(kind: type) -> set[str]:
    if not issubclass(kind, Server):
        return set()
    return {next((MARKERS[base] for base in kind.__mro__ if base in MARKERS), "served")}


@functools.cache
def _methods(kind: type) -> tuple[Any, ...]:
    """Return the functions of a class of the tests; of its bases too, as they may be called."""
    bases = [base for base in kind.__mro__ if base.__module__.startswith("tests.")]
    values = [_plain(value) for base in bases for value in vars(base).values()]
    return tuple(value for value in values if _is_followed(value))


@functools.cache
def _named(function: types.FunctionType) -> tuple[Any, ...]:
    """Return the functions and classes of the tests that a function's code names, and those it closes over."""
    names, space = _names(function.__code__), function.__globals__
    values = [space[name] for name in names if name in space]
    for module in [value for value in values if isinstance(value, types.ModuleType)]:
        values += [vars(module)[name] for name in names if name in vars(module)]
    values += [cell.cell_contents for cell in function.__closure__ or ()]
    return tuple(value for value in map(_plain, values) if _is_followed(value))


def _is_followed(value: Any) -> bool:
    is_code = isinstance(value, type | types.FunctionType)
    return is_code and value.__module__.startswith("tests.") and value is not Server


def _plain(value: Any) -> Any:
    """Return the function inside a property, a static or class method, or a wrapped or cached function."""
    if isinstance(value, property):
        value = value.fget
    elif isinstance(value, staticmethod | classmethod):
        value = value.__func__
    elif isinstance(value, WRAPPERS):
        value = value.__wrapped__
    return value


def _codes(code: types.CodeType) -> Iterator[types.CodeType]:
    """Yield a function's code and that of the functions inside it."""
    yield code
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _codes(constant)


@functools.cache
def _names(code: types.CodeType) -> set[str]:
    return {name for part in _codes(code) for name in part.co_names}


@functools.cache
def _of_words(function: types.FunctionType) -> set[str]:
    """Return what the names, the literals and the global lists of words in a function's code ask for."""
    names, space = _names(function.__code__), function.__globals__
    words = set(names)
    for part in _codes(function.__code__):
        words |= _flat(part.co_consts)
    words |= _flat([space[name] for name in names if isinstance(space.get(name), str | tuple | list)])
    if STARTS in names and function.__module__.startswith(SHELL.rpartition(".")[0]):
        words.add("Popen")
    asks = {ASKS} if _asks(words) else set()
    return asks | set(KINDS & words) | {PROGRAMS[word] for word in PROGRAMS.keys() & words}


def _flat(values: Iterable[Any]) -> set[str]:
    found = {value for value in values if isinstance(value, str)}
    for value in values:
        if isinstance(value, tuple | list | frozenset):
            found |= _flat(value)
    return found
