"""Which pages does the console have? Each is a module with its ROUTES."""

from types import ModuleType

from tracker.console.pages import audit, keys, lists, live, settings, setup, sign_in

PAGES: tuple[ModuleType, ...] = (sign_in, lists, setup, live, settings, keys, audit)
