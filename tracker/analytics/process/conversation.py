"""Conversation: the lines of one client, answered one after the other; who goes away or is out of time is given up."""

from __future__ import annotations

import logging
import select
import socket
import threading
import time
from collections.abc import Callable
from typing import Any

import duckdb
import orjson

from tracker import __version__
from tracker.analytics.clickhouse.clickhouse_deadline import within
from tracker.analytics.clickhouse.clickhouse_errors import ClickHouseError, ClickHouseInterrupted
from tracker.analytics.copy.truth_reader import TruthReader
from tracker.analytics.process.copy_upkeep import keep_up
from tracker.analytics.process.question_queue import QuestionRefused, QueueFull, Ticket
from tracker.analytics.process.report_socket import (
    MAX_QUESTION_BYTES,
    TIMEOUT,
    TOO_LARGE,
    UNAVAILABLE,
    LineReader,
    LineTooLong,
    send_line,
)
from tracker.analytics.process.reports_service import ReportsService, ReportsUnready
from tracker.storage.triggers import kept_members

#: Seconds between two looks whether the client is still there and in time.
LOOK_SECONDS = 0.05
#: Seconds that a connection may be silent, and the longest time that a question may take.
IDLE_SECONDS, MAX_SECONDS = 600.0, 120.0

#: Messages that a process answers or heeds whatever settings the client has: they tell of it, or end it.
FOR_ANY_SETTINGS = frozenset({"status", "figures", "stop"})

#: What whoever asks is told of failures whose words are for the log: they may name paths.
FAILED = "the question failed: the log of the reports process says why"
LATE = "the question was not answered in time"

_log = logging.getLogger("tracker.reports")


