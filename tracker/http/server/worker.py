"""Worker process: gunicorn's gevent worker with bounded connections, JSON refusals, and a graceful stop."""

from __future__ import annotations

import errno
import logging
import signal
import time
from collections.abc import Callable
from contextlib import closing
from functools import cached_property
from queue import SimpleQueue
from typing import Any

import gevent
from gevent.event import Event
from gunicorn.util import unquote_to_wsgi_str
from gunicorn.workers.ggevent import GeventWorker

from tracker.call import Answer
from tracker.http.access_log import log_request
from tracker.http.body.reader import MAX_BODY_BYTES
from tracker.http.message.json_log import log_failure
from tracker.http.message.request_id import new_request_id
from tracker.http.middleware import RequestMiddleware
from tracker.http.server import fast_path
from tracker.http.server.budget import Budget
from tracker.http.server.client_socket import ClientSocket
from tracker.http.server.connection import Connection, is_readable
from tracker.http.server.draining import Drain
from tracker.http.server.listener import Listener, affordable_places
from tracker.http.server.parser import FixedSettings
from tracker.http.server.places import Places
from tracker.http.server.refusals import as_http, refusal, status_for

#: Seconds between two looks for connections to evict, and at the progress of a stop.
_LOOK_SECONDS = 0.02
#: Connections that are evicted when there is no descriptor for another one; seconds between two log lines about it.
_EVICTED_AT_ONCE, _LOG_SECONDS = 16, 60.0

_log = logging.getLogger("tracker.http")


