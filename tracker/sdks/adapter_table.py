"""Adapter table: the adapters of all families by name, with their routes, checked at start."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tracker.formats.credentials import is_public_id
from tracker.registry import PluginError
from tracker.sdks.adapter import Adapter

#: In `routes`: the request has events.
EVENTS = "events"
_FAMILY = re.compile(r"[a-z][a-z0-9]{1,30}")
_ROUTE = re.compile(
    r"(GET|POST|PUT|DELETE|OPTIONS) (/(?:[A-Za-z0-9._-]+|\{[a-z_]+\})?(?:/(?:[A-Za-z0-9._-]+|\{[a-z_]+\}))*/?)"
)
#: Parts of a path beyond which no route is looked for.
MAX_PARTS = 12


@dataclass(frozen=True, slots=True)
class SdkRoute:
    """A route of an adapter: `kind` is "events" or the name of the method that answers."""

    method: str
    path: str
    kind: str

    @property
    def parts(self) -> list[str]:
        return parts_of(self.path)

    def match(self, parts: Sequence[str]) -> dict[str, str] | None:
        """Return the named parts of a path that is this route's; None for any other path."""
        own = self.parts
        if len(own) != len(parts):
            return None
        named = {}
        for wanted, part in zip(own, parts, strict=True):
            if wanted[0] == "{":
                named[wanted[1:-1]] = part
            elif wanted != part:
                return None
        return named


@dataclass(frozen=True, slots=True)
class ListedAdapter:
    """A family: its adapter, where that comes from, and its routes, those without named parts first."""

    adapter: Adapter
    origin: str
    routes: tuple[SdkRoute, ...]

    def at(self, parts: Sequence[str]) -> Iterator[tuple[SdkRoute, dict[str, str]]]:
        """Yield the routes of a path, of all methods, with its named parts."""
        for route in self.routes:
            named = route.match(parts)
            if named is not None:
                yield route, named


class Adapters:
    """All adapters by family. Refuses one that clashes with another, naming both."""

    def __init__(self) -> None:
        self._by_family: dict[str, ListedAdapter] = {}

    def add(self, adapter: type[Adapter], origin: str) -> None:
        """Register an adapter. Raises PluginError with one line that says why it cannot be registered."""
        reason = _why_no_adapter(adapter) or self._clash(adapter)
        if reason:
            raise PluginError(f"{origin}: {adapter.family or adapter.__name__}: {reason}")
        routes = [_route(spelled, kind) for spelled, kind in adapter.routes.items()]
        routes.sort(key=lambda route: "{" in route.path)
        self._by_family[adapter.family] = ListedAdapter(adapter(), origin, tuple(routes))

    def find(self, family: str) -> ListedAdapter | None:
        return self._by_family.get(family)

    def __iter__(self) -> Iterator[ListedAdapter]:
        return iter(self._by_family[family] for family in sorted(self._by_family))

    def __len__(self) -> int:
        return len(self._by_family)

    def _clash(self, adapter: type[Adapter]) -> str | None:
        other = self._by_family.get(adapter.family)
        return (
            None
            if other is None
            else f"the family is taken by {type(other.adapter).__name__} from {other.origin}"
        )


def _route(spelled: str, kind: str) -> SdkRoute:
    method, path = spelled.split(" ")
    return SdkRoute(method, path, kind)


def parts_of(path: str) -> list[str]:
    """Return the parts of a path, whatever slashes are between and around them."""
    return [part for part in path.split("/", MAX_PARTS * 2) if part]


def _why_no_adapter(adapter: type[Adapter]) -> str | None:
    if not isinstance(adapter.family, str) or not _FAMILY.fullmatch(adapter.family):
        return "family must be a lower-case word, such as 'segment'"
    if not (isinstance(adapter.title, str) and adapter.title.strip()):
        return "a title is needed: what people call the family"
    for name in ("events", "answer"):
        if getattr(adapter, name) is getattr(Adapter, name):
            return f"{name} is missing"
    if type(adapter.max_body_bytes) is not int or adapter.max_body_bytes < 1:
        return "max_body_bytes must be a number of bytes"
    return _fault_in_routes(adapter)


def _fault_in_routes(adapter: type[Adapter]) -> str | None:
    if EVENTS not in adapter.routes.values():
        return "there is no route to 'events'"
    seen: set[str] = set()
    for route, kind in adapter.routes.items():
        shown = f"route {route!r}"
        if not _ROUTE.fullmatch(route):
            return f"{shown} is no method and path, such as 'POST /v1/batch'"
        first = parts_of(route.partition(" ")[2])[:1]
        if first and is_public_id(first[0]):
            return f"{shown} begins with what may be a public id"
        if kind != EVENTS and (kind.startswith("_") or not callable(getattr(adapter, kind, None))):
            return f"{shown} leads to {kind!r}, which is no method of {adapter.__name__}"
        same = re.sub(r"\{[a-z_]+\}", "{}", route.rstrip("/"))
        if same in seen:
            return f"{shown} is there twice"
        seen.add(same)
    return None