class Conversation:
    """One client. `stop` ends the process. `has_asked`: more than how the process is doing, so that it stays for further questions."""

    def __init__(
        self, connection: socket.socket, service: ReportsService, truth: TruthReader, stop: threading.Event
    ) -> None:
        self._connection, self._service, self._truth, self._stop = connection, service, truth, stop
        self.has_asked = False

    def hold(self) -> None:
        """Answer lines until the client ends, or sends what is no question."""
        self._connection.settimeout(IDLE_SECONDS)
        reader = LineReader(self._connection, MAX_QUESTION_BYTES)
        try:
            while line := reader.line():
                answer = self._answer_line(line)
                try:
                    send_line(self._connection, answer)
                except TypeError:  # a value that JSON does not have
                    _log.exception("an answer cannot be sent")
                    send_line(self._connection, {"error": UNAVAILABLE, "detail": FAILED})
                if "malformed" in answer:
                    break
        except LineTooLong as failure:
            send_line(self._connection, {"malformed": str(failure)})
        finally:
            self._connection.close()

    def _answer_line(self, line: bytes) -> dict[str, Any]:
        try:
            message = orjson.loads(line)
        except orjson.JSONDecodeError as failure:
            return {"malformed": str(failure)}
        if not isinstance(message, dict):
            return {"malformed": "a line must be a JSON object"}
        if "ping" in message:  # of any version
            return {"pong": True}
        try:
            return self._answer(message)
        except QuestionRefused as refusal:
            return {"error": refusal.kind, "detail": str(refusal)}
        except (ReportsUnready, QueueFull) as failure:
            return {"error": UNAVAILABLE, "detail": str(failure)}
        except (ClickHouseError, ClickHouseInterrupted) as failure:
            _log.warning("a message failed: %s", failure)
            return {"error": UNAVAILABLE, "detail": failure.words}
        except Exception:  # noqa: BLE001  such as a full disk; the client hears of it, whatever it is
            _log.exception("a message failed")
            return {"error": UNAVAILABLE, "detail": FAILED}

    def _answer(self, message: dict[str, Any]) -> dict[str, Any]:
        if message.get("version", __version__) != __version__:  # it was started before an upgrade
            return self._outdated()
        answers: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
            "ask": self._ask,
            "moves": self._moves,
            "judge": lambda sent: {"judged": self._service.judge(sent["judge"], self._truth)},
            "status": lambda _: {
                "status": self._service.status(),
                "process": self._service.free_core.described(),
            },
            "figures": lambda _: {"figures": self._service.figures()},
            "rebuild": lambda sent: {"building": self._service.rebuild(_number(sent["rebuild"]))},
            "check": lambda sent: {"check": self._service.check(_number(sent["check"]))},
            "maintain": self._maintain,
            "remove": self._remove,
            "stop": self._end,
        }
        name = next((each for each in answers if each in message), None)
        self.has_asked |= name != "figures"
        if name is None:
            return {"malformed": "nothing that is known is asked"}
        settings = self._service.digest
        if name not in FOR_ANY_SETTINGS and message.get("settings", settings) != settings:
            _log.warning("a client has other settings: this process ends, and one with those takes its place")
            return self._outdated()
        with within(_seconds_of(message)):
            return answers[name](message)

    def _outdated(self) -> dict[str, Any]:
        self._stop.set()
        return {"outdated": True}

    def _maintain(self, _: dict[str, Any]) -> dict[str, Any]:
        keep_up(self._service, self._truth)
        return {"maintained": True}

    def _remove(self, sent: dict[str, Any]) -> dict[str, Any]:
        self._service.copy_of(_number(sent["remove"])).remove()
        return {"removed": True}

    def _end(self, _: dict[str, Any]) -> dict[str, Any]:
        self._stop.set()
        return {"stopping": True}

    def _ask(self, message: dict[str, Any]) -> dict[str, Any]:
        question, seconds = message["ask"], message.get("seconds")
        if not isinstance(question, dict) or not isinstance(seconds, (int, float)):
            return {"malformed": "a question has seconds, and is an object"}
        until = time.monotonic() + min(float(seconds), MAX_SECONDS)
        list_id = _list_of(question)
        share = self._service.prepare(list_id, until - time.monotonic())
        if share is not None:
            return {"building": share}
        ticket = self._service.ticket(_number(message.get("user")), list_id, question)
        self._wait(ticket, until)
        if ticket.failure is not None:
            raise _refusal(ticket.failure, time.monotonic() >= until) from ticket.failure
        if ticket.result is None:
            raise QuestionRefused(TIMEOUT, LATE)
        return {"answer": ticket.result}

    def _moves(self, message: dict[str, Any]) -> dict[str, Any]:
        """Answer a question about a trigger's segment, compared with the people whom the trigger keeps."""
        question = message["moves"]
        if not isinstance(question, dict):
            return {"malformed": "a question is an object"}
        list_id, number = _list_of(question), _number(question.get("trigger_number"))
        kept = self._truth.read(lambda transaction: kept_members(transaction, list_id, number))
        return self._ask({**message, "ask": {**question, "kept": kept}})

    def _wait(self, ticket: Ticket, until: float) -> None:
        """Wait for the answer; give the question up when its time is over, or when the client has gone."""
        while not self._service.wait(ticket, LOOK_SECONDS):
            if time.monotonic() >= until or self._is_gone():
                ticket.cancel()

    def _is_gone(self) -> bool:
        """Return whether the client has closed its end."""
        if not select.select([self._connection], [], [], 0)[0]:
            return False
        try:
            return not self._connection.recv(1, socket.MSG_PEEK)
        except OSError:
            return True


def _refusal(failure: BaseException, is_late: bool) -> QuestionRefused:
    if isinstance(failure, QuestionRefused):
        return failure
    if isinstance(failure, duckdb.InterruptException):
        return QuestionRefused(TIMEOUT, LATE)
    if isinstance(failure, duckdb.OutOfMemoryException):
        return QuestionRefused(TOO_LARGE, "the question needs more memory than there is for it")
    if isinstance(failure, ReportsUnready):
        return QuestionRefused(UNAVAILABLE, str(failure))
    if isinstance(failure, ClickHouseError):
        _log.warning("a question failed: %s", failure)
        return QuestionRefused(UNAVAILABLE, failure.words)
    _log.error("a question failed", exc_info=failure)
    return QuestionRefused(TIMEOUT, LATE) if is_late else QuestionRefused(UNAVAILABLE, FAILED)


def _seconds_of(message: dict[str, Any]) -> float:
    """Return the seconds for which somebody waits for the answer; endless where it is not said."""
    seconds = message.get("seconds")
    return float(seconds) if isinstance(seconds, (int, float)) else float("inf")


def _list_of(question: dict[str, Any]) -> int:
    """Return the list that a question is about: it stands in its head, or by itself."""
    head = question.get("head")
    return _number((head if isinstance(head, dict) else question).get("list_id"))


def _number(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**63:
        raise QuestionRefused(UNAVAILABLE, "a list or user must be a number")
    return value
