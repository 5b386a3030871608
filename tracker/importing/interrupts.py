"""Interrupts: defers Ctrl-C while a group is being stored, which otherwise would be stored and not counted."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class Interrupts:
    """SIGINT in a `with` block: KeyboardInterrupt at once, or, while `deferred()`, at the next `check()`."""

    def __init__(self) -> None:
        self._is_deferred = self._is_pending = False

    def __enter__(self) -> Interrupts:
        self._before = signal.signal(signal.SIGINT, self._on_signal)
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
        if self._is_pending:
            raise KeyboardInterrupt

    def _on_signal(self, number: int, frame: Any) -> None:
        self._is_pending = True
        if not self._is_deferred:
            raise KeyboardInterrupt
