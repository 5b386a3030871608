"""Campaign attribution: what addresses and referrers say, and that no address breaks it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.domain.campaigns import MAX_VALUE_CHARACTERS, campaign_properties, channel_of_host
from tracker.domain.channel_rules import ChannelRule, ChannelRules
from tracker.domain.channels import CHANNELS, CLICK_IDS

SHOP = "https://shop.example.com/tea"


def channel(query: str = "", referrer: str = "", page: str = SHOP) -> str | None:
    return campaign_properties(f"{page}?{query}" if query else page, referrer).get("$channel")


def test_utm_parameters_are_kept_as_they_are_written() -> None:
    query = "utm_source=News%20Letter&utm_medium=email&utm_campaign=black-friday&utm_term=&UTM_Content=a&utm_source=2"
    assert campaign_properties(f"{SHOP}?x=1&{query}#top", "") == {
        "$utm_source": "News Letter",
        "$utm_medium": "email",
        "$utm_campaign": "black-friday",
        "$utm_content": "a",
        "$channel": "Email",
    }


@pytest.mark.parametrize("name", CLICK_IDS)
def test_the_name_of_a_click_id_is_kept_and_not_its_value(name: str) -> None:
    found = campaign_properties(f"{SHOP}?{name}=secret-123", "")
    assert found == {"$click_id": name, "$channel": CLICK_IDS[name]}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("utm_medium=Newsletter", "Email"),
        ("utm_medium=social&utm_source=whatever", "Social"),
        ("utm_medium=cpc&utm_source=google", "Search"),
        ("utm_medium=cpc&utm_source=facebook.com", "Social"),
        ("utm_medium=paid_social&utm_source=fb", "Social"),
        ("utm_medium=cpc&utm_source=some-network", "Campaign"),
        ("utm_source=chatgpt.com", "AI assistants"),
        ("utm_source=youtube&utm_medium=video", "Video"),
        ("utm_campaign=spring", "Campaign"),
        ("utm_medium=affiliate&utm_source=google", "Campaign"),
        ("utm_medium=display&utm_source=google", "Campaign"),
        ("utm_medium=paid-social&utm_source=whatever", "Social"),
        ("utm_medium=cpc&utm_source=tiktok", "Social"),
        ("gclid=1&utm_medium=email", "Search"),
    ],
)
def test_the_address_says_the_channel(query: str, expected: str) -> None:
    assert channel(query, "https://www.bing.com/") == expected


@pytest.mark.parametrize(
    ("referrer", "expected"),
    [
        ("", "Direct"),
        ("https://www.google.com/", "Search"),
        ("https://www.google.co.uk/search?q=tea", "Search"),
        ("https://gemini.google.com/app", "AI assistants"),
        ("https://mail.google.com/", "Email"),
        ("https://chatgpt.com/", "AI assistants"),
        ("https://m.facebook.com/", "Social"),
        ("https://t.co/abc", "Social"),
        ("https://www.amazon.de/dp/1", "Shopping"),
        ("https://youtu.be/x", "Video"),
        ("https://blog.example.org/tea", "Referral"),
        ("https://google.example.org/", "Referral"),
        ("https://notgoogle.com/", "Referral"),
        ("https://WWW.Shop.Example.com./cart", None),
        ("https://www.shop.example.com/cart", None),
        ("https://accounts.google.com/", "Referral"),
        ("https://docs.google.com/", "Referral"),
        ("https://mail.yandex.ru/", "Email"),
        ("https://pay.amazon.de/", "Referral"),
        ("https://google.abc.de/", "Referral"),
        ("https://l.facebook.com/", "Social"),
        ("android-app://com.google.android.gm/", "Email"),
        ("android-app://com.example.app/", "Referral"),
        ("https://" + "a." * 120 + "google.com/", "Referral"),
        ("https://" + "a." * 8_000 + "google.com/", None),
        ("not an address", None),
        ("http://[broken", None),
    ],
)
def test_the_referrer_says_the_channel(referrer: str, expected: str | None) -> None:
    assert channel(referrer=referrer) == expected


def test_a_brand_counts_before_the_end_of_a_domain_only() -> None:
    assert channel_of_host("google.evil.example") == ""
    assert channel_of_host("") == ""


@pytest.mark.parametrize("page", ["javascript:alert(1)", "https://[::1/", "no address", "file:///tmp/x"])
def test_what_is_no_address_of_a_page_says_nothing(page: str) -> None:
    assert campaign_properties(f"{page}?utm_source=x&gclid=1", "") == {}


def test_what_cannot_be_shown_is_left_out_of_values() -> None:
    assert campaign_properties(f"{SHOP}?utm_source=%00a%ff%0Ab&utm_term=%00", "")["$utm_source"] == "ab"


def test_long_values_are_cut() -> None:
    assert (
        campaign_properties(f"{SHOP}?utm_source={'x' * 5000}", "")["$utm_source"]
        == "x" * MAX_VALUE_CHARACTERS
    )


addresses = st.text(max_size=60) | st.builds(
    "https://shop.example.com/?{}={}&{}".format,
    st.sampled_from(["utm_source", "utm_medium", "gclid", "x", "UTM_TERM"]),
    st.text(max_size=20),
    st.text(max_size=20),
)


@given(addresses, addresses)
def test_no_address_breaks_it(url: str, referrer: str) -> None:
    found = campaign_properties(url, referrer)
    assert all(value and len(value) <= MAX_VALUE_CHARACTERS for value in found.values())
    assert found.get("$channel", CHANNELS[0]) in CHANNELS
    assert found.get("$click_id", "gclid") in CLICK_IDS


RULES = ChannelRules(
    (
        ChannelRule("source", "partner", "Partners"),
        ChannelRule("click_id", "cjEvent", "Affiliates"),
        ChannelRule("medium", "email", "Mails of ours"),
        ChannelRule("domain", "mail.google.com", "Webmail"),
        ChannelRule("domain", "google.com", "Google"),
    )
)


@pytest.mark.parametrize(
    ("query", "referrer", "expected"),
    [
        ("utm_source=Partner&utm_medium=email", "", "Partners"),
        ("utm_medium=email&utm_source=newsletter", "", "Mails of ours"),
        ("utm_medium=newsletter", "", "Email"),
        ("cjEvent=12", "https://www.google.com/", "Affiliates"),
        ("cjevent=12", "https://www.bing.com/", "Search"),
        ("gclid=1", "https://www.google.com/", "Search"),
        ("", "https://www.google.com/", "Google"),
        ("", "https://mail.google.com/", "Webmail"),
        ("", "https://notgoogle.com/", "Referral"),
        ("utm_campaign=x", "https://www.google.com/", "Campaign"),
        ("", "https://shop.example.com/", ""),
        ("", "", "Direct"),
    ],
)
def test_rules_of_a_list_go_before_the_table_in_their_order(query: str, referrer: str, expected: str) -> None:
    assert campaign_properties(f"{SHOP}?{query}", referrer, RULES).get("$channel", "") == expected


def test_a_click_id_of_a_rule_is_named_in_the_event() -> None:
    assert campaign_properties(f"{SHOP}?cjEvent=secret", "", RULES) == {
        "$click_id": "cjEvent",
        "$channel": "Affiliates",
    }


@given(st.text(max_size=300), st.text(max_size=100))
def test_no_address_breaks_the_rules(query: str, referrer: str) -> None:
    assert isinstance(campaign_properties(f"{SHOP}?{query}", referrer, RULES).get("$channel", ""), str)
