"""How does one worker process serve its connections, refuse what it cannot read, and stop?"""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from contextlib import closing
from functools import cached_property, partial
from queue import SimpleQueue
from typing import Any

import gevent
from gevent.event import Event
from gevent.pool import Pool
from gevent.server import StreamServer
from gunicorn import util
from gunicorn.workers.ggevent import GeventWorker

from tracker.http import short_way
from tracker.http.connection import Connection, is_readable
from tracker.http.front import Front
from tracker.http.log_lines import log_failure
from tracker.http.parser import FixedSettings
from tracker.http.refusals import as_http, refusal, status_for
from tracker.http.request_body import MAX_BODY_BYTES
from tracker.http.request_id import new_request_id
from tracker.http.request_log import log_request

#: After SIGTERM: how long a connection that has not sent anything yet may still begin, how long one that has begun
#: may take to send the rest, and how often we look.
_BEGIN_SECONDS, _REST_SECONDS, _LOOK_SECONDS = 0.5, 10.0, 0.02


class TrackerWorker(GeventWorker):  # type: ignore[misc]
    """gunicorn's gevent worker, with JSON for its own refusals, bounded waiting, and a stop that answers what began."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._connections: dict[Connection, None] = {}
        self._stop = Event()
        #: Set before the fork: the supervisor's queue of signals, of which the new process has a copy.
        self.queued_signals: SimpleQueue[int] = SimpleQueue()
        #: Ends the answers that would last: told once, when the stop begins.
        self.end_lasting_answers: Callable[[], None] = lambda: None

    def init_signals(self) -> None:
        """A SIGTERM that came between the fork and this line went into the queue; nobody else would ever see it."""
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
        # A greenlet nobody waits for would print its exception with its text, which may quote a request.
        gevent.get_hub().print_exception = lambda _context, _kind, failure, _trace: log_failure(None, failure)
        servers = [self._listen(listener) for listener in self.sockets]
        while self.alive:
            self.notify()
            self._stop.wait(min(1.0, self.timeout / 2 or 1.0))
        self._finish(servers)

    def _listen(self, listener: Any) -> StreamServer:
        listener.setblocking(True)
        serve = partial(self._connected, listener.getsockname())
        server = StreamServer(listener, handle=serve, spawn=Pool(self.worker_connections))
        if self.cfg.workers > 1:
            server.max_accept = 1
        server.start()
        return server

    # One connection

    @cached_property
    def _fixed_settings(self) -> FixedSettings:
        return FixedSettings(self.cfg)

    @cached_property
    def _front(self) -> Front | None:
        """Our application; another one, such as a benchmark's, has none."""
        front = getattr(self.wsgi, "wsgi_app", None)
        return front if isinstance(front, Front) else None

    def _most_body_bytes(self, path: str) -> int:
        return self._front.most_body_bytes(path) if self._front else MAX_BODY_BYTES

    def handle_request(self, listener_name: Any, request: Any, client: Any, addr: Any) -> None:
        """gunicorn's way costs 100 us a request: two writes, and an environ and a head for any application."""
        front = self._front
        if (
            front is None
            or self.cfg.accesslog
            or self.cfg.max_requests
            or not short_way.takes(front, request)
        ):
            super().handle_request(listener_name, request, client, addr)
            return
        is_last = request.should_close() or not self.alive
        with closing(short_way.response(front, request, addr, is_last)) as parts:
            client.sendall(next(parts))
            try:
                for part in parts:
                    client.sendall(part)
            except Exception:  # noqa: BLE001  a stream that broke off, which the log tells: no byte may follow
                raise StopIteration from None
        if is_last:
            raise StopIteration

    def _connected(self, listener_name: Any, client: Any, addr: Any) -> None:
        connection = Connection(client, self._fixed_settings, addr, self._most_body_bytes)
        self._connections[connection] = None
        self._make_room(connection)
        try:
            self._serve(connection, listener_name, addr)
            if connection.has_unread:
                connection.linger()
        except OSError as error:
            # The client is gone or does not take its answer. Its name only: NoMoreData quotes the request.
            self.log.debug("a connection ended early: %s", type(error).__name__)
        finally:
            del self._connections[connection]
            util.close(client)

    def _serve(self, connection: Connection, listener_name: Any, addr: Any) -> None:
        try:
            while request := connection.next_request():
                self.handle_request(listener_name, request, connection.sock, addr)
        except StopIteration:
            return
        except OSError as failure:
            if connection.is_idle or not (connection.is_receiving and isinstance(failure, TimeoutError)):
                raise
            self._refuse(connection, failure)
        # Whatever it is, the client gets JSON; gevent's Timeout is no Exception.
        except (Exception, gevent.Timeout) as failure:  # noqa: BLE001
            self._refuse(connection, failure)

    def _refuse(self, connection: Connection, failure: BaseException) -> None:
        name, status = new_request_id(), status_for(failure)
        if status >= 500:
            log_failure(name, failure)
        log_request(connection.seen(), status, connection.started, name)
        connection.has_unread = True
        connection.sock.sendall(as_http(refusal(failure, name), name))

    def _make_room(self, newest: Connection) -> None:
        """When all places are taken, the one that has waited longest leaves: idle ones first, then half-sent requests.

        So neither keep-alive nor a client that sends a byte now and then can keep others out. One that has just been sent
        something stays. If that is all of them it is tried again: while all places are taken nobody else comes to do it.
        """
        if len(self._connections) < self.worker_connections:
            return
        waiting = [other for other in self._connections if other.is_receiving and other is not newest]
        waiting.sort(key=lambda other: (not other.is_idle, other.deadline))
        if not any(other.end_waiting() for other in waiting):
            gevent.spawn_later(_LOOK_SECONDS, self._make_room, newest)

    # The stop

    def _finish(self, servers: list[StreamServer]) -> None:
        """Answer what has begun, then end. The supervisor kills us after graceful_timeout, so we stop waiting before."""
        began = time.monotonic()
        self.end_lasting_answers()
        self._take_waiting(servers, began + _LOOK_SECONDS * 10)
        for server in servers:
            server.close()
        while self._connections and (elapsed := time.monotonic() - began) < self.cfg.graceful_timeout:
            self._end_waiting(elapsed)
            self.notify()
            gevent.sleep(_LOOK_SECONDS)

    def _take_waiting(self, servers: list[StreamServer], deadline: float) -> None:
        """Accept the connections the kernel has already made: closing now would reset them."""
        while any(is_readable(server.socket) for server in servers) and time.monotonic() < deadline:
            gevent.sleep(_LOOK_SECONDS / 20)

    def _end_waiting(self, elapsed: float) -> None:
        for connection in list(self._connections):
            if connection.is_receiving and elapsed >= _patience(connection):
                connection.end_waiting()


def _patience(connection: Connection) -> float:
    """How many seconds after SIGTERM we still wait for a connection to send."""
    if not connection.is_idle:
        return _REST_SECONDS
    return 0.0 if connection.requests else _BEGIN_SECONDS
