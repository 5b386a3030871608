"""Reports service: what the reports process does for those who ask, on one DuckDB instance with a copy for each list."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable
from contextvars import copy_context
from functools import partial
from typing import Any

from tracker.analytics.clickhouse.clickhouse_client import ClickHouseClient
from tracker.analytics.clickhouse.clickhouse_errors import TableMissing
from tracker.analytics.clickhouse.clickhouse_url import ClickHouseURL
from tracker.analytics.clickhouse.shared_store import base_lists
from tracker.analytics.copy.copy_files import CHECKED, CopyFiles
from tracker.analytics.copy.copy_tail import CopyOutdated
from tracker.analytics.copy.duckdb_engine import DAMAGE, open_engine
from tracker.analytics.copy.truth_reader import TruthReader
from tracker.analytics.process.answer_cache import at_time
from tracker.analytics.process.answer_cache import is_kept as is_kept_question
from tracker.analytics.process.copy_builds import CopyBuilds
from tracker.analytics.process.event_judge import judge_events
from tracker.analytics.process.free_core import FreeCore, pace_of
from tracker.analytics.process.kept_snapshot import Snapshot
from tracker.analytics.process.list_copies import FOLLOWED_SECONDS, ListCopy
from tracker.analytics.process.question_queue import QuestionQueue, Ticket
from tracker.analytics.process.reports_setup import ReportsSetup
from tracker.analytics.process.shared_list_copy import SharedListCopy
from tracker.analytics.queries import Workspace
from tracker.errors import StorageUnavailable
from tracker.metrics import resident_bytes
from tracker.storage.engine import IncompatibleDatabase

#: Seconds that a question waits for the build of a small list, and before its deadline that it is told how far a build is.
SMALL_BUILD_SECONDS, RESERVE_SECONDS = 3.0, 0.5
#: Seconds between two rounds of the tail.
TAIL_SECONDS = 1.0
#: Seconds that ending waits for a thread.
END_SECONDS = 5.0

#: A copy in a file, or in ClickHouse.
AnyCopy = ListCopy | SharedListCopy
#: Answers a question: (question, workspace, copy) -> answer.
Answer = Callable[[Any, Workspace, AnyCopy], dict[str, Any]]

_log = logging.getLogger("tracker.reports")


class ReportsUnready(Exception):
    """There is no copy that can answer, for this reason, in words for whoever asks: paths and errors are for the log."""


class ReportsService:
    """The copies, builds and questions of one process."""

    def __init__(self, setup: ReportsSetup, answer: Answer) -> None:
        self._setup, self._answer, self.digest = setup, answer, setup.digest
        self.files = CopyFiles(setup.path)
        self.files.remove_leftovers()
        self.database = setup.open_database()
        self._engine = open_engine(self.files.folder, setup.memory_mb)
        self._builds = CopyBuilds(setup, self._put_in_place)
        self._copies: dict[int, AnyCopy] = {}
        self._url = ClickHouseURL.parse(setup.reports_url) if setup.reports_url else None
        self._lock = threading.Lock()
        self._pace_truth = TruthReader(self.database)
        self.free_core = FreeCore(partial(pace_of, self._pace_truth), self._processes)
        self._queue = QuestionQueue()
        self._ended = threading.Event()
        self._damage: BaseException | None = None
        self._tail = threading.Thread(target=self._follow_all, daemon=True)
        self._tail.start()

    @property
    def is_damaged(self) -> bool:
        """Whether the instance cannot be used any more."""
        return self._damage is not None

    @property
    def is_busy(self) -> bool:
        return self._builds.is_busy()

    def copy_of(self, list_id: int) -> AnyCopy:
        """Return the copy of a list, whether there is one or not."""
        with self._lock:
            if list_id not in self._copies:
                truth = TruthReader(self.database)
                self._copies[list_id] = (
                    ListCopy(self._engine, self.files, list_id, truth)
                    if self._url is None
                    else SharedListCopy(self._url, list_id, truth)
                )
            return self._copies[list_id]

    def lists(self) -> list[int]:
        """Return the lists that have a copy. Raises StorageUnavailable, and DuckDB's kinds of errors."""
        if self._url is None:
            return self.files.lists()
        client = ClickHouseClient(self._url)
        truth = TruthReader(self.database)
        try:
            return sorted(base_lists(client, truth.source()))
        finally:
            client.close()
            truth.close()

    def prepare(self, list_id: int, seconds: float) -> float | None:
        """Have a copy that is fresh; return None, or the share of its build that is done. Raises ReportsUnready."""
        copy = self.copy_of(list_id)
        copy.asked_at = time.monotonic()
        self.free_core.look()
        try:
            copy.note_asked()
            if copy.attach():
                self._follow_once(copy)
                return None
            return self._wait_for_build(copy, seconds)
        except CopyOutdated:
            copy.give_up()
            return self._wait_for_build(copy, seconds)
        except StorageUnavailable as failure:
            if isinstance(failure, IncompatibleDatabase):
                self._damage = failure
            raise _unread(list_id, failure) from failure
        except DAMAGE as failure:
            raise self.damaged(list_id, failure) from failure

    def ticket(self, user: int, list_id: int, question: Any) -> Ticket:
        """Queue a question about a copy that is prepared, with the time that its message has left. Raises QueueFull."""
        context = copy_context()
        ticket = Ticket(user, lambda ticket: context.run(self._work, ticket, list_id, question))
        self._queue.submit(ticket)
        return ticket

    def wait(self, ticket: Ticket, seconds: float) -> bool:
        """Wait for the answer to a question that is queued; return whether it is there."""
        return self._queue.wait(ticket, seconds)

    def judge(self, question: Any, truth: TruthReader) -> list[list[int] | None]:
        """Return for each goal the ids of the events that it holds for, or None. Raises QuestionRefused, StorageUnavailable."""
        return judge_events(question, self._engine, truth)

    def rebuild(self, list_id: int) -> float:
        """Begin to build a list's copy anew, while the old one answers; return the share that is done."""
        return self._builds.begin(list_id).share

    def check(self, list_id: int) -> dict[str, int] | None:
        """Check a list's copy against the truth; None: there is none. Raises ReportsUnready."""
        copy = self.copy_of(list_id)
        try:
            found = copy.check() if copy.attach() else None
        except CopyOutdated:
            self.rebuild(list_id)
            raise ReportsUnready("the copy differs in too much, and is built anew") from None
        except StorageUnavailable as failure:
            raise _unread(list_id, failure) from failure
        if found is not None:
            copy.note(CHECKED)
        return None if found is None else found._asdict()

    def status(self) -> list[dict[str, Any]]:
        """Return what is known of each copy."""
        return [self._status_of(list_id) for list_id in sorted({*self.lists(), *self._builds.lists()})]

    def figures(self) -> dict[str, Any]:
        """Return the copies that are open, and for the last asked of them how many milliseconds the furthest is behind; nothing is opened."""
        copies = [copy for copy in list(self._copies.values()) if copy.is_attached]
        states = [copy.state for copy in copies if _is_followed(copy)]
        ages = [int(time.time() * 1000) - state.as_of for state in states if state is not None]
        return {"open": len(copies), "lag_ms": max(0, *ages) if ages else None, "memory": resident_bytes()}

    def damaged(self, list_id: int, failure: BaseException) -> ReportsUnready:
        """Note that the instance is damaged: the process ends, and the list's copy is built anew by the next one."""
        _log.error("the copy of list %d is damaged: %s", list_id, failure)
        self.files.remove(list_id)
        self._damage = failure
        return ReportsUnready("the copy was damaged, and is built anew")

    def close(self) -> None:
        """Interrupt what runs, and close the instance: C++ must not be in a query when the process ends."""
        self._ended.set()
        self._builds.close()
        self._queue.close(END_SECONDS)
        self._tail.join(END_SECONDS)
        for copy in self._copies.values():
            copy.close()
        self._pace_truth.close()
        self._engine.close()

    def _processes(self) -> list[int]:
        """Return the processes that leave a core free: this one, and that of the build."""
        build = self._builds.process
        return [os.getpid()] if build is None else [os.getpid(), build]

    def _work(self, ticket: Ticket, list_id: int, question: Any) -> dict[str, Any]:
        try:
            return self._work_once(ticket, list_id, question)
        except TableMissing:  # another instance has put a new copy in place
            copy = self.copy_of(list_id)
            copy.snapshot.drop()
            copy.attach()
            return self._work_once(ticket, list_id, question)

    def _work_once(self, ticket: Ticket, list_id: int, question: Any) -> dict[str, Any]:
        copy = self.copy_of(list_id)
        with copy.reading():
            if not copy.is_attached:
                raise ReportsUnready("the copy is being exchanged")
            version, state = copy.version, copy.state
            kept = copy.answers.find(version, question, state.as_of) if state is not None else None
            if kept is not None:
                return kept
            is_kept = state is not None and is_kept_question(question)
            found = copy.snapshot.take(version) if is_kept else None
            cursor = found.cursor if found else copy.cursor()
            ticket.uses(cursor)
            try:
                snapshot = found or Snapshot(cursor, version)
                answer = self._answer(question, snapshot.workspace, copy)
            except BaseException as failure:
                cursor.close()
                if isinstance(failure, DAMAGE):
                    raise self.damaged(list_id, failure) from failure
                raise
            if state is None or not is_kept:
                cursor.close()
                return answer
            copy.snapshot.keep(snapshot)
            answer = at_time(answer, question, state.as_of) if found else answer
            copy.answers.keep(version, question, answer)
            return answer

    def _wait_for_build(self, copy: AnyCopy, seconds: float) -> float | None:
        build = self._builds.begin(copy.list_id)
        build.done.wait(max(0.0, min(SMALL_BUILD_SECONDS, seconds - RESERVE_SECONDS)))
        if build.failure is not None:
            raise ReportsUnready(build.failure)
        return None if copy.is_attached else build.share

    def _put_in_place(self, list_id: int) -> None:
        self.copy_of(list_id).put_in_place()

    def _follow_all(self) -> None:
        """Follow the lists that were asked for within the last minute."""
        while not self._ended.wait(TAIL_SECONDS):
            if self.is_busy or any(map(_is_followed, list(self._copies.values()))):
                self.free_core.look()
            for copy in list(self._copies.values()):
                copy.snapshot.drop(only_old=True)
                if _is_followed(copy) and not self._ended.is_set():
                    self._follow(copy)

    def _follow(self, copy: AnyCopy) -> None:
        try:
            self._follow_once(copy)
        except CopyOutdated:
            self._builds.begin(copy.list_id)
        except DAMAGE as failure:
            self.damaged(copy.list_id, failure)
        except IncompatibleDatabase as failure:
            self._damage = failure
        except Exception as failure:  # noqa: BLE001  such as an answer that is none; the other lists are followed
            _log.warning("the copy of list %d is not followed: %s", copy.list_id, failure)

    def _follow_once(self, copy: AnyCopy) -> None:
        """Follow the truth; after a change of channel rules the copy answers on, while another one is built."""
        copy.follow()
        if copy.has_other_rules:
            self._builds.begin(copy.list_id)

    def _status_of(self, list_id: int) -> dict[str, Any]:
        copy, build = self.copy_of(list_id), self._builds.of(list_id)
        state = copy.state if copy.attach() else None
        return {
            "list": list_id,
            "bytes": copy.size(),
            "events": 0 if state is None else state.rows_built + state.rows_added,
            "as_of": None if state is None else state.as_of,
            "built_at": None if state is None else state.built_at,
            "building": None if build is None or build.done.is_set() else build.share,
            "failure": None if build is None else build.failure,
        }


def _is_followed(copy: AnyCopy) -> bool:
    return time.monotonic() - copy.asked_at < FOLLOWED_SECONDS


def _unread(list_id: int, failure: StorageUnavailable) -> ReportsUnready:
    _log.warning("the copy of list %d is not followed: %s", list_id, failure)
    return ReportsUnready("the database could not be read")
