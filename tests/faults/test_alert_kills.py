"""What if everything is killed between an alarm's decision and its sending, and amid it? It is told, and a mail never twice."""

from __future__ import annotations

import json
import os
import signal
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from tests.client import InProcess
from tests.faults.harness import Harness
from tests.faults.run_length import run_length
from tests.faults.tables import Report
from tests.mail.mailbox import SENDER, Mailbox, receiving_mails
from tests.processes import until
from tests.receiver import ALLOWED
from tests.servers import NewDatabase
from tracker.storage.schema import own_database

ALERTS = run_length(short=4, long=20)
KILLS = run_length(short=2, long=12)
#: Seconds until another process has the lease, has looked, and has told all.
PATIENCE = 180


class Target:
    """What a URL was told: (id, body) in order. `kill` is called amid the next request, before it is answered."""

    def __init__(self) -> None:
        self.told: list[tuple[str, dict[str, Any]]] = []
        self.kills: list[Any] = []
        self.url = ""


@contextmanager
def target() -> Iterator[Target]:
    """A target with threads of its own: the test's waits."""
    made = Target()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            made.told.append((self.headers["webhook-id"], body))
            if made.kills:
                made.kills.pop()()
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    made.url = f"http://127.0.0.1:{server.server_port}/"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def mailed(box: Mailbox) -> Counter[str]:
    """How often each alarm came to its address, by the subject."""
    return Counter(str(each["Subject"]) for each in box.messages)


@contextmanager
def served_with_alerts(url: str, settings: dict[str, str], told: Target) -> Iterator[Harness]:
    """A server that finds its alerts there, as none could be made while workers are killed; telling the first ones kills them."""
    tracker = Harness(url, settings=settings, planted=["quick looks"])
    tracker.set_up()
    with closing(InProcess(url, tracker.folder, settings)) as client:
        about = {"ListID": tracker.lists[0], "Kind": "silence", "Event": "never", "To": ["ada@example.com"]}
        for number in range(ALERTS):
            client.ok("alert.create", tracker.key, **about, Name=f"A{number}", URL=told.url)

    def kill() -> None:
        for worker in tracker.running.children():
            os.kill(worker, signal.SIGKILL)

    told.kills = [kill] * KILLS
    with tracker:
        yield tracker


@pytest.mark.parametrize("kind", ["sqlite", "mariadb"])
def test_kills_lose_no_alarm_and_tell_none_by_two_ids(
    kind: str, new_database: NewDatabase, report: Report
) -> None:
    url = new_database(kind)
    with target() as told, receiving_mails() as box:
        settings = {**ALLOWED, "TRACKER_SMTP_URL": box.url, "TRACKER_MAIL_FROM": SENDER}
        with served_with_alerts(url, settings, told) as tracker:
            database = own_database(url)

            def is_all_told() -> bool:
                """Leases of the killed are over at once: what is tried is what they leave behind."""
                sql = "UPDATE work_leases SET leased_until = 0 WHERE name = ?"
                if told.kills == [] or len(told.told) % 2:
                    database.write(lambda transaction: transaction.execute(sql, (b"alerts",)))
                states = database.read(lambda t: t.select("SELECT state FROM alert_notices"))
                return len(states) == 2 * ALERTS and all(state for (state,) in states)

            until(is_all_told, PATIENCE, "all to be told")
            firings = database.read(lambda t: t.select("SELECT alert_id FROM alert_firings"))
            database.close()
            tracker.stop()
        mails = mailed(box)
    ids = {(number, body["AlertID"], body["Type"]) for number, body in told.told}
    report(
        f"kills while alerts are told, {kind}",
        faults=KILLS,
        told=len(told.told),
        repeats=len(told.told) - len(ids),
    )
    assert len(firings) == ALERTS, "each was decided once"
    assert Counter(alert for _, alert, _ in ids) == Counter({alert: 1 for (alert,) in firings}), "one id each"
    assert set(mails.values()) <= {1}, "a mail is never sent twice"
    assert len(mails) >= ALERTS - KILLS, "but for those whose words were being said"
    assert told.kills == []
