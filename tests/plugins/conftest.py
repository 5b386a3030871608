"""How do the tests of plugins start Tracker, and what of this folder is no test of Tracker's?"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
import requests

from tests.served import StartTracker, Tracker

#: The examples have tests of their own, which are run as a plugin author runs them.
collect_ignore = ["examples"]


class TrackerWithPlugins(Tracker):
    """Its answers are not held against the document of the built-in commands, which knows no plugin."""

    def request(self, method: str, path: str, key: str | None = None, **options: Any) -> requests.Response:
        headers = {} if key is None else {"Authorization": f"Bearer {key}"}
        with requests.Session() as session:
            session.trust_env = False  # no proxy between the tests and 127.0.0.1
            return session.request(method, self.url + path, headers=headers, timeout=15, **options)


@pytest.fixture(scope="module")
def start_tracker() -> Iterator[StartTracker]:
    """Starts a Tracker with the plugins that its `settings` name; all end cleanly with the module."""
    with ExitStack() as started:
        yield lambda **options: started.enter_context(TrackerWithPlugins(**options))
