"""Can every setting of a list be seen and changed, and is what cannot be used told beside its field?"""

from __future__ import annotations

import html
import re
from typing import Any

import pytest

from tests.console.visitor import Visitor, words
from tests.served import Account, Tracker

SWITCHES = ("HonourPrivacySignal", "KeepAddress", "ConversionsNeedKey")
CHANGED: dict[str, Any] = {
    "SubscriberListName": 'Shop "<b>"',
    "ConversionIdIs": "goal",
    "RetentionDays": "365",
    "AllowedOrigins": "https://shop.example\r\n\r\n  https://www.shop.example:8443 ",
    "HiddenQueryParameters": "*token\r\n voucher ",
    "OwnNetworks": "192.0.2.7/24\r\n 2001:db8::1 ",
    "Timezone": " Europe/Berlin ",
    "Currency": "eur",
    "VisitGapMinutes": "45",
    "ChannelRules": "source: partner = Partners\r\n click_id : a=b=Ads ",
    "HonourPrivacySignal": "1",
    "KeepAddress": "1",
    "ConversionsNeedKey": "1",
}


@pytest.fixture(scope="module")
def browser(tracker: Tracker, jane: Account) -> Visitor:
    return Visitor(tracker).sign_in(jane)


@pytest.fixture(scope="module")
def path(jane: Account) -> str:
    return f"/lists/{jane.list_id}/settings"


def described(tracker: Tracker, account: Account) -> dict[str, Any]:
    found: dict[str, Any] = tracker.call("list.get", account.key, ListID=account.list_id).body["List"]
    return found


def test_all_are_changed_and_shown(tracker: Tracker, jane: Account, browser: Visitor, path: str) -> None:
    first = browser.get(path).text
    assert re.search(r'value="order"[^>]*checked', first)
    assert "*token\ncode\nkey\n" in first, (
        "what is left out of addresses unless somebody says otherwise is there to be seen"
    )
    answer = browser.submit(path, **CHANGED)
    assert (answer.status_code, answer.headers["Location"]) == (303, f"{path}?saved=1")
    found = described(tracker, jane)
    assert (found["Name"], found["ConversionIdIs"], found["RetentionDays"]) == ('Shop "<b>"', "goal", 365)
    assert found["AllowedOrigins"] == ["https://shop.example", "https://www.shop.example:8443"]
    assert [found[name] for name in SWITCHES] == [True] * 3
    assert found["HiddenQueryParameters"] == ["*token", "voucher"]
    assert (found["Timezone"], found["Currency"], found["VisitGapMinutes"]) == ("Europe/Berlin", "EUR", 45)
    assert found["OwnNetworks"] == ["192.0.2.0/24", "2001:db8::1/128"]
    assert found["ChannelRules"] == [
        {"Match": "source", "Value": "partner", "Channel": "Partners"},
        {"Match": "click_id", "Value": "a=b", "Channel": "Ads"},
    ]
    page = browser.get(answer.headers["Location"]).text
    assert "source: partner = Partners\nclick_id: a=b = Ads</textarea>" in page
    assert "The settings are saved." in page
    for shown in (r'value="Shop &#34;&lt;b&gt;&#34;"', r'value="goal"[^>]*checked', r'value="365"'):
        assert re.search(shown, page)
    assert "https://shop.example\nhttps://www.shop.example:8443</textarea>" in page
    assert len(re.findall(r'type="checkbox"[^>]*checked', page)) == 3
    assert "Browsers may send events from pages of https://shop.example ," in words(browser.get(path.replace("settings", "setup")))  # fmt: skip


def test_what_is_left_empty_is_switched_off(
    tracker: Tracker, jane: Account, browser: Visitor, path: str
) -> None:
    browser.submit(path, **CHANGED)
    browser.submit(
        path, SubscriberListName="Shop", ConversionIdIs="order", RetentionDays="", AllowedOrigins=""
    )
    found = described(tracker, jane)
    assert (found["RetentionDays"], found["AllowedOrigins"], found["HiddenQueryParameters"]) == (0, [], [])
    assert [found[name] for name in SWITCHES] == [False] * 3
    assert (found["Timezone"], found["Currency"], found["VisitGapMinutes"]) == ("UTC", "", 30)
    assert found["ChannelRules"] == []


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("SubscriberListName", " ", "A name has 1 to 250 characters. (error 4)"),
        ("ConversionIdIs", "coin", "Choose one of the two values. (error 5)"),
        ("RetentionDays", "-1", "A whole number of days from 0 to 3653. (error 6)"),
        ("RetentionDays", "3654", "A whole number of days from 0 to 3653. (error 6)"),
        ("RetentionDays", "a week", "A whole number of days from 0 to 3653. (error 6)"),
        (
            "AllowedOrigins",
            "shop.example",
            "One origin a line, such as https://shop.example, without a path. (error 7)",
        ),
        (
            "AllowedOrigins",
            "https://shop.example/",
            "One origin a line, such as https://shop.example, without a path. (error 7)",
        ),
        (
            "HiddenQueryParameters",
            "a=b",
            "One name a line, such as token; a name may begin with *. (error 11)",
        ),
        ("OwnNetworks", "the office", "One network or address a line, such as 192.0.2.0/24. (error 18)"),
        ("Timezone", "Berlin", "A name of the list, such as Europe/Berlin. (error 12)"),
        ("Currency", "E1", "Three capital letters, such as EUR. (error 13)"),
        ("VisitGapMinutes", "0", "A whole number of minutes from 1 to 240. (error 14)"),
        (
            "ChannelRules",
            "partner",
            "One rule a line, such as source: partner = Partners. What it may begin with stands above. (error 15)",
        ),
    ],
)
def test_what_cannot_be_used_is_told_beside_its_field(
    tracker: Tracker, jane: Account, browser: Visitor, path: str, field: str, value: str, said: str
) -> None:
    before = described(tracker, jane)
    answer = browser.submit(path, **{**CHANGED, "SubscriberListName": "Other", field: value})
    assert answer.status_code == 422
    assert described(tracker, jane) == before
    assert "Nothing was saved" in words(answer)
    [fault] = re.findall(r'<p class="fault" id="(\w+)-fault">([^<]*)</p>', answer.text)
    assert (fault[0], html.unescape(fault[1])) == (field, said)
    assert f'{field}-fault"' in answer.text.replace(f'id="{field}-fault"', ""), (
        "the field names what is wrong"
    )
    if value.strip() and field != "ConversionIdIs":
        assert value in html.unescape(answer.text), "what was typed is still there"


def test_all_that_cannot_be_used_is_told_at_once(browser: Visitor, path: str) -> None:
    answer = browser.submit(path, SubscriberListName="", RetentionDays="x", AllowedOrigins="y")
    assert re.findall(r"\(error (\d)\)", words(answer)) == ["4", "5", "7", "6"]
