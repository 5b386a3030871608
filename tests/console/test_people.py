"""Are people found, shown with what they did and why it is theirs, and are unmerging, exporting and forgetting as told?"""

from __future__ import annotations

import json
import re
from contextlib import closing
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import requests

from tests.client import InProcess
from tests.console.somebody import somebody, track
from tests.console.visitor import Visitor, signed_in, token_in, words
from tests.served import Account, Tracker


@pytest.fixture(scope="module")
def browser(tracker: Tracker, jane: Account) -> Visitor:
    return Visitor(tracker).sign_in(jane)


def people(account: Account) -> str:
    return f"/lists/{account.list_id}/people"


def path_of(account: Account, who: dict[str, Any]) -> str:
    return f"{people(account)}/{who['subscriber_id']}"


def test_a_list_without_people_says_what_to_do(browser: Visitor, fresh: Account) -> None:
    page = browser.get(people(fresh))
    assert "No people yet" in words(page)
    assert "No older people" in words(browser.get(people(fresh), params={"after": "1"}))
    assert "No people yet" in words(browser.get(people(fresh), params={"after": "x"}))
    assert browser.get("/lists/none/people").status_code == 404


def test_people_are_pages_newest_first(tracker: Tracker, browser: Visitor, fresh: Account) -> None:
    for number in range(51):
        sent = {"EmailAddress": f"p{number:02}@example.com", "ExternalID": f"id {number}"}
        assert tracker.call("subscriber.create", fresh.key, ListID=fresh.list_id, **sent).status == 200
    first = browser.get(people(fresh))
    assert re.findall(r">(p\d\d)@example.com<", first.text) == [f"p{n:02}" for n in range(50, 0, -1)]
    assert "51 people Older" in words(first)
    older = browser.get(re.search(r'href="([^"]*after=[^"]*)"', first.text)[1])  # type: ignore[index]
    assert re.findall(r">(p\d\d)@example.com<", older.text) == ["p00"]
    found = browser.get(people(fresh), params={"search": "P"})
    assert "1–50 of 51" in words(found)
    following = re.search(r'href="([^"]*from=50)"', found.text)[1].replace("&amp;", "&")  # type: ignore[index]
    assert "51–51 of 51" in words(browser.get(following))
    assert "1–50 of 51" in words(browser.get(people(fresh), params={"search": "id "}))
    for text in ("nobody", "\0", "x" * 400, "%", "_"):
        assert "No people found" in words(browser.get(people(fresh), params={"search": text})), text


def test_people_are_found_by_any_part_of_what_is_known_of_them(
    tracker: Tracker, browser: Visitor, fresh: Account
) -> None:
    field = {"FieldName": "Name", "MergeTagAlias": "Name", "DataType": "text"}
    made = tracker.call("customfield.create", fresh.key, SubscriberListID=fresh.list_id, **field)
    assert made.status == 200, made.text
    for email, number, name in (
        ("matteo.ricci7@example.com", "it-7", ""),
        ("mr@example.org", "it-8", "Maria Ricci"),
        ("someone@example.net", "ricci-9", ""),
        ("other@example.com", "it-10", "Nobody"),
    ):
        sent = {"EmailAddress": email, "ExternalID": number, "CustomFields": {"Name": name}}
        assert tracker.call("subscriber.create", fresh.key, ListID=fresh.list_id, **sent).status == 200
    found = browser.get(people(fresh), params={"search": "Ricci"})
    assert re.findall(r'row-link given"[^>]*>([^<]+)<', found.text) == [
        "someone@example.net",
        "mr@example.org",
        "matteo.ricci7@example.com",
    ]
    assert "any part of their address, ID and text fields" in words(
        browser.get(people(fresh), params={"search": "nowhere"})
    )


