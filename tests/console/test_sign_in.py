"""Can a person get in and out, and can nobody else be led in or astray?"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.client import InProcess
from tests.console.conftest import account as an_account
from tests.console.visitor import SESSION, Visitor, token_in, words
from tests.processes import until
from tests.served import Account, Tracker

Enter = Callable[[Account], Visitor]


def test_a_user_signs_in_and_out(tracker: Tracker, jane: Account, stranger: Visitor) -> None:
    assert stranger.get("/").headers["Location"] == "/sign-in"
    answer = stranger.submit("/sign-in", email=jane.email, password=jane.password)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")
    [cookie] = [line for line in answer.raw.headers.getlist("Set-Cookie") if line.startswith(SESSION)]
    assert {"HttpOnly", "Path=/", "SameSite=Lax", "Max-Age=86400"} <= set(cookie.split("; "))
    assert "Secure" not in cookie
    assert "Jane's shop" in words(stranger.get("/"))
    session = stranger.session_id
    assert tracker.call("lists.get", SessionID=session).status == 200
    out = stranger.submit("/sign-out", at="/")
    assert (out.status_code, out.headers["Location"]) == (303, "/sign-in")
    assert stranger.session_id is None
    assert tracker.call("lists.get", SessionID=session).body["Errors"][0]["Code"] == 99998
    assert stranger.get("/").headers["Location"] == "/sign-in"


def test_over_https_the_cookies_are_for_this_host_alone(sqlite_url: str, tmp_path: Path) -> None:
    client = InProcess(sqlite_url, tmp_path, {"TRACKER_PUBLIC_URL": "https://events.example.com"})
    user = client.open_shop("jane@example.com")
    form = client.get("/sign-in")
    assert form.headers["Set-Cookie"].startswith("__Host-tracker_form=")
    sent = {"token": token_in(form), "email": user.email, "password": user.password}
    cookie = form.headers["Set-Cookie"].partition(";")[0]
    answer = client.post("/sign-in", data=sent, headers={"Cookie": cookie, "Origin": "https://events.example.com"})  # fmt: skip
    assert answer.status == 303
    kept = answer.headers["Set-Cookie"]
    assert kept.startswith("__Host-tracker_session=")
    assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= set(kept.split("; "))
    client.close()


@pytest.mark.parametrize(
    ("email", "password", "said"),
    [
        ("jane@example.com", "wrong", "The email address or the password is wrong."),
        ("nobody@example.com", "wrong", "The email address or the password is wrong."),
        ("jane@example.com", "", "Please enter your email address and your password."),
        ("", "", "Please enter your email address and your password."),
        ("a\0b", "wrong\0", "The email address or the password is wrong."),
    ],
)
def test_who_may_not_come_in_is_told_nothing_else(
    jane: Account, stranger: Visitor, email: str, password: str, said: str
) -> None:
    answer = stranger.submit("/sign-in", email=email, password=password)
    assert answer.status_code == 422
    assert said in words(answer)
    assert stranger.session_id is None
    assert "wrong\0" not in answer.text


def test_too_many_tries_are_told_in_words(tracker: Tracker, stranger: Visitor) -> None:
    account = an_account(tracker, "often@example.com", "Often")
    for _ in range(10):
        assert stranger.submit("/sign-in", email=account.email, password="x").status_code == 422
    answer = stranger.submit("/sign-in", email=account.email, password=account.password)
    assert answer.status_code == 429
    assert 880 <= int(answer.headers["Retry-After"]) <= 901
    assert re.search(r"Too many tries\. Please wait 1[56] minutes, then try again\.", words(answer))
    assert stranger.session_id is None


OWN = ("/keys", "/lists/1/setup", "/?search=a%20b&from=50", "/audit?before=5")
HOSTILE = (
    "https://evil.example/", "//evil.example/", "/\\evil.example", "\\\\evil.example", "/\t/evil.example", "/\n/evil.example",
    " /keys", "javascript:alert(1)", "keys", "", "/\x00", "/%0d%0aX:1\r\nX: 1", "/\u2028", "///evil.example", "/\\/evil.example",
)  # fmt: skip


@pytest.mark.parametrize("path", OWN)
def test_one_goes_on_to_the_page_that_was_asked_for(jane: Account, stranger: Visitor, path: str) -> None:
    asked = stranger.get(path)
    assert (asked.status_code, asked.headers["Location"]) == (303, f"/sign-in?next={quote(path, safe='')}")
    form = stranger.get(asked.headers["Location"])
    assert f'name="next" value="{path.replace("&", "&amp;")}"' in form.text
    answer = stranger.submit("/sign-in", email=jane.email, password=jane.password, next=path)
    assert answer.headers["Location"] == path


@pytest.mark.parametrize("path", HOSTILE)
def test_nobody_is_led_anywhere_else(jane: Account, enter: Enter, stranger: Visitor, path: str) -> None:
    answer = stranger.submit("/sign-in", email=jane.email, password=jane.password, next=path)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")
    signed_in = stranger.get("/sign-in", params={"next": path})
    assert (signed_in.status_code, signed_in.headers["Location"]) == (303, "/")


def test_a_session_that_ended_leads_back_to_the_form(tracker: Tracker, jane: Account, enter: Enter) -> None:
    browser = enter(jane)
    path = f"/lists/{jane.list_id}/setup"
    assert browser.get(path).status_code == 200
    token = browser.token()
    tracker.call("user.logout", SessionID=browser.session_id)
    for_script = browser.get(f"{path}/status", headers={"Accept": "application/json"})
    assert (for_script.status_code, for_script.json()["Title"]) == (401, "You are signed out")
    answer = browser.post("/lists", data={"token": token, "name": "Late"})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/sign-in")
    assert browser.session_id is None
    assert browser.get(path).headers["Location"] == f"/sign-in?next={quote(path, safe='')}"


def test_a_session_that_expired_does_too(sqlite_url: str, tmp_path: Path) -> None:
    client = InProcess(sqlite_url, tmp_path, {"TRACKER_SESSION_SECONDS": "1"})
    session = client.services.stores.sessions.open(client.open_shop("jane@example.com").user_id)
    until(lambda: client.call("lists.get", SessionID=session).status == 401, 5, "the end of the session")
    answer = client.get("/", headers={"Cookie": f"{SESSION}={session}"})
    assert (answer.status, answer.headers["Location"]) == (303, "/sign-in")
    assert f"{SESSION}=;" in answer.headers["Set-Cookie"]
    client.close()


def test_the_doors_of_the_api_read_no_cookies(tracker: Tracker, jane: Account, enter: Enter) -> None:
    browser = enter(jane)
    for path in ("/api/v1/lists.get", f"/api/v1/list.get?ListID={jane.list_id}", "/api/v1/user.logout"):
        for method in ("GET", "POST"):
            answer = browser.send(method, path)
            assert answer.status_code in (401, 405), path
            assert "Set-Cookie" not in answer.headers
    answer = browser.post("/api.php", json={"Command": "list.create", "SubscriberListName": "By cookie"})
    assert (answer.status_code, answer.json()["Errors"][0]["Code"]) == (401, 99998)
    assert browser.get("/").status_code == 200


@pytest.mark.parametrize(
    "cookie", ["x", "\xff\xfe", '"', "a b; c", "trs_" + "x" * 4000, "trs_%00", "\u00e9" * 10]
)
def test_a_cookie_that_is_no_session_leads_to_the_form(stranger: Visitor, cookie: str) -> None:
    headers = {"Cookie": f"{SESSION}={cookie}".encode("latin-1")}
    answer = stranger.get("/keys", headers=headers)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/sign-in?next=%2Fkeys")
    assert stranger.post("/keys", headers=headers).status_code in (303, 403)
