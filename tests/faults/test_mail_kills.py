"""What if a process is killed while it mails? Each address gets its mail once, but where docs/mail.md says `unknown`."""

from __future__ import annotations

import os
import signal
import socketserver
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.client import InProcess
from tests.commands.schedules import recipients, schedule
from tests.faults.run_length import run_length
from tests.faults.tables import Report
from tests.processes import Program, start_module
from tests.servers import NewDatabase

ADDRESSES = [f"a{number}@example.com" for number in range(run_length(short=6, long=20))]
#: Where a process is killed, in turn: before it claims a mail, amid its text, when the server has it, when it has said so.
STAGES = ("before", "amid", "taken", "said")
#: How often each.
KILLS = run_length(short=1, long=4)
EIGHT = datetime(2026, 6, 1, 8, tzinfo=UTC)


class MailServer:
    """A server that kills who speaks to it, at the stage of `kill`, once for each stage; `mails` has the addresses whose mails it has."""

    def __init__(self) -> None:
        self.mails: list[str] = []
        self.kill = ""
        self.killed: dict[str, list[str]] = {stage: [] for stage in STAGES}
        self.process: Program | None = None
        self.is_started = threading.Event()
        #: Nobody is answered while a process is being killed: it does not get to its next mail.
        self.answering = threading.RLock()
        self.url = ""

    def at(self, stage: str, address: str) -> bool:
        """Kill the process if this is the stage; return whether it is dead."""
        if stage != self.kill:
            return False
        self.is_started.wait()
        assert self.process is not None
        self.kill = ""
        os.kill(self.process.pid, signal.SIGKILL)
        self.killed[stage].append(address)
        return True


class Talk(socketserver.StreamRequestHandler):
    """One conversation; a reply is missing where the one who waits for it is dead."""

    server: MailSocket

    def handle(self) -> None:
        address = ""
        self._say(b"220 here\r\n")
        while line := self.rfile.readline():
            word = line[:4].upper()
            if word == b"RCPT":
                address = line.decode().partition("<")[2].partition(">")[0]
            if word == b"QUIT" or not self._answered(word, address):
                return

    def _answered(self, word: bytes, address: str) -> bool:
        """Answer a command; return False once the other end is dead."""
        at = self.server.mails.at
        if word == b"RCPT" and at("before", address):
            return False
        if word == b"DATA" and not self._taken(address):
            return False
        with self.server.mails.answering:
            self._say(b"250 fine\r\n")
            return not (word == b"DATA" and at("said", address))

    def _say(self, reply: bytes) -> None:
        with self.server.mails.answering:
            self.wfile.write(reply)

    def _taken(self, address: str) -> bool:
        """Take a mail; return False if its sender dies meanwhile."""
        self._say(b"354 go on\r\n")
        self.rfile.readline()
        if self.server.mails.at("amid", address):
            return False
        while (line := self.rfile.readline()) != b".\r\n":
            if not line:
                return False
        self.server.mails.mails.append(address)
        return not self.server.mails.at("taken", address)


class MailSocket(socketserver.ThreadingTCPServer):
    daemon_threads = True

    def __init__(self, mails: MailServer) -> None:
        super().__init__(("127.0.0.1", 0), Talk)
        self.mails = mails


@contextmanager
def mail_server() -> Iterator[MailServer]:
    mails = MailServer()
    server = MailSocket(mails)
    mails.url = f"smtp://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield mails
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def look(server: MailServer, url: str, at: datetime, log: Path, stage: str = "") -> int:
    """Have a process look at what is due at this time, to be killed at a stage; how it ended."""
    server.kill = stage
    server.is_started.clear()
    now = str(int(at.timestamp() * 1000))
    server.process = start_module("tests.faults.mailing_process", url, server.url, now, log=log)
    server.is_started.set()
    return server.process.wait()


@pytest.mark.parametrize("kind", ["sqlite", "mariadb"])
def test_kills_lose_no_mail_and_send_none_twice(
    kind: str, new_database: NewDatabase, tmp_path: Path, report: Report, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = InProcess(url := new_database(kind), tmp_path)
    shop = client.open_shop("owner@example.com")
    monkeypatch.setattr(client.services.analytics, "ask", lambda *_: {"building": 0.5})
    schedule(client, shop, To=ADDRESSES)
    client.services.storage.write(lambda t: t.execute("UPDATE schedules SET active_from = 0", ()))
    log = tmp_path / "mailing.log"
    with mail_server() as server:
        now = EIGHT
        for stage in STAGES * KILLS:
            now += timedelta(minutes=6)  # its lease has ended
            assert look(server, url, now, log, stage) == -signal.SIGKILL
        now += timedelta(minutes=6)
        assert look(server, url, now, log) == 0
        first = Counter(server.mails)
        outcomes = dict(zip(ADDRESSES, recipients(client, shop, "LastMail"), strict=True))
        server.mails.clear()
        assert look(server, url, EIGHT + timedelta(days=1), log) == 0
        second = Counter(server.mails)
    client.close()
    unknown = {address for address, outcome in outcomes.items() if outcome == "unknown"}
    report(
        f"kills while mailing, {kind}",
        faults=len(STAGES) * KILLS,
        mails=sum(first.values()),
        unknown=len(unknown),
    )
    assert max(first.values()) == 1, "none twice"
    assert {*ADDRESSES} - {*first} == {*server.killed["amid"]}, "none is lost but whose text was being said"
    in_doubt = {*server.killed["amid"], *server.killed["taken"]}
    assert in_doubt <= unknown <= in_doubt | {*server.killed["said"]}
    assert second == Counter(ADDRESSES), "each has the next one"
