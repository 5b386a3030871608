"""Does a served Tracker read as much of a body as the command at its path takes, and no more?"""

from __future__ import annotations

import gzip
from collections.abc import Iterator

import pytest

from tests.commands.test_event_batch import BATCH_BYTES, NDJSON, padded
from tests.served import Account, Tracker

JSON = {"Content-Type": "application/json"}


def chunks(body: bytes) -> Iterator[bytes]:
    for start in range(0, len(body), 50_000):
        yield body[start : start + 50_000]


@pytest.mark.parametrize("is_chunked", [False, True])
@pytest.mark.parametrize("path", ["/api/v1/events", "/api/v1/Event.Batch", "/api.php"])
def test_a_batch_may_be_a_mebibyte(tracker: Tracker, account: Account, path: str, is_chunked: bool) -> None:
    for size, status in ((BATCH_BYTES, 200), (BATCH_BYTES + 1, 413)):
        body = padded(size)
        answer = tracker.post(path, account.key, data=chunks(body) if is_chunked else body, headers=JSON)
        assert answer.status == status, answer.text


@pytest.mark.parametrize("is_chunked", [False, True])
@pytest.mark.parametrize("path", ["/api/v1/event", "/api.php"])
def test_other_commands_keep_their_limit(
    tracker: Tracker, account: Account, path: str, is_chunked: bool
) -> None:
    for size, status in ((64 * 1024, 200), (64 * 1024 + 1, 413), (BATCH_BYTES, 413)):
        body = padded(size, "event.track")
        answer = tracker.post(path, account.key, data=chunks(body) if is_chunked else body, headers=JSON)
        assert answer.status == status, answer.text


def test_packed_lines_over_http(tracker: Tracker, account: Account) -> None:
    body = gzip.compress(b"\n".join(b'{"Event": "e", "EventID": "%d"}' % number for number in range(1000)))
    headers = {"Content-Type": NDJSON, "Content-Encoding": "gzip"}
    path = f"/api/v1/events?ListID={account.list_id}"
    first, again = (tracker.post(path, account.key, data=body, headers=headers).body for _ in range(2))
    assert {result["status"] for result in first["results"]} == {"ok"}
    assert {result["status"] for result in again["results"]} == {"duplicate"}