class TrackerWorker(GeventWorker):  # type: ignore[misc]
    """gunicorn's gevent worker, with JSON for its own refusals, bounded waiting, and a stop that answers what began."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._places, self._budget = Places(self.cfg.worker_connections), Budget()
        self._listeners: list[Listener] = []
        self._is_looking, self._logged_at = False, -_LOG_SECONDS
        self._stop = Event()
        #: Set before the fork: the supervisor's queue of signals, of which the new process has a copy.
        self.queued_signals: SimpleQueue[int] = SimpleQueue()
        #: Set before the fork: the instance's.
        self.drain = Drain(0)
        #: Gives a sign of life, once a second.
        self.beat: Callable[[], None] = lambda: None
        #: Ends the streams that stay open: called once, when the stop begins.
        self.end_lasting_answers: Callable[[], None] = lambda: None

    def init_signals(self) -> None:
        """Set the signal handlers. A SIGTERM that came between the fork and this call waits in the queue, and is handled here."""
        super().init_signals()
        while not self.queued_signals.empty():
            if self.queued_signals.get_nowait() == signal.SIGTERM:
                self.handle_exit(signal.SIGTERM, None)

    def handle_exit(self, sig: int, frame: Any) -> None:
        super().handle_exit(sig, frame)
        self._stop.set()

    def run(self) -> None:
        if self.cfg.is_ssl:
            raise RuntimeError("TLS is for the proxy in front: remove certfile and keyfile")
        # gevent would print a background greenlet's exception with its text, which may quote a request.
        gevent.get_hub().print_exception = lambda _context, _kind, failure, _trace: log_failure(None, failure)
        self._places.most = affordable_places(self.cfg.worker_connections)
        for listening in self.sockets:
            self._listen(listening)
        while self.alive:
            self.notify()
            self.beat()
            self._stop.wait(min(1.0, self.timeout / 2 or 1.0))
        self._finish()

    def _listen(self, listening: Any) -> None:
        listening.setblocking(True)
        listener = Listener(listening, self._admit, lambda: self._places.is_full, self._give_up_places)
        if self.cfg.workers > 1:
            listener.max_accept = 1
        self._listeners.append(listener)
        listener.start()

    # One connection

    @cached_property
    def _fixed_settings(self) -> FixedSettings:
        return FixedSettings(self.cfg)

    @cached_property
    def _middleware(self) -> RequestMiddleware | None:
        """Return Tracker's middleware; None for another application, such as a benchmark's."""
        middleware = getattr(self.wsgi, "wsgi_app", None)
        return middleware if isinstance(middleware, RequestMiddleware) else None

    @cached_property
    def _most_body_bytes(self) -> Callable[[Any], int]:
        """Return what tells how large the body of a request may be, which is looked at when its head is there."""
        middleware = self._middleware
        if middleware is not None:
            return lambda request: middleware.max_body_bytes_at(unquote_to_wsgi_str(request.path))
        of_head: Callable[[Any], int] | None = getattr(self.wsgi, "max_body_bytes_of", None)
        return (lambda _: MAX_BODY_BYTES) if of_head is None else lambda request: of_head(request.headers)

    def handle_request(self, listener_name: Any, request: Any, client: Any, addr: Any) -> None:
        """Answer a request by the fast path, or by gunicorn's general handling.

        gunicorn's costs 100 µs more a request: two writes, and an environ and a head for any application.
        """
        if self.drain.has_begun():
            request.force_close()  # the next one goes to an instance that stays
        middleware = self._middleware
        if (
            middleware is None
            or self.cfg.accesslog
            or self.cfg.max_requests
            or not fast_path.takes(middleware, request)
        ):
            super().handle_request(listener_name, request, client, addr)
            return
        is_last = request.should_close() or not self.alive
        with closing(fast_path.response(middleware, request, addr, is_last)) as parts:
            client.sendall(next(parts))
            try:
                for part in parts:
                    client.sendall(part)
            except Exception:  # noqa: BLE001  a stream that broke off, which is logged: no byte may follow
                raise StopIteration from None
        if is_last:
            raise StopIteration

    def _admit(self, listener_name: Any, client: ClientSocket, addr: Any) -> None:
        """Give a new connection a place and a greenlet, which gives the place back. Called by the event loop."""
        connection = Connection(
            client, self._fixed_settings, addr, self._most_body_bytes, self._places, self._budget
        )
        try:
            gevent.spawn(self._connected, connection, listener_name)
        except BaseException:
            connection.close()
            raise
        self._make_room()

    def _connected(self, connection: Connection, listener_name: Any) -> None:
        try:
            self._serve(connection, listener_name)
            if connection.has_unread:
                connection.linger()
        except OSError as error:
            # The client is gone or does not read its answer. The type only: NoMoreData quotes the request.
            self.log.debug("a connection ended early: %s", type(error).__name__)
        finally:
            connection.close()
            for listener in self._listeners:
                listener.resume()

    def _serve(self, connection: Connection, listener_name: Any) -> None:
        try:
            while request := connection.next_request():
                self.handle_request(listener_name, request, connection.sock, connection.address)
        except StopIteration:
            return
        except OSError as failure:
            if not (connection.is_receiving and isinstance(failure, TimeoutError)):
                raise
            self._refuse(connection, failure)
        # The client gets JSON for any failure; gevent's Timeout is no Exception.
        except (Exception, gevent.Timeout) as failure:  # noqa: BLE001
            self._refuse(connection, failure)

    def _refuse(self, connection: Connection, failure: BaseException) -> None:
        name, status = new_request_id(), status_for(failure)
        if status == 500:
            log_failure(name, failure)
        log_request(connection.seen(), status, connection.started, name)
        refused = refusal(failure, name)
        if self._middleware is not None:
            self._middleware.on_answered(Answer(status, refused.body, {}), status)
        connection.has_unread = True
        connection.sock.sendall(as_http(refused, name))

    # Eviction

    def _make_room(self) -> None:
        """Evict connections for newcomers. Tries again later if none could go: while the table is full no other call does."""
        if not self._places.make_room(time.monotonic()) and not self._is_looking:
            self._is_looking = True
            gevent.spawn_later(_LOOK_SECONDS, self._look_again)

    def _look_again(self) -> None:
        self._is_looking = False
        self._make_room()

    def _give_up_places(self, reason: int) -> None:
        """Evict connections when the process can open no more files: the database and the log need some."""
        now = time.monotonic()
        self._places.give_up(_EVICTED_AT_ONCE, now)
        if now - self._logged_at >= _LOG_SECONDS:
            self._logged_at = now
            _log.warning("no connection can be accepted: %s", errno.errorcode.get(reason, reason))

    # The stop

    def _finish(self) -> None:
        """Answer the requests that have begun, then end, before the supervisor kills the process after graceful_timeout."""
        began = time.monotonic()
        self.end_lasting_answers()
        self._take_waiting(began + _LOOK_SECONDS * 10)
        for listener in self._listeners:
            listener.close()
        while len(self._places) and (elapsed := time.monotonic() - began) < self.cfg.graceful_timeout:
            for connection in self._places.outstayed(elapsed, time.monotonic()):
                connection.end_waiting()
            self.notify()
            gevent.sleep(_LOOK_SECONDS)

    def _take_waiting(self, deadline: float) -> None:
        """Accept the connections that the kernel has already made: closing now would reset them."""
        while any(is_readable(each.socket) for each in self._listeners) and time.monotonic() < deadline:
            gevent.sleep(_LOOK_SECONDS / 20)
