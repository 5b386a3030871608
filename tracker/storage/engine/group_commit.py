"""Group commit: applies queued writes in one transaction, retries conflicts, and reports each write's outcome."""

from __future__ import annotations

import random
import time
from typing import Any

import gevent

from tracker.errors import OutcomeUnknown, StorageUnavailable
from tracker.storage.engine.error_kinds import ErrorKind
from tracker.storage.engine.write_connection import RECONNECT_PAUSE, WriteConnection, yield_to_others
from tracker.storage.engine.write_queue import WriteRequest

#: Tries of one group after a deadlock, a lost race or a COMMIT that was not answered. A connection lost before COMMIT
#: is no try: until the deadline the group is sent on another one.
MAX_TRIES = 10


class GroupCommit:
    """The attempts to commit some write requests together. The first attempt runs in the transaction that is open."""

    def __init__(self, connection: WriteConnection, requests: list[WriteRequest]) -> None:
        self._connection, self._requests = connection, requests
        self._uncertain: list[Any] | None = None  # results of an attempt whose COMMIT was not answered
        self._last_failure: Exception | None = None
        self._tries = self._losses = 0
        self._had_duplicate_key = False
        self._races = getattr(requests[0].handler, "races_for_keys", False)

    def commit(self) -> None:
        """Try until every request has its result."""
        while not self._attempt():
            # After the last try no transaction is opened that nobody would end.
            if self._tries >= MAX_TRIES or not self.reopen():
                self.give_up()
                return

    def _attempt(self) -> bool:
        """Try once; return whether every request has its result. If not, another try may succeed."""
        try:
            if self._uncertain is not None and self._connection.was_committed(self._requests):
                self._connection.rollback()
                return self._finish_committed(self._uncertain)
            results = self._connection.apply(self._requests)
        except Exception as failure:  # noqa: BLE001  the engine says what it means
            return self._after_failure(failure)
        return self._commit_results(results)

    def _commit_results(self, results: list[Any]) -> bool:
        try:
            self._connection.commit()
        except Exception as failure:  # noqa: BLE001  the engine says what it means
            if not self._connection.is_commit_lost(failure):
                return self._after_failure(failure)
            self._uncertain = results
            self._tries += 1
            return self._lose()  # no new group is sent on a connection whose COMMIT is open
        return self._finish_committed(results)

    def _finish_committed(self, results: list[Any]) -> bool:
        if committed := getattr(self._requests[0].handler, "committed", None):
            committed()
        return self._finish_all(results)

    def _finish_all(self, results: list[Any]) -> bool:
        for request, result in zip(self._requests, results, strict=True):
            request.finish(result)
        return True

    def _after_failure(self, failure: Exception) -> bool:
        self._connection.rollback()
        self._last_failure = failure
        kind = self._connection.error_kind(failure)
        if kind is ErrorKind.LOST:
            return self._lose()
        if kind is ErrorKind.RETRY:
            self._pause()
            return False
        if kind in (ErrorKind.UNAVAILABLE, ErrorKind.UNKNOWN):
            self._connection.recheck_primary()
        if (
            self._uncertain is not None
        ):  # this try was rolled back; the outcome of the one before stays unknown
            return self._finish_all([OutcomeUnknown("the reply to COMMIT was lost")] * len(self._requests))
        if kind is ErrorKind.UNAVAILABLE or isinstance(failure, (StorageUnavailable, OutcomeUnknown)):
            return self._finish_all([_as_unavailable(failure)] * len(self._requests))
        if len(self._requests) == 1 and self._connection.is_duplicate_key(failure) and self._may_look_again():
            return False
        return self._one_by_one(_as_unavailable(failure) if kind is ErrorKind.UNKNOWN else failure)

    def _pause(self) -> None:
        """Count a try, and let whoever was in the way finish."""
        self._tries += 1
        gevent.sleep(random.uniform(0.001, 0.02))  # noqa: S311 - jitter, not a secret

    def _may_look_again(self) -> bool:
        """Whether another try may look for what has the key. Who races for keys is overtaken more than once."""
        if self._races:
            self._pause()
            return True
        is_first, self._had_duplicate_key = not self._had_duplicate_key, True
        return is_first

    def _lose(self) -> bool:
        """Close the connection.

        The next one may be good at once; if it is not, there is a pause (backoff) before each further one.
        """
        self._connection.close()
        self._losses += 1
        if self._losses > 1:
            gevent.sleep(RECONNECT_PAUSE)
        return False

    def _one_by_one(self, failure: Exception) -> bool:
        """Commit each request in a transaction of its own: the one at fault fails alone, the others are stored."""
        if len(self._requests) == 1:
            return self._finish_all([failure])
        for request in self._requests:
            alone = GroupCommit(self._connection, [request])
            if alone.reopen():
                alone.commit()
            else:
                alone.give_up()
        return True

    def reopen(self) -> bool:
        """Open a transaction for another try; return False when the latest deadline of the requests has passed."""
        last = max(request.deadline for request in self._requests)
        while time.monotonic() < last:
            try:
                if self._connection.begin():
                    return True
                yield_to_others()
            except Exception as failure:  # noqa: BLE001  until the deadline, whatever it is
                self._last_failure = failure
                self._connection.close()
                gevent.sleep(RECONNECT_PAUSE)
        return False

    def give_up(self) -> None:
        """Give every request its failure: unknown after an unanswered COMMIT, else a duplicate key or unavailable storage."""
        if self._uncertain is not None:
            self._finish_all([OutcomeUnknown("the reply to COMMIT was lost")] * len(self._requests))
        elif not self._races and self._has_duplicate_key():
            self._finish_all([self._last_failure] * len(self._requests))
        else:
            self._finish_all([StorageUnavailable(f"gave up: {self._last_failure}")] * len(self._requests))

    def _has_duplicate_key(self) -> bool:
        return self._last_failure is not None and self._connection.is_duplicate_key(self._last_failure)


def _as_unavailable(failure: Exception) -> Exception:
    is_known = isinstance(failure, (StorageUnavailable, OutcomeUnknown))
    return failure if is_known else StorageUnavailable(str(failure))
