"""What is filled from a user agent, and which robots are recognised?"""

from __future__ import annotations

import pytest

from tracker.domain.user_agent import MAX_CHARACTERS, parse_user_agent

MOZILLA = "Mozilla/5.0"
WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)"
IOS = "AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1"


@pytest.mark.parametrize(
    ("user_agent", "browser", "version", "system", "device", "kind"),
    [
        (f"{MOZILLA} (Windows NT 10.0; Win64; x64; rv:126.0) Gecko/20100101 Firefox/126.0", "Firefox", "126.0", "Windows", None, "desktop"),
        (f"{MOZILLA} (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4 Safari/605.1.15", "Safari", "17.4", "Mac OS X", "Apple Mac", "desktop"),
        (f"{MOZILLA} (iPhone; CPU iPhone OS 17_5 like Mac OS X) {IOS}", "Mobile Safari", "17.5", "iOS", "Apple iPhone", "mobile"),
        (f"{MOZILLA} (iPad; CPU OS 17_5 like Mac OS X) {IOS}", "Mobile Safari", "17.5", "iOS", "Apple iPad", "tablet"),
        (f"{MOZILLA} (Linux; Android 10; K) {WEBKIT} Chrome/126.0.0.0 Mobile Safari/537.36", "Chrome Mobile", "126.0", "Android", None, "mobile"),
        (f"{MOZILLA} (Linux; Android 14; SM-X710) {WEBKIT} Chrome/126.0.0.0 Safari/537.36", "Chrome", "126.0", "Android", "SM-X710", "tablet"),
        (f"{MOZILLA} (Web0S; Linux/SmartTV) {WEBKIT} Chrome/94.0.4606.128 Safari/537.36", "Chrome", "94.0", "Web0S", "LG Web0S SmartTV", "tv"),
        ("nonsense", None, None, None, None, None),
    ],
)  # fmt: skip
def test_browser_system_and_device(
    user_agent: str,
    browser: str | None,
    version: str | None,
    system: str | None,
    device: str | None,
    kind: str | None,
) -> None:
    names = ("$browser", "$browser_version", "$os", "$device", "$device_type")
    wanted = dict(zip(names, (browser, version, system, device, kind), strict=True))
    found = parse_user_agent(user_agent)
    assert found.properties == {name: value for name, value in wanted.items() if value}
    assert found.bot_reason is None


@pytest.mark.parametrize(
    ("user_agent", "reason"),
    [
        ("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", "Googlebot"),
        ("curl/8.0", "curl"),
        ("", "no user agent"),
        ("  ", "no user agent"),
    ],
)
def test_robots_are_named(user_agent: str, reason: str) -> None:
    found = parse_user_agent(user_agent)
    assert found.bot_reason == found.properties["$bot"] == reason
    assert found.properties["$device_type"] == "bot"


@pytest.mark.parametrize("user_agent", ["x" * 100_000, "(" * 8000, "é\xff", "\0", "Chrome/" + "9" * 8000])
def test_whatever_is_sent_is_read_in_part_and_harms_nothing(user_agent: str) -> None:
    assert all(len(value) <= MAX_CHARACTERS for value in parse_user_agent(user_agent).properties.values())