def test_who_is_named_exactly_is_shown(tracker: Tracker, browser: Visitor, fresh: Account) -> None:
    who = somebody(tracker, fresh)
    track(tracker, fresh, Event="named", Email=who["email"], ID="customer 7")
    nobody = str(uuid4())
    track(tracker, fresh, Event="seen", UUID=nobody)
    own = path_of(fresh, who)
    for text in (who["subscriber_id"], who["email"].upper(), f"  {who['email']} ", "customer 7", who["uuid"], who["uuid"].replace("-", "").upper()):  # fmt: skip
        answer = browser.get(people(fresh), params={"search": text})
        assert (answer.status_code, answer.headers.get("Location")) == (303, own), text
    to_visitor = browser.get(people(fresh), params={"search": nobody}).headers["Location"]
    assert to_visitor == f"/lists/{fresh.list_id}/visitors/{nobody}"
    assert "Nobody knows yet who this is." in words(browser.get(to_visitor))
    his = browser.get(f"/lists/{fresh.list_id}/visitors/{who['uuid']}")
    assert f'href="{own}"' in his.text
    assert "No people found" in words(browser.get(people(fresh), params={"search": str(uuid4())}))


def test_a_subscriber_is_shown_with_fields_revenue_and_visitors(
    tracker: Tracker, browser: Visitor, fresh: Account
) -> None:
    for name, alias in (("First name", "First-Name"), ("Empty", "Empty")):
        tracker.call("customfield.create", fresh.key, SubscriberListID=fresh.list_id, FieldName=name, MergeTagAlias=alias, DataType="text")  # fmt: skip
    who = somebody(tracker, fresh)
    for number, (value, currency) in enumerate([(1234.5, "EUR"), (0.125, "USD"), (1, "EUR")]):
        conversion = {"conversion-id": f"o-{number}", "conversion-name": "sale", "conversion-value": value, "conversion-currency": currency}  # fmt: skip
        track(tracker, fresh, Event="conversion", UUID=who["uuid"], Properties=conversion)
    track(
        tracker,
        fresh,
        Event="identify",
        Email=who["email"],
        ID="c-7",
        IdentifyProperties={"First-Name": "<i>Jo</i>"},
    )
    said = words(browser.get(path_of(fresh, who)))
    assert f"Email {who['email']} ID c-7 SubscriberID {who['subscriber_id']}" in said
    assert "Revenue €1,235.50 in 2 conversions $0.125 in 1 conversion" in said
    tracker.call("list.update", fresh.key, ListID=fresh.list_id, Currency="USD")
    said = words(browser.get(path_of(fresh, who)))
    assert "Revenue $0.125 in 1 conversion €1,235.50 in 2 conversions" in said, "the list's own comes first"
    assert "First name <i>Jo</i> Empty –" in said
    assert re.search(rf"{who['uuid'][:8]} Unmerge It sent bought with their email address on \d", said)
    track(tracker, fresh, Event="seen", ID="c-8")
    found = browser.get(people(fresh), params={"search": "c-8"}).headers["Location"]
    assert "Tracker made it for events that come with their ID and from no browser, first on" in words(
        browser.get(found)
    )


def whys_of(browser: Visitor, page: Any) -> list[str]:
    """The pages that say why, to which the events of a timeline lead."""
    rows = re.findall(r'class="event-name given" href="([^"]+)"', page.text)
    return re.findall(
        r'href="(/lists/[^"]*/why/\d+)" data-why', "".join(browser.get(row).text for row in rows)
    )


def test_why_an_event_is_theirs(
    tracker: Tracker, browser: Visitor, jane: Account, janes: dict[str, Any]
) -> None:
    page = browser.get(path_of(jane, janes))
    whys = whys_of(browser, page)
    told = [words(browser.get(path)) for path in whys]
    assert "Why bought is theirs It was sent with their email address." in told[0] + told[1]
    assert "Why seen is theirs Its visitor sent bought with their email address on " in told[-1]
    for_script = browser.get(whys[-1], headers={"Accept": "application/json"}).json()
    assert [next(iter(piece)) for piece in for_script["Why"]] == ["text", "name", "text", "time", "text"]
    assert browser.get(f"{path_of(jane, janes)}/why/1").status_code == 404


