"""Calls: one request freed of HTTP, and the answer to it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Protocol

from tracker.caller import UNKNOWN, Caller, Misplaced, Sender
from tracker.registry import Stream

#: Seconds that a call may take once its request has arrived.
CALL_SECONDS = 5.0
#: Tells whether a good credential stands in these bytes as it is.
Knows = Callable[[bytes], bool]


class Unread(Protocol):
    """The parameters of a request that are not parsed yet, since parsing has a price."""

    @property
    def is_cheap(self) -> bool:
        """Whether parsing costs too little to ask first if the caller may call now."""

    def read(self, is_known: bool, knows: Knows | None) -> tuple[dict[str, Any], bool]:
        """Return the parameters, and whether all came as text. `knows` is given where they may hold the credential.

        Raises CommandError (99998 among others) where parsing them for an unknown caller would cost too much.
        """


class Unmade(Protocol):
    """Parameters that are made once the caller is admitted, since making them has a price."""

    def make(self, count: Callable[[int], None]) -> dict[str, Any]:
        """Return them. `count(n)` counts the call as n events before they are made. Raises CommandError (429 among others)."""

    def refused(self) -> Iterable[tuple[list[dict[str, Any]], int]]:
        """Return the rows of the errors for which some of what was sent is in no parameter, and how often each."""


@dataclass(slots=True)
class Call:
    """One request. `deadline` is a `time.monotonic()` second. `misplaced` is where a credential was sent that is not read.

    `params` are all of its parameters, or, while `unread` is there, those that the path names. `unmade` makes further ones,
    and counts the call. `caller` is set where Tracker itself calls, in the name of a share link or once more for one request:
    no credential is looked for then.
    """

    command: str | None
    method: str
    params: dict[str, Any]
    bearer: str | None
    address: str
    request_id: str
    is_form: bool = False
    sender: Sender = UNKNOWN
    misplaced: Misplaced | None = None
    unread: Unread | None = None
    unmade: Unmade | None = None
    caller: Caller | None = None
    deadline: float = field(default_factory=lambda: time.monotonic() + CALL_SECONDS)


@dataclass(slots=True)
class Answer:
    """The answer to a call: HTTP status, JSON body, extra headers; `command` and `user_id` are for the log."""

    status: int
    body: dict[str, Any] | Stream
    headers: dict[str, str]
    command: str | None = None
    user_id: int | None = None
    #: The caller, once known.
    caller: Caller | None = None
    #: Whether the body holds a secret, such as a new key.
    shows_secret: bool = False
