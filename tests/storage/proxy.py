"""How do tests lose the reply to a COMMIT? A TCP proxy before a MariaDB that is told what becomes of the next ones."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections import deque
from types import TracebackType
from typing import Literal, Self

#: "cut": it never reaches the server. "lost": it does, but not its reply, and the connection ends. "hasty": the
#: connection ends before the server has replied. "held": the reply never comes, the connection stays. "denied": it
#: is done, and answered with the error `error`; "refused": it is answered so, and never reaches the server.
Fate = Literal["pass", "cut", "lost", "hasty", "held", "denied", "refused"]
#: A COM_QUERY with this text.
COMMIT = b"\x03COMMIT"


class Proxy:
    """Passes bytes on between clients and the server at `port`; in a `with` block."""

    def __init__(self, port: int) -> None:
        self._server = ("127.0.0.1", port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.fates: deque[Fate] = deque()
        #: Once a COMMIT has met another fate than "pass", connections end at the next statements with these words.
        self.breaks: deque[bytes] = deque()
        self.is_breaking = False
        self.is_open = True
        #: The number that a COMMIT is "denied" or "refused" with.
        self.error = 1180
        self.commits = self.connections = 0
        self._sockets: list[socket.socket] = []
        self._threads: list[threading.Thread] = []

    def shut_after(self, *fates: Fate) -> None:
        """These become of the next COMMITs; after the last of them no new connection gets through."""
        self.fates.extend(fates)
        self._shuts = True

    _shuts = False

    def cut_off(self) -> None:
        """End all connections; no new one gets through."""
        self.is_open = False
        for each in list(self._sockets):
            self._end(each)

    def reopen(self) -> None:
        self.is_open, self._shuts = True, False

    def __enter__(self) -> Self:
        self._start(self._accept)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end(self._listener)
        for each in self._sockets:
            self._end(each)
        for thread in self._threads:
            thread.join(10)

    def _start(self, work: object, *arguments: object) -> None:
        thread = threading.Thread(target=work, args=arguments, daemon=True)  # type: ignore[arg-type]
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):  # the listener is closed
            while True:
                client, _ = self._listener.accept()
                self._sockets.append(client)
                self.connections += 1
                if self.is_open:
                    self._join(client)
                else:
                    self._end(client)

    def _join(self, client: socket.socket) -> None:
        server = socket.create_connection(self._server)
        self._sockets.append(server)
        state: dict[str, Fate] = {"fate": "pass"}
        self._start(self._to_server, client, server, state)
        self._start(self._to_client, client, server, state)

    def _to_server(self, client: socket.socket, server: socket.socket, state: dict[str, Fate]) -> None:
        with contextlib.suppress(OSError):
            while data := client.recv(1 << 16):
                if COMMIT in data:
                    state["fate"] = self._fate()
                if self.is_breaking and self.breaks and self.breaks[0] in data:
                    self.breaks.popleft()
                    break
                if state["fate"] == "cut":
                    break
                if state["fate"] == "refused":
                    state["fate"] = "pass"
                    client.sendall(self._error())
                    continue
                server.sendall(data)
                if state["fate"] == "hasty":
                    break
        self._end(client)
        self._end(server)

    def _to_client(self, client: socket.socket, server: socket.socket, state: dict[str, Fate]) -> None:
        with contextlib.suppress(OSError):
            while data := server.recv(1 << 16):
                if state["fate"] == "lost":
                    break
                if state["fate"] == "denied":
                    state["fate"], data = "pass", self._error()
                if state["fate"] != "held":
                    client.sendall(data)
        self._end(client)
        self._end(server)

    def _error(self) -> bytes:
        """An ERR packet, as the first that answers a statement."""
        said = b"\xff" + self.error.to_bytes(2, "little") + b"#HY000Error during COMMIT"
        return len(said).to_bytes(3, "little") + b"\x01" + said

    def _fate(self) -> Fate:
        self.commits += 1
        fate: Fate = self.fates.popleft() if self.fates else "pass"
        self.is_breaking = self.is_breaking or fate != "pass"
        if self._shuts and not self.fates:
            self.is_open = False
        return fate

    @staticmethod
    def _end(each: socket.socket) -> None:
        with contextlib.suppress(OSError):  # it has ended already
            each.shutdown(socket.SHUT_RDWR)
        each.close()
