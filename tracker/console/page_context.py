"""What do all pages share? The dispatcher they ask, and the settings."""

from __future__ import annotations

from dataclasses import dataclass

from flask import current_app

from tracker.config import Settings
from tracker.dispatch import Dispatcher

EXTENSION = "tracker.console"


@dataclass(frozen=True, slots=True)
class PageContext:
    """Stands in `app.extensions[EXTENSION]`."""

    dispatcher: Dispatcher
    settings: Settings


def desk() -> PageContext:
    found: PageContext = current_app.extensions[EXTENSION]
    return found