def test_what_only_a_browser_told_is_marked_until_a_key_tells_it(
    tracker: Tracker, browser: Visitor, fresh: Account
) -> None:
    found = tracker.call("list.get", fresh.key, ListID=fresh.list_id).body["List"]
    sent = {"Event": "identify", "UUID": str(uuid4()), "Email": "told@example.com", "ID": "t-7"}
    door = f"{tracker.url}/t/{found['EventListTrackerID']}"
    assert requests.post(door, json=sent, timeout=15).json() == {"status": "success"}
    track(tracker, fresh, Event="seen", UUID=sent["UUID"])
    path = browser.get(people(fresh), params={"search": "t-7"}).headers["Location"]
    page = browser.get(path)
    assert "Email told@example.com From a browser ID t-7 From a browser" in words(page)
    assert "It came from a browser, and has not been confirmed with a key." in words(page)
    whys = whys_of(browser, page)
    assert "identify with their email address and their ID on" in words(browser.get(whys[0]))
    assert "has not been confirmed with a key." in words(browser.get(whys[0]))
    track(tracker, fresh, **sent)
    page = browser.get(path)
    assert "From a browser" not in words(page)
    assert "It came from a browser" not in words(page)


def test_a_timeline_is_filtered_and_paged(tracker: Tracker, browser: Visitor, fresh: Account) -> None:
    who = somebody(tracker, fresh)
    for number in range(51):
        at = f"2026-01-{number // 2 + 1:02}T12:00:00Z"
        track(tracker, fresh, Event=f"e{number:02}", UUID=who["uuid"], Timestamp=at)
    path = path_of(fresh, who)

    def names(**asked: str) -> list[str]:
        return re.findall(r'class="event-name[^>]*>(\w+)<', browser.get(path, params=asked).text)

    first = browser.get(path)
    assert len(names()) == 50
    older = re.search(r'href="([^"]*cursor=[^"]*)"', first.text)[1].replace("&amp;", "&")  # type: ignore[index]
    assert re.findall(r'class="event-name[^>]*>(\w+)<', browser.get(older).text)[-1] == "e00"
    assert names(event="e07") == ["e07"]
    assert names(**{"from": "2026-01-03", "to": "2026-01-03"}) == ["e05", "e04"]
    assert "No event fits" in words(browser.get(path, params={"event": "never"}))
    for asked in ({"event": "x" * 201}, {"from": "soon"}, {"to": "9999-12-31"}):
        page = browser.get(path, params=asked)
        assert (page.status_code, 'aria-invalid="true"' in page.text) == (200, True), asked
    assert browser.get(path, params={"cursor": "made up"}).status_code == 404


def test_a_visitor_is_taken_back(tracker: Tracker, browser: Visitor, fresh: Account) -> None:
    who = somebody(tracker, fresh)
    path = path_of(fresh, who)
    link = re.search(r'href="([^"]*/unmerge)"', browser.get(path).text)[1]  # type: ignore[index]
    asked = browser.get(link)
    assert f"Take this visitor back from {who['email']} ?" in words(asked)
    done = browser.submit(link, at=link)
    assert (done.status_code, done.headers["Location"]) == (303, f"{path}?unmerged=done")
    said = words(browser.get(done.headers["Location"]))
    assert "The visitor is taken back" in said
    assert re.search(r"Taken back It sent bought .* It was unlinked on \d", said)
    assert re.findall(r'class="event-name[^>]*>(\w+)<', browser.get(path).text) in (
        ["bought", "identify"],
        ["identify", "bought"],
    )
    assert "Nobody knows yet" in words(browser.get(f"/lists/{fresh.list_id}/visitors/{who['uuid']}"))
    for wrong in ("x/0", f"{who['uuid']}/x", f"{who['uuid']}/-1"):
        assert browser.get(f"{path}/visitors/{wrong}/unmerge").status_code == 404
    assert browser.submit(f"{path}/visitors/{uuid4()}/0/unmerge", at="/keys").status_code == 404


def test_a_subscriber_is_left_out_of_reports_and_counted_again(
    tracker: Tracker, browser: Visitor, fresh: Account
) -> None:
    path = path_of(fresh, somebody(tracker, fresh))
    page = browser.get(path)
    assert "Leave out of reports" in words(page)
    done = browser.submit(f"{path}/reports", at=path, out="1")
    assert (done.status_code, done.headers["Location"]) == (303, path)
    page = browser.get(path)
    assert "Left out of reports: no number" in words(page)
    assert "Count again" in words(page)
    assert "Left out of reports" in words(browser.get(people(fresh)))
    browser.submit(f"{path}/reports", at=path, out="0")
    assert "Left out of reports" not in words(browser.get(path)) + words(browser.get(people(fresh)))
    assert browser.submit(f"{path}/reports", at=path, out="perhaps").status_code == 404
    assert browser.submit(f"{people(fresh)}/1/reports", at=path, out="1").status_code == 404


