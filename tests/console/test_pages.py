"""Do pages say what is there, refuse what is not theirs to show, and come with the headers that keep them safe?"""

from __future__ import annotations

import pathlib
import re
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import pytest

from tests.client import InProcess
from tests.console.conftest import account
from tests.console.routes import Path, gets, missing_parts, parts_of, paths
from tests.console.visitor import Ask, Visitor, signed_in, token_in, unmasked, words
from tests.processes import until
from tests.served import Account, Tracker
from tracker.console.assets import STATIC

Enter = Callable[[Account], Visitor]
#: What a page cannot do without.
QUERIES = {
    "/lists/<list_id>/events/properties": {"event": "seen"},
    "/lists/<list_id>/events/values": {"event": "seen", "property": "page"},
    "/lists/<list_id>/names/one": {"kind": "event", "name": "seen"},
    "/lists/<list_id>/values": {"property": "page"},
}
#: What pages of reports say where the engine is not installed.
NO_REPORTS = "Reports are not available now"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "font-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
SAFE = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


@pytest.fixture(scope="module")
def browser(tracker: Tracker, jane: Account) -> Visitor:
    return Visitor(tracker).sign_in(jane)


def is_safe(answer: Any) -> bool:
    assert {name: answer.headers.get(name) for name in SAFE} == SAFE
    assert answer.headers["Content-Type"] in (
        "text/html; charset=utf-8",
        "application/json",
        "text/event-stream",
        "text/csv; charset=utf-8",
    )
    return True


@pytest.mark.parametrize("path", gets(), ids=str)
def test_every_page_has_the_headers(
    path: Path, browser: Visitor, jane: Account, janes: dict[str, Any]
) -> None:
    with browser.get(path.at(parts_of(jane) | janes), params=QUERIES.get(path.rule), stream=True) as answer:
        assert answer.status_code in (200, 303) or NO_REPORTS in words(answer)
        assert is_safe(answer)
        text = "" if path.rule.endswith("/live/events") else answer.text  # those never end
    assert not re.search(r"<script(?![^>]* src=)|<style|\sstyle=|\son[a-z]+=|javascript:", text)


@pytest.mark.parametrize(
    "path", ["/keys/nope/revoke", "/lists/x", "/lists/1/nope", "/console/nope", "/lists/"]
)
def test_what_is_not_there_is_a_page_with_the_headers(path: str, browser: Visitor) -> None:
    answer = browser.get(path)
    assert (answer.status_code, words(answer)) == (
        404,
        "Page not found It does not exist, or it belongs to another account. Go to the lists",
    )
    assert is_safe(answer)


@pytest.mark.parametrize("path", [path for path in paths() if path.parts], ids=str)
def test_anothers_is_answered_like_what_is_not_there(
    path: Path, browser: Visitor, john: Account, johns: dict[str, Any]
) -> None:
    sent = {"token": browser.token()}
    his, none = (
        browser.send(path.method, path.at(each), data=sent)
        for each in (parts_of(john) | johns, missing_parts(path, 2**40))
    )
    assert (his.status_code, unmasked(his)) == (none.status_code, unmasked(none))
    assert his.status_code == 404
    assert is_safe(his)


@pytest.mark.parametrize("list_id", ["0", "-1", "1.5", "9" * 30, "١", "none", "%00", "1%20"])
def test_what_is_no_number_of_a_list_is_not_there(list_id: str, browser: Visitor) -> None:
    assert browser.get(f"/lists/{list_id}/setup").status_code == 404


def test_files_are_kept_and_asked_for_by_their_hash(browser: Visitor) -> None:
    page = browser.get("/").text
    named = set(re.findall(r'(?:href|src)="(/console/[^"]+)"', page))
    assert {name.split("?")[0] for name in named} <= {f"/console/{file.name}" for file in STATIC.iterdir()}
    for path in named:
        answer = browser.get(path)
        assert answer.status_code == 200
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert answer.headers["Content-Security-Policy"] == POLICY
        again = browser.get(path, headers={"If-None-Match": answer.headers["ETag"]})
        assert (again.status_code, again.content) == (304, b"")


def test_the_lists_are_shown_with_people_and_last_event(tracker: Tracker, enter: Enter) -> None:
    jane = account(tracker, "another.jane@example.com", "Jane's shop")
    browser = enter(jane)
    assert f"Jane's shop ListID {jane.list_id} No event yet" in words(browser.get("/"))
    tracker.call("event.track", jane.key, ListID=jane.list_id, Event="seen", Email="a@example.com")
    page = browser.get("/")
    assert re.search(r"Jane's shop (1 )?\d+ \w+ 20\d\d, \d\d:\d\d UTC", words(page))
    assert f'href="/lists/{jane.list_id}"' in page.text
    assert "Events without a list" in words(page)
    assert 'href="/lists/none/live"' in page.text
    assert "John" not in page.text


def test_what_came_without_a_list_is_counted(tracker: Tracker, enter: Enter) -> None:
    jane = account(tracker, "stray.jane@example.com", "Jane's shop")
    browser = enter(jane)
    assert "What was sent without a ListID." in words(browser.get("/"))
    for event in ("seen", "seen", "bought"):
        tracker.call("event.track", jane.key, Event=event)

    def said() -> str | None:
        found = re.search(
            r"What was sent without a ListID: (\d) events, the last \d+ \w+ 20\d\d, \d\d:\d\d UTC\s?\.",
            words(browser.get("/")),
        )
        return found and found[1]

    until(lambda: said() == "3", 30, "the counts of the catalogue")


