"""What time is it in these tests? Whatever they say."""

from __future__ import annotations


class Clock:
    """Passed as `now`; tests move it, so that none has to wait."""

    def __init__(self, at: float = 1_700_000_000.25) -> None:
        self.at = at

    def __call__(self) -> float:
        return self.at
