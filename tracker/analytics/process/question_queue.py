"""Question queue: two questions at a time, of two users; the others wait in order, by user: nobody's hold up somebody's.

While no other user's question waits, a user's next one takes the second place as a guest: a page asks several. It is put back
as soon as another user's finds no place. While both places are taken, a third one answers what is short. A question that takes longer there is put back as soon as
another one waits for the place, and begins again in one of the two: so two heavy users hold up nobody's short questions.
"""

from __future__ import annotations

import math
import threading
import time
from collections import Counter, OrderedDict, deque
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Protocol

import duckdb

#: Questions that are answered at once, and that may wait: of one user, and of all.
AT_ONCE, MAX_OF_USER, MAX_WAITING = 2, 100, 500
#: Seconds that a question may take in the third place while another one waits for it.
SHORT_SECONDS = 1.0


class QueueFull(Exception):
    """Too many questions wait."""


class QuestionRefused(Exception):
    """An error to answer with: its kind and its text."""

    def __init__(self, kind: str, detail: str) -> None:
        super().__init__(detail)
        self.kind = kind


class Interruptible(Protocol):
    """What a question runs on."""

    def interrupt(self) -> None:
        """Give up the statement that runs."""


class Ticket:
    """One question on its way. `work(ticket)` answers it in a thread of the queue."""

    def __init__(self, user: int, work: Callable[[Ticket], Any]) -> None:
        self.user, self._work = user, work
        self.result: Any = None
        self.failure: BaseException | None = None
        self.is_cancelled = False
        #: Whether it took too long for the place of short questions, and whether it is to leave that place.
        self.is_long, self._is_put_back = False, False
        self._began_at: float | None = None
        self._is_done = threading.Event()
        self._cursor: Interruptible | None = None

    def uses(self, cursor: Interruptible) -> None:
        """Tell which cursor the question runs on, so that it can be interrupted."""
        self._cursor = cursor

    def run(self) -> bool:
        """Answer the question, unless nobody waits for the answer any more; return False if it was put back instead."""
        self._began_at = time.monotonic()
        try:
            if not self.is_cancelled:
                self.result = self._work(self)
        except BaseException as failure:  # noqa: BLE001  it is the asker's to hear of
            if self._is_put_back and not self.is_cancelled and isinstance(failure, duckdb.InterruptException):
                self.is_long, self._is_put_back = True, False
                return False
            self.failure = failure
        finally:
            self._cursor = None
        self._is_done.set()
        return True

    def running_since(self) -> float:
        """Return since when it runs; one that is about to begin is the latest."""
        return math.inf if self._began_at is None else self._began_at

    def wait(self, seconds: float) -> bool:
        """Wait for the answer; return whether it is there."""
        return self._is_done.wait(seconds)

    def cancel(self) -> None:
        """Give the question up: it does not begin, or its statement is interrupted. Call it again until it is done."""
        self.is_cancelled = True
        self._interrupt()

    def put_back(self, seconds: float) -> None:
        """Interrupt the question if it has taken so long, to begin again. Call it again as long as its place is wanted."""
        if self._began_at is not None and time.monotonic() - self._began_at >= seconds:
            self._is_put_back = True
            self._interrupt()

    def _interrupt(self) -> None:
        cursor = self._cursor
        if cursor is not None:
            with suppress(duckdb.Error):  # it may have ended in between
                cursor.interrupt()


class QuestionQueue:
    """The questions that wait, and the threads that answer."""

    def __init__(self, short_seconds: float = SHORT_SECONDS) -> None:
        self._waiting: OrderedDict[int, deque[Ticket]] = OrderedDict()
        self._changed = threading.Condition()
        self._is_closed = False
        self._short_seconds = short_seconds
        self._running: set[Ticket] = set()
        #: The question in the third place.
        self._short: Ticket | None = None
        self._threads = [
            threading.Thread(target=self._serve, args=(number == AT_ONCE,), daemon=True)
            for number in range(AT_ONCE + 1)
        ]
        for thread in self._threads:
            thread.start()

    def submit(self, ticket: Ticket) -> None:
        """Queue a question. Raises QueueFull."""
        with self._changed:
            own = len(self._waiting.get(ticket.user, ()))
            if self._is_closed or own >= MAX_OF_USER or sum(map(len, self._waiting.values())) >= MAX_WAITING:
                raise QueueFull("too many questions wait")
            self._waiting.setdefault(ticket.user, deque()).append(ticket)
            self._changed.notify_all()

    def wait(self, ticket: Ticket, seconds: float) -> bool:
        """Wait for the answer, and return whether it is there; meanwhile have a long question leave the third place to others."""
        if ticket.wait(seconds):
            return True
        with self._changed:
            held = self._short
            if held is not None and self._next_user(is_short=False) is not None:
                guest = self._guest()
                if guest is not None:
                    guest.put_back(0)
                elif self._next_user(is_short=True) is not None:
                    held.put_back(self._short_seconds)
        return False

    def close(self, seconds: float) -> None:
        """Interrupt what runs, answer nothing any more, and wait for the threads: a query must not outlive its instance."""
        with self._changed:
            self._is_closed = True
            waiting = [ticket for own in self._waiting.values() for ticket in own]
            self._waiting.clear()
            running = list(self._running)
            self._changed.notify_all()
        for ticket in (*waiting, *running):
            ticket.cancel()
        for ticket in waiting:
            ticket.run()
        for thread in self._threads:
            thread.join(seconds)

    def _serve(self, is_short: bool) -> None:
        while (ticket := self._next(is_short)) is not None:
            is_done = ticket.run()
            with self._changed:
                self._running.discard(ticket)
                if is_short:
                    self._short = None
                if not is_done:
                    self._queue_again(ticket)
                self._changed.notify_all()

    def _queue_again(self, ticket: Ticket) -> None:
        """Have a question wait again, before the others of its user, who is the last to have had a turn."""
        if self._is_closed:
            ticket.cancel()
            ticket.run()
            return
        own = self._waiting.pop(ticket.user, deque())
        own.appendleft(ticket)
        self._waiting[ticket.user] = own

    def _next(self, is_short: bool) -> Ticket | None:
        """Return the next question: the first of the user whose last one is longest ago, of those of whom none runs.

        None: the queue is closed. Where all who wait have one that runs, the next one is a guest. The third place is for when
        the two are taken, for no guests, and not for questions that were put back.
        """
        with self._changed:
            while (user := self._user_for(is_short)) is None and not self._is_closed:
                self._changed.wait()
            if user is None or self._is_closed:
                return None
            own = self._waiting.pop(user)
            ticket = own.popleft()
            if own:
                self._waiting[user] = own
            self._running.add(ticket)
            if is_short:
                self._short = ticket
            self._changed.notify_all()  # with both places taken the third one is open
            return ticket

    def _user_for(self, is_short: bool) -> int | None:
        if is_short and len(self._running) < AT_ONCE:
            return None
        user = self._next_user(is_short)
        return user if user is not None or is_short else next(iter(self._waiting), None)

    def _guest(self) -> Ticket | None:
        """Return the question that began later, of a user of whom two run."""
        users = Counter(ticket.user for ticket in self._running)
        own = [ticket for ticket in self._running if users[ticket.user] > 1]
        return max(own, key=Ticket.running_since, default=None)

    def _next_user(self, is_short: bool) -> int | None:
        served = {ticket.user for ticket in self._running}
        return next(
            (
                user
                for user, own in self._waiting.items()
                if user not in served and not (is_short and own[0].is_long)
            ),
            None,
        )
