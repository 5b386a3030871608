"""Pages of the console: each is a module with its ROUTES."""

from types import ModuleType

from tracker.console.pages import (
    audit,
    events,
    forget,
    keys,
    lists,
    live,
    people,
    settings,
    setup,
    sign_in,
    subscriber,
)

PAGES: tuple[ModuleType, ...] = (
    sign_in, lists, setup, live, events, people, subscriber, forget, settings, keys, audit,
)  # fmt: skip
