"""How do tests serve reports to other instances: over a socket of this machine, over plain HTTP, and behind a proxy that speaks TLS?"""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import gevent
from gevent import socket as cooperative
from gevent import ssl
from gevent.server import StreamServer

from tests.processes import until
from tests.served import BIN, Tracker
from tracker.analytics.process.reports_setup import LOCK


class Gateway(Tracker):
    """`tracker reports serve`, on the database of a Tracker: on SQLite at a socket, else at a port."""

    def __init__(self, database_url: str) -> None:
        super().__init__(database_url)
        self.secret_file = self.folder / "secret"
        self.settings["TRACKER_REPORTS_SECRET_FILE"] = str(self.secret_file)
        is_file = database_url.startswith("sqlite:")
        self.address = f"unix:{self.folder / 'sock'}" if is_file else f"127.0.0.1:{self.port}"
        self.asked_at = self.address if is_file else f"http+private://{self.address}"

    def arguments(self) -> list[str]:
        return [str(BIN / "tracker"), "reports", "serve", self.address]

    def is_ready(self) -> bool:
        with suppress(OSError), self.connected() as connection:
            connection.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            return connection.recv(100).startswith(b"HTTP/1.1 401 ")
        return False

    def connected(self) -> socket.socket:
        """A new connection of somebody, with a bound on how long it may be silent."""
        made = socket.socket(socket.AF_UNIX if self.address.startswith("unix:") else socket.AF_INET)
        made.settimeout(20)
        try:
            made.connect(self.address[5:] if made.family == socket.AF_UNIX else ("127.0.0.1", self.port))
        except OSError:
            made.close()
            raise
        return made

    @property
    def secret(self) -> str:
        return self.secret_file.read_text().strip()

    @property
    def asking(self) -> dict[str, str]:
        """The settings of an instance that asks it."""
        return {"TRACKER_REPORTS_URL": self.asked_at, "TRACKER_REPORTS_SECRET_FILE": str(self.secret_file)}

    @property
    def copies(self) -> Path:
        """The folder of the copies."""
        return self.folder / self.read_settings().reports_folder

    def process(self) -> int:
        """The reports process, or 0."""
        lock = self.copies / LOCK
        written = lock.read_text().strip() if lock.exists() else ""
        return int(written) if written and Path(f"/proc/{written}").exists() else 0

    def kill_all(self) -> None:
        """End it as its machine's end would: with the process that has the copies."""
        self.kill()
        if pid := self.process():
            os.kill(pid, signal.SIGKILL)
            until(lambda: not self.process(), 20, "the end of the process")

    def close(self) -> None:
        if self.program is not None:
            self.kill_all()
        super().close()


@contextmanager
def tls_proxy(port: int, certificate: Path) -> Iterator[int]:
    """A proxy that speaks TLS with this certificate and passes all on to a port; yields its own."""

    def pass_on(source: cooperative.socket, target: cooperative.socket) -> None:
        with suppress(OSError):
            while part := source.recv(65536):
                target.sendall(part)
            target.shutdown(socket.SHUT_WR)

    def handle(client: cooperative.socket, _: object) -> None:
        with cooperative.create_connection(("127.0.0.1", port)) as behind:
            asks = gevent.spawn(pass_on, client, behind)
            pass_on(behind, client)
            asks.kill()

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server = StreamServer(("127.0.0.1", 0), handle, ssl_context=context)
    server.start()
    yield server.server_port
    server.stop()
