"""Rate limits: hits within a fixed window, their two spellings, and the decision about a hit."""

from __future__ import annotations

import re
from dataclasses import dataclass

#: The longest window. The store takes a window that ends later than this for damage and starts it anew.
MAX_WINDOW_SECONDS = 31 * 24 * 3600
#: Far beyond any real limit, and small enough that a count never overflows in any store.
MAX_HITS = 10**12

_SPELLINGS = re.compile(
    r"([0-9]{1,13})(?:\s*/\s*|\s+per\s+)([0-9]{1,8})(?:\s*(?:s|seconds?))?", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class RateLimit:
    """At most `hits` calls within a window of `seconds`, which opens at the first call."""

    hits: int
    seconds: int

    def __post_init__(self) -> None:
        if not 1 <= self.hits <= MAX_HITS:
            raise ValueError(f"a rate limit allows 1 to {MAX_HITS} hits, not {self.hits}")
        if not 1 <= self.seconds <= MAX_WINDOW_SECONDS:
            raise ValueError(
                f"a rate limit's window is 1 to {MAX_WINDOW_SECONDS} seconds, not {self.seconds}"
            )

    @classmethod
    def parse(cls, text: str) -> RateLimit:
        """Read "5000 per 60 seconds" or "5000/60". Raises ValueError with one line."""
        found = _SPELLINGS.fullmatch(text.strip()) if text.isascii() else None
        if found is None:
            raise ValueError(f'{text!r} is not a rate limit: write "5000 per 60 seconds" or "5000/60"')
        return cls(int(found[1]), int(found[2]))

    def __str__(self) -> str:
        return f"{self.hits} per {self.seconds} seconds"


@dataclass(frozen=True, slots=True)
class Decision:
    """The decision about a hit. The window ends at `ends_at`, in epoch milliseconds."""

    is_allowed: bool
    limit: int
    remaining: int
    ends_at: int

    @property
    def reset_at(self) -> int:
        """The first whole epoch second at which the window has ended."""
        return -(-self.ends_at // 1000)

    def seconds_left(self, now: int) -> int:
        """Return the whole seconds to wait, at least 1; `now` is in epoch milliseconds."""
        return max(1, -((now - self.ends_at) // 1000))


def parse_overrides(text: str) -> dict[str, RateLimit]:
    """Read `event.track=50000/60,list.get=10/1`. Returns limits by command name in lower case; raises ValueError with one line."""
    overrides: dict[str, RateLimit] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        command, limit = _override(part)
        if command in overrides:
            raise ValueError(f"{command} is given two rate limits")
        overrides[command] = limit
    return overrides


def _override(part: str) -> tuple[str, RateLimit]:
    command, is_given, limit = part.partition("=")
    command = command.strip().lower()
    if not is_given or not command or any(character.isspace() for character in command):
        raise ValueError(f"{part!r} is not a command's rate limit: write event.track=50000/60")
    try:
        return command, RateLimit.parse(limit)
    except ValueError as cause:
        raise ValueError(f"{command}: {cause}") from cause
