"""Do good clients get their answers while sixteen strangers send what costs the most to read?"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time

import pytest

from tests.faults.run_length import IS_LONG, run_length
from tests.faults.tables import Report
from tests.http.nasty import NASTY, Nasty
from tests.served import ROOT, Account, Tracker
from tracker.formats.credentials import new_key

CLIENTS = 16
#: What a good request may take in the middle: twice what is promised where nothing else runs, and elsewhere what tells it
#: from the 6.7 seconds that it took.
MAX_SECONDS = 0.1 if IS_LONG else 1.0
NAMES = (
    "multipart, one name of 500,000 \\\"",
    "JSON, 330,000 {} in one item",
    "JSON, 330,000 {}, packed less",
    "JSON, 64 KiB of names",
    "form, a[]= x 13,000",
)  # fmt: skip


def request_of(nasty: Nasty, path: str, key: str | None) -> bytes:
    said = [
        f"POST {path} HTTP/1.1",
        "Host: x",
        f"Content-Type: {nasty.content_type}",
        f"Content-Length: {len(nasty.sent)}",
    ]
    said += ["Content-Encoding: gzip"] if nasty.is_packed else []
    said += [f"Authorization: Bearer {key}"] if key else []
    return "\r\n".join([*said, "", ""]).encode() + nasty.sent


@pytest.mark.parametrize("door", ["no credential", "unknown key", "collect endpoint"])
@pytest.mark.parametrize("name", NAMES if IS_LONG else NAMES[1:3])
def test_strangers_do_not_keep_others_waiting(
    tracker: Tracker, account: Account, name: str, door: str, report: Report
) -> None:
    seconds = run_length(1, 10)
    found = tracker.call("list.get", account.key, ListID=account.list_id).body["List"]
    path = f"/t/{found['EventListTrackerID']}" if door == "collect endpoint" else "/api/v1/events"
    nasty = next(one for one in NASTY if one.name == name)
    sent = request_of(nasty, path, new_key().text if door == "unknown key" else None)
    settings = {"port": tracker.port, "seconds": seconds, "clients": CLIENTS}
    command = [sys.executable, "-m", "tests.faults.strangers", json.dumps(settings)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT) as strangers:
        assert strangers.stdin is not None
        strangers.stdin.write(sent)
        strangers.stdin.close()
        took = good_answers(tracker, account, seconds)
        assert strangers.stdout is not None
        answers = json.loads(strangers.stdout.read())
    median = statistics.median(took)
    report(f"{CLIENTS} strangers: {name}, {door}", of="strangers", answers=sum(answers.values()), seconds=seconds,
           **{"good answers": len(took), "median, ms": round(median * 1000, 1), "slowest, ms": round(max(took) * 1000)})  # fmt: skip
    assert sum(answers.values()) > CLIENTS
    assert not {status for status in answers if not 400 <= int(status) < 500}
    assert median <= MAX_SECONDS


def good_answers(tracker: Tracker, account: Account, seconds: float) -> list[float]:
    """How long each took, one after the other."""
    took, deadline = list[float](), time.monotonic() + seconds
    while time.monotonic() < deadline:
        began = time.monotonic()
        answer = tracker.call("event.track", account.key, ListID=account.list_id, Event="good")
        assert answer.status == 200, answer.text
        took.append(time.monotonic() - began)
        time.sleep(0.02)
    return took
