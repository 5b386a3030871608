"""Is no form taken that is not ours? Every POST of the console, in every way in which another website could send it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.console.routes import FORMS, Path, parts_of, posts
from tests.console.somebody import somebody
from tests.console.visitor import Visitor, words
from tests.served import Account, Tracker
from tracker.storage.schema.own_database import own_database

#: The name of a list that is made to be deleted.
DOOMED = "Doomed"
Enter = Callable[[Account], Visitor]
#: How a request differs from one of ours: its token, and what browsers say of where it comes from.
FORGED: dict[str, tuple[str, dict[str, str]]] = {
    "no token": ("none", {}),
    "wrong token": ("wrong", {}),
    "short token": ("short", {}),
    "token that is no number": ("no number", {}),
    "another session's token": ("another", {}),
    "foreign origin": ("own", {"Origin": "https://evil.example"}),
    "origin with our name in it": ("own", {"Origin": "http://127.0.0.1.evil.example"}),
    "another port of ours": ("own", {"Origin": "http://127.0.0.1:1"}),
    "origin kept secret": ("own", {"Origin": "null"}),
    "cross-site": ("own", {"Sec-Fetch-Site": "cross-site"}),
    "same-site": ("own", {"Sec-Fetch-Site": "same-site"}),
}


@pytest.fixture(scope="module")
def browser(tracker: Tracker, jane: Account) -> Visitor:
    return Visitor(tracker).sign_in(jane)


@pytest.fixture(scope="module")
def tokens(tracker: Tracker, browser: Visitor, john: Account) -> dict[str, str]:
    other = Visitor(tracker).sign_in(john)
    return {
        "own": browser.token(),
        "another": other.token(),
        "wrong": "0" * 128,
        "short": "0" * 126,
        "no number": "é" * 128,
        "none": "",
    }


#: What processes write by themselves: notes of the worker at triggers, counts of names, and a person's history from before a link.
OF_WORKERS = {
    "work_leases", "trigger_tails", "event_names", "event_properties", "count_outbox", "timeline_recent", "timeline_sorted", "timeline_runs",
    "senders", "alert_firings", "alert_notices",
}  # fmt: skip
#: What forms change of alerts: a worker looks at them.
ALERTS = "(SELECT list_id, id, name, rule, url, is_active FROM alerts)"
LINKS = "(SELECT list_id, visitor_id, span, subscriber_id, linked_at, event_id, reason, unlinked_from, unlinked_at FROM identity_links)"


@pytest.fixture(scope="module")
def state(tracker: Tracker) -> Iterator[Callable[[], Any]]:
    """All that the database holds, but what is written late, and by no form."""
    database = own_database(tracker.database_url)

    def read() -> dict[str, Any]:
        def all_rows(transaction: Any) -> dict[str, Any]:
            names = transaction.select("SELECT name FROM sqlite_master WHERE type = 'table'")
            sources = {name: name for (name,) in names if name not in OF_WORKERS} | {
                "identity_links": LINKS,
                "alerts": ALERTS,
            }
            return {name: transaction.select(f"SELECT * FROM {source}") for name, source in sources.items()}

        return database.read(all_rows)

    yield read
    database.close()


def fields(path: Path, account: Account, subscriber: dict[str, Any]) -> dict[str, Any]:
    if path.rule == "/sign-in":
        return {"email": account.email, "password": account.password}
    if path.rule.endswith("/forget"):
        return {"typed": subscriber["email"]}
    if path.rule.endswith(("/goals", "/segments/<segment_id>")):
        return {"Name": f"Another of {subscriber['email']}", "Event": "bought"}
    if path.rule.endswith(("/saved", "/alerts")):
        return {**FORMS[path.rule], "Name": f"Another of {subscriber['email']}"}
    if path.rule.endswith("/triggers"):
        return {
            "Name": f"Another of {subscriber['email']}",
            "Event": "never",
            "URL": "https://crm.invalid/hook",
        }
    if path.rule.endswith("/allow"):
        return {"origin": f"https://{subscriber['email'].replace('@', '.')}"}
    if path.rule.endswith("/tracking/<rejection_id>"):
        return {"BodyID": subscriber["body_id"], "Body": '{"Event": "seen"}'}
    return FORMS[path.rule]


def test_nothing_of_a_token_is_the_same_in_two_pages(browser: Visitor) -> None:
    """Pages are compressed: what stays the same could be guessed by their lengths."""
    one, other = browser.token(), browser.token()
    assert not [place for place in range(0, 128, 16) if one[place : place + 16] in other]


@pytest.mark.parametrize("path", posts(), ids=str)
def test_a_forged_form_changes_nothing(
    path: Path,
    jane: Account,
    janes: dict[str, Any],
    browser: Visitor,
    tokens: dict[str, str],
    state: Callable[[], Any],
) -> None:
    before = state()
    for how, (token, headers) in FORGED.items():
        sent = {**fields(path, jane, janes), **({"token": tokens[token]} if token != "none" else {})}
        answer = browser.post(path.at(parts_of(jane) | janes), data=sent, headers=headers)
        assert answer.status_code == 403, how
        assert words(answer).startswith("This form has expired"), how
    assert state() == before


@pytest.mark.parametrize("path", posts(), ids=str)
def test_who_is_signed_out_changes_nothing(
    path: Path,
    jane: Account,
    janes: dict[str, Any],
    stranger: Visitor,
    tokens: dict[str, str],
    state: Callable[[], Any],
) -> None:
    before = state()
    sent = {**fields(path, jane, janes), "token": tokens["own"]}
    answer = stranger.post(path.at(parts_of(jane) | janes), data=sent)
    assert answer.status_code == (403 if path.rule == "/sign-in" else 303)
    assert answer.headers.get("Location", "/sign-in") == "/sign-in"
    assert state() == before


#: What a list has a bound of, taken away so that the next form finds room: the command, its parameter, and the part of paths.
AGAIN = (
    ("alert.delete", "AlertID", "alert_id"),
    ("goal.delete", "GoalID", "goal_id"),
    ("savedreport.delete", "SavedReportID", "saved_report_id"),
    ("schedule.delete", "ScheduleID", "schedule_id"),
    ("segment.delete", "SegmentID", "segment_id"),
    ("share.revoke", "ShareID", "share_id"),
    ("trigger.delete", "TriggerID", "trigger_id"),
)
#: Forms that find everything as they would have it, from the second time on.
KEPT_ONCE = ("/lists/<list_id>/settings", "/lists/<list_id>/products")


#: What browsers say of a form of ours, if anything.
OURS = ({"Sec-Fetch-Site": "same-origin"}, {"Sec-Fetch-Site": "none"}, {"Origin": "own"})


def ours() -> Iterator[tuple[Path, dict[str, str]]]:
    """Each form without any such header, and with one of them: they are judged before anybody looks which form it is."""
    for number, path in enumerate(posts()):
        yield from ((path, {}), (path, OURS[number % len(OURS)]))


@pytest.mark.parametrize(("path", "headers"), list(ours()), ids=str)
def test_a_form_of_ours_is_taken(
    path: Path,
    headers: dict[str, str],
    jane: Account,
    tracker: Tracker,
    enter: Enter,
    state: Callable[[], Any],
) -> None:
    """Else the tests above would hold for a console that takes nothing."""
    browser = Visitor(tracker) if path.rule == "/sign-in" else enter(jane)
    made = tracker.call("apikey.create", jane.key).body["Prefix"]
    new = somebody(tracker, jane)
    token = browser.token("/sign-in" if path.rule == "/sign-in" else "/keys")
    if path.rule.endswith("/names/part"):
        tracker.call("event.alias", jane.key, ListID=jane.list_id, Event="old", As="new")
    if path.rule == "/lists/<list_id>/delete":
        new["list_id"] = tracker.call("list.create", jane.key, SubscriberListName=DOOMED).body["ListID"]
    before = state()
    answer = browser.post(
        path.at({**parts_of(jane), **new, "prefix": made}),
        data={**fields(path, jane, new), "token": token},
        headers={name: tracker.url if value == "own" else value for name, value in headers.items()},
    )
    assert answer.status_code in (200, 303)
    is_kept = not path.rule.endswith(("/draft", "/test"))  # one only shows, the other only sends
    if is_kept and (path.rule not in KEPT_ONCE or not headers):
        assert state() != before
    for command, name, part in AGAIN:
        tracker.call(command, jane.key, ListID=jane.list_id, **{name: new[part]})