def test_lists_are_searched_and_paged(tracker: Tracker, enter: Enter, john: Account) -> None:
    for number in range(51):
        tracker.call("list.create", john.key, SubscriberListName=f"Shop <{number:02}>")
    browser = enter(john)
    first = browser.get("/")
    assert first.text.count("row-link") == 50
    assert "1–50 of 52" in words(first)
    assert "51–52 of 52" in words(browser.get("/?from=50"))
    assert "1–50 of 52" in words(browser.get("/?from=x"))
    found = browser.get("/?search=%3C07")
    assert found.text.count("row-link") == 1
    assert "Shop &lt;07&gt;" in found.text
    assert "No list has this in its name" in words(browser.get("/?search=nowhere"))


def test_a_list_is_made(tracker: Tracker, enter: Enter, jane: Account) -> None:
    browser = enter(jane)
    answer = browser.submit("/lists", at="/", name='  <b>"New"</b> ')
    list_id = int(re.fullmatch(r"/lists/(\d+)/setup", answer.headers["Location"])[1])  # type: ignore[index]
    page = browser.get(answer.headers["Location"])
    assert "&lt;b&gt;&#34;New&#34;&lt;/b&gt;" in page.text
    assert tracker.call("list.get", jane.key, ListID=list_id).body["List"]["Name"] == '<b>"New"</b>'
    assert browser.get(f"/lists/{list_id}").headers["Location"] == f"/lists/{list_id}/setup"


@pytest.mark.parametrize("name", ["", "   ", "x" * 251, "a\0b"])
def test_a_list_without_a_proper_name_is_not_made(browser: Visitor, name: str) -> None:
    before = browser.get("/").text.count("row-link")
    answer = browser.submit("/lists", at="/", name=name)
    assert answer.status_code == 422
    assert re.search(r"A name has 1 to 250 characters\. \(error [12]\)", words(answer))
    assert 'aria-invalid="true"' in answer.text
    assert browser.get("/").text.count("row-link") == before


def test_a_form_that_is_too_large_is_told_so(browser: Visitor) -> None:
    answer = browser.post("/lists", data={"token": browser.token(), "name": "x" * 70_000})
    assert answer.status_code == 413
    assert "Form too large" in words(answer)
    assert is_safe(answer)


@pytest.fixture
def client(sqlite_url: str, tmp_path: pathlib.Path) -> Iterator[InProcess]:
    with closing(InProcess(sqlite_url, tmp_path, {"TRACKER_LIMITS": "list.get=2/60"})) as client:
        yield client


def entered(client: InProcess, may: str = "*") -> Ask:
    """The console as a new user sees it, who `may` so much."""
    return signed_in(client, client.open_shop("weak@example.com", may=may))


def test_a_permission_that_lacks_is_named(client: InProcess) -> None:
    answer = entered(client, "List.Get")("GET", "/")
    assert (answer.status, is_safe(answer)) == (403, True)
    assert "Your account lacks the permission Lists.Get." in words(answer)


def test_too_many_requests_say_how_long_to_wait(client: InProcess) -> None:
    ask = entered(client)
    form = {"token": token_in(ask("GET", "/keys")), "name": "Shop"}
    number = ask("POST", "/lists", data=form).headers["Location"]
    assert [ask("GET", number).status for _ in range(3)] == [200, 200, 429]
    answer = ask("GET", number)
    assert re.search(r"Please wait \d+ seconds?, then try again\.", words(answer))
    assert 1 <= int(answer.headers["Retry-After"]) <= 61
    assert is_safe(answer)
    for_script = ask("GET", f"{number}/status", headers={"Accept": "application/json"})
    assert (for_script.status, for_script.body["Title"]) == (429, "Too many requests")
    assert 1 <= int(for_script.headers["Retry-After"]) <= 61


def test_storage_that_is_gone_is_a_page(sqlite_url: str, tmp_path: pathlib.Path) -> None:
    """A database that nobody has prepared answers nothing."""
    client = InProcess(sqlite_url, tmp_path, is_upgraded=False)
    cookie = {"Cookie": "tracker_session=trs_kS0vYbq3Zt8Jm1Lx5Nc7Wd2Rf4Hg6Pa91NNnUG"}
    answer = client.get("/", headers=cookie)
    assert (answer.status, answer.headers["Retry-After"]) == (503, "1")
    assert "Storage is not available Nothing was changed." in words(answer)
    assert is_safe(answer)


def test_what_nobody_expected_is_a_page_with_a_number(
    client: InProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask = entered(client)
    monkeypatch.setattr(client.services.stores.lists, "page", lambda *_, **__: {}["secret"])
    answer = ask("GET", "/")
    assert (answer.status, is_safe(answer)) == (500, True)
    assert f"The log has the details under the request id {answer.headers['X-Request-ID']}." in words(answer)
    assert "secret" not in answer.text


def test_the_console_can_be_left_out(sqlite_url: str, tmp_path: pathlib.Path) -> None:
    client = InProcess(sqlite_url, tmp_path, {"TRACKER_CONSOLE": "0"})
    for path in ("/", "/sign-in", "/keys", "/console/console.css"):
        assert client.get(path).status == 404
    client.close()


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", "/sign-in", "GET, HEAD, POST"),
        ("DELETE", "/lists/<list_id>", "GET, HEAD"),
        ("POST", "/audit", "GET, HEAD"),
        ("POST", "/lists/<list_id>/live", "GET, HEAD"),
        ("OPTIONS", "/keys", "GET, HEAD, POST"),
    ],
)
def test_a_method_that_a_page_does_not_take_is_told_by_a_page(
    browser: Visitor, tracker: Tracker, jane: Account, method: str, path: str, allowed: str
) -> None:
    for visitor in (browser, Visitor(tracker)):
        answer = visitor.send(method, path.replace("<list_id>", str(jane.list_id)))
        assert (answer.status_code, answer.headers["Allow"]) == (405, allowed)
        assert "Wrong kind of request" in words(answer)
        assert is_safe(answer)
