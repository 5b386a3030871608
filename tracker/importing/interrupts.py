"""May Ctrl-C end it now? Not while a group is being stored: it would be stored and not counted."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class Interrupts:
    """SIGINT in a `with` block: KeyboardInterrupt at once, or, while `held()`, at the next `check()`."""

    def __init__(self) -> None:
        self._is_deferred = self._has_come = False

    def __enter__(self) -> Interrupts:
        self._before = signal.signal(signal.SIGINT, self._come)
        return self

    def __exit__(self, *_: object) -> None:
        signal.signal(signal.SIGINT, self._before)

    @contextmanager
    def deferred(self) -> Iterator[None]:
        self._is_deferred = True
        try:
            yield
        finally:
            self._is_deferred = False

    def check(self) -> None:
        if self._has_come:
            raise KeyboardInterrupt

    def _come(self, number: int, frame: Any) -> None:
        self._has_come = True
        if not self._is_deferred:
            raise KeyboardInterrupt
