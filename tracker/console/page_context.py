"""Page context: what every page is made with: the dispatcher, the settings, and a row for each route."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from flask import current_app

from tracker.config import Settings
from tracker.dispatch import Dispatcher
from tracker.sdks import Adapters

EXTENSION = "tracker.console"


@dataclass(frozen=True, slots=True)
class PageContext:
    """The context of all pages, in `app.extensions[EXTENSION]`."""

    dispatcher: Dispatcher
    settings: Settings
    adapters: Adapters


def desk() -> PageContext:
    """Return the context of the present application."""
    found: PageContext = current_app.extensions[EXTENSION]
    return found


class Route(NamedTuple):
    """A route. `view` gets the parts of the path by name. A POST passes the CSRF check before `view` is called."""

    method: str
    path: str
    view: Callable[..., Any]

    @property
    def endpoint(self) -> str:
        """The endpoint's name: `lists_show` for `show` of the page `lists`."""
        return f"{self.view.__module__.rpartition('.')[2]}_{self.view.__name__}"
