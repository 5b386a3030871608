"""What does a page say about where it is? One row for each path and method."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple


class Route(NamedTuple):
    """`view` gets the parts of the path by name. A POST is checked to come from a form of ours before it is called."""

    method: str
    path: str
    view: Callable[..., Any]

    @property
    def endpoint(self) -> str:
        """`lists_show` for `show` of the page `lists`."""
        return f"{self.view.__module__.rpartition('.')[2]}_{self.view.__name__}"
