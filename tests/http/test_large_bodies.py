"""How many large requests does a process work on at once, and what becomes of the others?"""

from __future__ import annotations

import json
from collections.abc import Iterator

import gevent
import pytest
from werkzeug.test import Client, TestResponse

from tests.http.small_app import Many, make_app
from tracker.http import large_bodies
from tracker.http.body.reader import MAX_BODY_BYTES
from tracker.http.large_bodies import MAX_AT_ONCE

LARGE, SMALL = "x" * (MAX_BODY_BYTES + 1), "x"


@pytest.fixture
def client() -> Iterator[Client]:
    Many.inside.clear()
    Many.may_answer.clear()
    yield Client(make_app())
    Many.may_answer.set()


def begin(client: Client, said: str, count: int, inside: int) -> list[gevent.Greenlet]:
    """So many requests, each as far as it comes: with those before them at least so many are inside."""
    body = json.dumps({"Say": said})
    sent = [
        gevent.spawn(client.post, "/api/v1/system.many", data=body, content_type="text/plain")
        for _ in range(count)
    ]
    with gevent.Timeout(20):
        while len(Many.inside) < inside:
            gevent.sleep(0.001)
    for _ in range(10):
        gevent.sleep(0)
    return sent


def answers(sent: list[gevent.Greenlet]) -> list[TestResponse]:
    gevent.joinall(sent, timeout=20, raise_error=True)
    return [each.value for each in sent]


def test_large_ones_wait_for_each_other_and_are_all_answered(client: Client) -> None:
    sent = begin(client, LARGE, 3 * MAX_AT_ONCE, MAX_AT_ONCE)
    assert Many.inside == [len(LARGE)] * MAX_AT_ONCE
    Many.may_answer.set()
    assert {answer.status_code for answer in answers(sent)} == {200}
    assert Many.inside == [len(LARGE)] * 3 * MAX_AT_ONCE


def test_small_ones_do_not_wait_for_them(client: Client) -> None:
    large = begin(client, LARGE, 2 * MAX_AT_ONCE, MAX_AT_ONCE)
    small = begin(client, SMALL, 2 * MAX_AT_ONCE, 3 * MAX_AT_ONCE)
    assert Many.inside.count(len(SMALL)) == 2 * MAX_AT_ONCE
    Many.may_answer.set()
    assert {answer.status_code for answer in answers(large + small)} == {200}


def test_one_that_waits_too_long_is_told_that_nothing_was_stored(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin(client, LARGE, MAX_AT_ONCE, MAX_AT_ONCE)
    monkeypatch.setattr(large_bodies, "CALL_SECONDS", 0.01)
    [answer] = answers(begin(client, LARGE, 1, MAX_AT_ONCE))
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
    assert answer.json is not None
    assert answer.json["Errors"][0]["Code"] == 100012
    assert Many.inside == [len(LARGE)] * MAX_AT_ONCE
