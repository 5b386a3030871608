"""How do the tests of plugins start Tracker, and what of this folder is no test of Tracker's?"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.served import StartTracker, Tracker

#: The examples have tests of their own, which are run as a plugin author runs them.
collect_ignore = ["examples"]


class TrackerWithPlugins(Tracker):
    """Its answers are not held against the document of the built-in commands, which knows no plugin."""

    is_described = False


@pytest.fixture(scope="module")
def start_tracker() -> Iterator[StartTracker]:
    """Starts a Tracker with the plugins that its `settings` name; all end cleanly with the module."""
    with ExitStack() as started:
        yield lambda **options: started.enter_context(TrackerWithPlugins(**options))
