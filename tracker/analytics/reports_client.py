"""Reports client: asks the reports process, and starts it when there is none. It waits cooperatively: other requests go on."""

from __future__ import annotations

import logging
import shutil
import time
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

import gevent

from tracker.analytics.copy.copy_files import CopyFiles
from tracker.analytics.process.report_socket import SPELLINGS, UNAVAILABLE
from tracker.analytics.process.reports_setup import ReportsSetup
from tracker.analytics.reports_connection import (
    STOP_SECONDS,
    Reply,
    ReportsAway,
    ReportsConnection,
    ReportsHung,
)
from tracker.analytics.reports_start import start_process
from tracker.domain.spellings import PLAIN, Spellings

#: Seconds that a question may take without a deadline; and before its deadline that nobody waits for the answer any more.
ASK_SECONDS, RESERVE_SECONDS = 20.0, 0.1
#: Seconds that upkeep and checks may take, and between two calls for upkeep; and after a start before the first.
LONG_SECONDS, UPKEEP_SECONDS, FIRST_UPKEEP_SECONDS = 600.0, 3600.0, 60.0
#: Seconds that it may take to tell its state.
STATUS_SECONDS = 2.0
#: The kind of error of a process that does not answer.
HUNG = "hung"
#: The user for whom Tracker itself asks.
NOBODY = 0
#: Milliseconds within which what was forgotten is gone from a copy's bytes: upkeep is due every hour, and a build may wait.
ERASED_WITHIN_MS = 24 * 3_600_000

_log = logging.getLogger("tracker.reports")


