"""Question queue: two questions at a time, of two users; the others wait in order, by user: nobody's hold up somebody's."""

from __future__ import annotations

import threading
from collections import OrderedDict, deque
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import duckdb

#: Questions that are answered at once, and that may wait: of one user, and of all.
AT_ONCE, MAX_OF_USER, MAX_WAITING = 2, 100, 500


class QueueFull(Exception):
    """Too many questions wait."""


class QuestionRefused(Exception):
    """An error to answer with: its kind and its text."""

    def __init__(self, kind: str, detail: str) -> None:
        super().__init__(detail)
        self.kind = kind


class Ticket:
    """One question on its way. `work(ticket)` answers it in a thread of the queue."""

    def __init__(self, user: int, work: Callable[[Ticket], Any]) -> None:
        self.user, self._work = user, work
        self.result: Any = None
        self.failure: BaseException | None = None
        self.is_cancelled = False
        self._is_done = threading.Event()
        self._cursor: duckdb.DuckDBPyConnection | None = None

    def uses(self, cursor: duckdb.DuckDBPyConnection) -> None:
        """Tell which cursor the question runs on, so that it can be interrupted."""
        self._cursor = cursor

    def run(self) -> None:
        """Answer the question, unless nobody waits for the answer any more."""
        try:
            if not self.is_cancelled:
                self.result = self._work(self)
        except BaseException as failure:  # noqa: BLE001  it is the asker's to hear of
            self.failure = failure
        finally:
            self._cursor = None
            self._is_done.set()

    def wait(self, seconds: float) -> bool:
        """Wait for the answer; return whether it is there."""
        return self._is_done.wait(seconds)

    def cancel(self) -> None:
        """Give the question up: it does not begin, or its statement is interrupted. Call it again until it is done."""
        self.is_cancelled = True
        cursor = self._cursor
        if cursor is not None:
            with suppress(duckdb.Error):  # it may have ended in between
                cursor.interrupt()


class QuestionQueue:
    """The questions that wait, and the threads that answer."""

    def __init__(self) -> None:
        self._waiting: OrderedDict[int, deque[Ticket]] = OrderedDict()
        self._changed = threading.Condition()
        self._is_closed = False
        self._running: set[Ticket] = set()
        self._threads = [threading.Thread(target=self._serve, daemon=True) for _ in range(AT_ONCE)]
        for thread in self._threads:
            thread.start()

    def submit(self, ticket: Ticket) -> None:
        """Queue a question. Raises QueueFull."""
        with self._changed:
            own = len(self._waiting.get(ticket.user, ()))
            if self._is_closed or own >= MAX_OF_USER or sum(map(len, self._waiting.values())) >= MAX_WAITING:
                raise QueueFull("too many questions wait")
            self._waiting.setdefault(ticket.user, deque()).append(ticket)
            self._changed.notify()

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

    def _serve(self) -> None:
        while (ticket := self._next()) is not None:
            ticket.run()
            with self._changed:
                self._running.discard(ticket)

    def _next(self) -> Ticket | None:
        """Return the next question: the first of the user whose last one is longest ago, of those of whom none runs.

        None: the queue is closed. A place stays free rather than be a user's second: the next user's question starts at once.
        """
        with self._changed:
            while (user := self._next_user()) is None and not self._is_closed:
                self._changed.wait()
            if user is None or self._is_closed:
                return None
            own = self._waiting.pop(user)
            ticket = own.popleft()
            if own:
                self._waiting[user] = own
            self._running.add(ticket)
            return ticket

    def _next_user(self) -> int | None:
        served = {ticket.user for ticket in self._running}
        return next((user for user in self._waiting if user not in served), None)
