"""Public probe: a test event that goes through the public address as a page's would, and a write that is read back."""

from __future__ import annotations

import http.client
import json
import secrets
import time
from typing import NamedTuple
from urllib.parse import urlsplit

import gevent

from tracker.errors import OutcomeUnknown, StorageUnavailable
from tracker.storage.engine import Database, Transaction

#: Seconds that the probe may take, and bytes of an answer that are read.
PROBE_SECONDS, MAX_ANSWER_BYTES = 3.0, 64 * 1024
#: The row of the table of write probes that this one writes; another one tells whether the database is ready.
_ROW = 1


class Probed(NamedTuple):
    """The outcome: None for `fault` if all went well, and the milliseconds that it took."""

    fault: str | None
    ms: int


def probe(database: Database, address: str, origin: str) -> Probed:
    """Send a test event to `address` as a page of `origin` would, then write and read back. Nothing of it is counted."""
    begun = time.monotonic()
    try:
        with gevent.Timeout(PROBE_SECONDS, TimeoutError("no answer in time")):
            fault = _send(address, origin) or _write_and_read(database)
    except (OSError, http.client.HTTPException, UnicodeError) as failure:
        fault = f"{type(failure).__name__}: {failure}" if str(failure) else type(failure).__name__
    except (StorageUnavailable, OutcomeUnknown):
        fault = "storage took no write"
    return Probed(fault, round((time.monotonic() - begun) * 1000))


def _send(address: str, origin: str) -> str | None:
    """Return what is wrong with the answer to a test event."""
    url = urlsplit(address)
    kind = http.client.HTTPSConnection if url.scheme == "https" else http.client.HTTPConnection
    connection = kind(url.hostname or "", url.port, timeout=PROBE_SECONDS)
    event_id = f"probe-{secrets.token_hex(8)}"
    body = json.dumps({"Event": "probe", "EventID": event_id, "Properties": {"isTest": True}})
    try:
        headers = {"Content-Type": "application/json", "Origin": origin}
        connection.request("POST", url.path, body, headers)
        answer = connection.getresponse()
        text = answer.read(MAX_ANSWER_BYTES)
    finally:
        connection.close()
    if 300 <= answer.status < 400:
        return f"it redirects to {answer.headers.get('Location', 'somewhere')[:200]}"
    if answer.status != 200:
        return f"it answers {answer.status}"
    if event_id.encode() not in text:
        return "somebody else answers there"
    if answer.headers.get("Access-Control-Allow-Origin") not in ("*", origin):
        return "the headers for pages of other origins (Access-Control-Allow-Origin) are lost on the way"
    return None


def _write_and_read(database: Database) -> str | None:
    mark = time.time_ns()

    def write(transaction: Transaction) -> None:
        transaction.put("write_probe", ("number",), ("asked_at",), [(_ROW, mark)])

    database.write(write)
    sql = "SELECT asked_at FROM write_probe WHERE number = ?"
    [(found,)] = database.read(lambda transaction: transaction.select(sql, (_ROW,)))
    return None if found >= mark else "what was written is not read back"