def test_a_subscriber_is_exported(
    tracker: Tracker, browser: Visitor, jane: Account, janes: dict[str, Any]
) -> None:
    path = path_of(jane, janes)
    answer = browser.submit(f"{path}/export", at=path)
    assert (
        answer.headers["Content-Disposition"]
        == f'attachment; filename="person-{janes["subscriber_id"]}.json"'
    )
    asked = {"ListID": jane.list_id, "SubscriberID": janes["subscriber_id"]}
    by_command = tracker.call("subscriber.export", jane.key, **asked).body
    given = json.loads(answer.content)
    assert given["Complete"] is True
    assert given["Events"] == by_command["Events"]
    assert "Person exported subscriber.export" in words(browser.get("/audit"))


def test_a_subscriber_is_forgotten_once_that_is_confirmed(
    tracker: Tracker, browser: Visitor, fresh: Account
) -> None:
    who = somebody(tracker, fresh)
    path = f"{path_of(fresh, who)}/forget"
    assert f"To confirm, type {who['email']}" in words(browser.get(path))
    for typed in ("", "someone@example.com", who["subscriber_id"]):
        answer = browser.submit(path, at=path, typed=typed)
        assert (answer.status_code, "This does not match." in words(answer)) == (422, True)
    assert browser.get(path_of(fresh, who)).status_code == 200
    token = browser.token(path)
    for _ in range(2):  # again, it tells what was done
        said = words(browser.post(path, data={"token": token, "typed": f" {who['email']} "}))
        assert "They are forgotten." in said
        assert re.search(r"What was removed .*events 3 ", said)
        assert "timeline.events Nothing" in said
    for gone in (path, path_of(fresh, who)):
        assert browser.get(gone).status_code == 404
    assert "No people yet" in words(browser.get(people(fresh)))


SEE, CHANGE = "List.Get", "List.Get,Subscribers.Get"


@pytest.mark.parametrize(
    ("method", "path", "permissions", "lacking"),
    [
        ("GET", "/live", SEE, "Subscribers.Get"),
        ("GET", "/live/events", SEE, "Subscribers.Get"),
        ("GET", "/events", SEE, "Subscribers.Get"),
        ("GET", "/people", SEE, "Subscribers.Get"),
        ("GET", "/people/1", SEE, "Subscribers.Get"),
        ("POST", "/people/1/export", SEE, "Subscribers.Get"),
        ("POST", "/people/1/forget", CHANGE, "Subscribers.Delete"),
        (
            "POST",
            "/people/1/visitors/550e8400-e29b-41d4-a716-446655440000/0/unmerge",
            CHANGE,
            "Subscriber.Update",
        ),
    ],
)
def test_a_permission_that_lacks_is_named(
    sqlite_url: str, tmp_path: Path, method: str, path: str, permissions: str, lacking: str
) -> None:
    with closing(InProcess(sqlite_url, tmp_path)) as client:
        user = client.open_shop("weak@example.com", may=permissions)
        ask = signed_in(client, user)
        settings = ask("GET", f"/lists/{user.list_id}/settings")
        sent = {"data": {"token": token_in(settings)}} if method == "POST" else {}
        answer = ask(method, f"/lists/{user.list_id}{path}", **sent)
        assert answer.status == 403
        assert f"Your account lacks the permission {lacking}." in words(answer)


def test_who_has_no_address_is_confirmed_by_number(
    tracker: Tracker, browser: Visitor, fresh: Account
) -> None:
    track(tracker, fresh, Event="seen", ID="<odd>")
    [found] = tracker.get(f"/api/v1/subscribers.get?ListID={fresh.list_id}", fresh.key).body["Subscribers"]
    path = f"{people(fresh)}/{found['SubscriberID']}/forget"
    assert f"To confirm, type {found['SubscriberID']}" in words(browser.get(path))
    assert "They are forgotten." in words(browser.submit(path, at=path, typed=found["SubscriberID"]))