class ReportsClient:
    """The reports process as this process knows it. Nothing is started before somebody asks.

    `encode` makes a question a JSON object.
    """

    def __init__(
        self, setup: ReportsSetup, encode: Callable[[Any], Reply] = dict, idle_seconds: float | None = None
    ) -> None:
        self._setup, self._encode, self._idle_seconds = setup, encode, idle_seconds
        self._files, self._connection = CopyFiles(setup.path), ReportsConnection(setup.path, setup.digest)
        self._upkeep: gevent.Greenlet | None = None
        self._look: gevent.Greenlet | None = None

    @property
    def is_asker(self) -> bool:
        """Whether another instance serves the copies."""
        return False

    def ask(
        self, question: Any, user_id: int, deadline: float | None = None, spellings: Spellings = PLAIN
    ) -> Reply:
        """Ask a question; return `{"answer": …}`, `{"building": share}` or `{"error": kind, "detail": text}`.

        `deadline` is a `time.monotonic()` second. Nothing is raised: tracking goes on without reports.
        """
        seconds = ASK_SECONDS if deadline is None else deadline - time.monotonic() - RESERVE_SECONDS
        return self.pass_on({"ask": self._encoded(question, spellings), "user": user_id}, seconds)

    def moves(self, question: Any, spellings: Spellings, seconds: float) -> Reply:
        """Ask who has come into a segment and who has gone; the reply is as that of `ask`. Nobody's questions wait for it in turn."""
        return self.pass_on({"moves": self._encoded(question, spellings), "user": NOBODY}, seconds)

    def judge(self, question: Any, seconds: float) -> list[list[int] | None] | None:
        """Return for each goal of an `EventMatch` the ids of the events that it holds for; None while nobody can tell."""
        reply = self.pass_on({"judge": self._encode(question)}, seconds)
        return reply.get("judged")

    def _encoded(self, question: Any, spellings: Spellings) -> Reply:
        encoded = self._encode(question)
        return {**encoded, SPELLINGS: spellings.sent()} if spellings else encoded

    def request(self, message: Reply, seconds: float = LONG_SECONDS) -> Reply:
        """Send a message and return the reply to it, or `{"error": "unavailable", …}`. A process that hangs is replaced first."""
        self._connection.end_hung()
        return self.pass_on(message, seconds)

    def status_if_running(self) -> Reply | None:
        """Return what the process tells of its copies, or `{"error": …}` if it does not answer; None if there is none."""
        return self._told({"status": True})

    def figures(self) -> Reply | None:
        """Return the memory of the process in bytes, its open copies, and how many milliseconds they are behind, or as `status_if_running`."""
        return self._told({"figures": True})

    def _told(self, message: Reply) -> Reply | None:
        try:
            return self._connection.exchange(message, time.monotonic() + STATUS_SECONDS)
        except ReportsHung:
            return {"error": HUNG, "detail": "the reports process does not answer"}
        except (ReportsAway, OSError):
            return None

    def pass_on(self, message: Reply, seconds: float) -> Reply:
        """Send a message and return the reply to it, as `request` does, without a look whether the process hangs."""
        if not self.is_installed():
            return unavailable("DuckDB is not installed: pip install 'tracker[reports]'")
        until = time.monotonic() + seconds
        try:
            try:
                return self._connection.exchange(message, until)
            except ReportsAway:  # it may have ended just now, or there is none
                self._files.make_folder()
                start_process(self._setup, self._connection, until, self._idle_seconds)
                return self._connection.exchange(message, until)
        except ReportsHung:
            self._look_at_it()
            return unavailable(
                "the reports process does not answer; if it hangs, another one takes its place"
            )
        except (ReportsAway, OSError) as failure:  # such as a full disk; its words may name paths
            _log.warning("reports are not available: %s", failure)
            self._look_at_it()
            return unavailable("the reports process is away: the log says why")

    def _look_at_it(self) -> None:
        """End the process if it hangs, or has the folder without listening, while nobody waits for that."""
        if self._look is None or self._look.dead:
            self._look = gevent.spawn(self._connection.end_hung)

    def has_copy(self, list_id: int) -> bool:
        """Return whether there may be a copy of a list: what is forgotten there is to be erased in it too."""
        return self._setup.is_shared or self._files.copy(list_id).exists()

    def erased_by(self, list_id: int, deleted_at: int | None, now: int) -> int | None:
        """Return when the copy of a list is without the bytes of what was deleted then, or is being deleted; None: it is by now.

        All times are UTC milliseconds.
        """
        until = (now if deleted_at is None else deleted_at) + ERASED_WITHIN_MS
        return until if until > now and self.has_copy(list_id) else None

    def remove_copy(self, list_id: int) -> None:
        """Remove the copy of a list that is deleted. A process that does not answer now removes it at its next upkeep."""
        if self._setup.is_shared:
            reply = self.pass_on({"remove": list_id}, STOP_SECONDS)
            if "error" in reply:
                _log.warning("the copy of list %d is not removed yet: %s", list_id, reply.get("detail"))
            return
        if not self.has_copy(list_id):
            return
        try:
            self._connection.exchange({"remove": list_id}, time.monotonic() + STOP_SECONDS)
        except ReportsAway:  # nothing has the file open
            self._files.remove(list_id)
        except (ReportsHung, OSError) as failure:
            _log.warning("the copy of list %d is not removed yet: %s", list_id, failure)

    def is_installed(self) -> bool:
        """Return whether there is what reports are answered with."""
        return find_spec("duckdb") is not None

    def has_copies(self) -> bool:
        """Return whether any list has a copy."""
        return self._setup.is_shared or bool(self._files.lists())

    def lists_with_copies(self) -> list[int]:
        """Return the lists that have a copy; of copies that are shared none while the process cannot tell."""
        if not self._setup.is_shared:
            return self._files.lists()
        return [copy["list"] for copy in self.request({"status": True}).get("status", [])]

    def remove_copies(self) -> str | None:
        """Remove all copies: the truth is another one now. Return why those that are shared could not be removed."""
        if self._setup.path.exists():
            shutil.rmtree(self._setup.path)
        if not self._setup.is_shared:
            return None
        for list_id in self.lists_with_copies():
            self.remove_copy(list_id)
        reply = self.request({"status": True})
        left = reply.get("status", [])
        return str(reply["detail"]) if "error" in reply else "some are left" if left else None

    def stop_process(self) -> None:
        """End the process, if there is one, so that nothing has the database open. It is started again when it is asked."""
        try:
            self._connection.end_hung()
            self._connection.exchange({"stop": True}, time.monotonic() + STOP_SECONDS)
        except (ReportsAway, ReportsHung, OSError):  # there is none
            return
        self._connection.wait_for_end()

    def serve(self) -> None:
        """Look after the copies every hour: for a process that serves."""
        if self._upkeep is None:
            self._upkeep = gevent.spawn(self._keep_up)

    def close(self) -> None:
        """Ask for no more upkeep. The process ends by itself."""
        if self._upkeep is not None:
            self._upkeep.kill()

    def look_after(self) -> None:
        """Have the process look after its copies, if there are any."""
        if self._setup.is_shared or self._files.has_data():
            reply = self.request({"maintain": True})
            if "error" in reply:
                _log.warning("the copies for reports were not looked after: %s", reply.get("detail"))

    def _keep_up(self) -> None:
        gevent.sleep(FIRST_UPKEEP_SECONDS)
        while True:
            self.look_after()
            gevent.sleep(UPKEEP_SECONDS)


def unavailable(detail: str) -> Reply:
    """Return the reply to a message that nobody answers, with the words for whoever asks."""
    return {"error": UNAVAILABLE, "detail": detail}
