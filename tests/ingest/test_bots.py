"""Are people's agents people's, and robots' robots'? Samples of what is met in the field, a line an agent."""

from __future__ import annotations

from pathlib import Path

import pytest

from tracker.domain.bots import bot_reason
from tracker.domain.user_agent import parse_user_agent

AGENTS = Path(__file__).with_name("agents")
#: What mailbox providers fetch pictures with when somebody reads a mail.
PROXIES = {
    "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)": "GoogleImageProxy",
    "YahooMailProxy; https://help.yahoo.com/kb/yahoo-mail-proxy-SLN28749.html": "YahooMailProxy",
    "YahooCacheSystem; YahooWebServiceClient": "YahooCacheSystem",
    "Mozilla/5.0 (compatible; FastmailUA/1.0; +https://fastmail.com/)": "FastmailUA",
    "StartpagePrivateImageProxy/1.0": "StartpagePrivateImageProxy",
    "github-camo (4b7a2e1d)": "github-camo",
}


def sample(name: str) -> list[str]:
    return (AGENTS / name).read_text().splitlines()


def test_nobody_of_the_sample_is_taken_for_a_robot() -> None:
    people = sample("people.txt")
    assert len(set(people)) >= 300
    assert {agent: reason for agent in people if (reason := bot_reason(agent, False))} == {}
    assert not any(bot_reason(agent, True) for agent in people)


def test_robots_of_the_sample_are_recognised() -> None:
    robots = sample("robots.txt")
    assert len(set(robots)) >= 300
    missed = [agent for agent in robots if not bot_reason(agent, False)]
    assert len(missed) <= 0.05 * len(robots), missed


@pytest.mark.parametrize("agent", PROXIES)
def test_who_fetches_a_mails_picture_for_a_subscriber_is_that_subscriber(agent: str) -> None:
    assert parse_user_agent(agent, is_image=True).properties == {"$browser": PROXIES[agent]}
    assert parse_user_agent(agent, is_image=True).bot_reason is None
    assert parse_user_agent(agent).bot_reason is not None, "no page is read through it"


@pytest.mark.parametrize(
    "agent",
    [
        "Mozilla/5.0 (Linux; Android 15; CPH2609 Build/AP3A.240617.008; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/131.0.6778.200 Mobile Safari/537.36 (compatible; Googlebot/2.1)",
        "Mozilla/5.0 (Linux; Android 15; Pixel 8; wv) AppleWebKit/537.36 Version/4.0 Chrome/131.0.0.0 Mobile Safari/537.36 NewBot/1.0",
        "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 Chrome/128.0.0.0 Electron/32.2.6 Safari/537.36 PingdomTMS/2020.2",
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 SomeCrawler/2",
    ],
)
def test_a_robot_in_the_clothes_of_an_app_is_a_robot(agent: str) -> None:
    assert bot_reason(agent, False)


@pytest.mark.parametrize(
    "agent", ["x" * 512, "(" * 512, "Mozilla/5.0 " + "Build/" * 80, "Mozilla/5.0 (iPhone" * 25, "\0é"]
)
def test_any_text_is_judged_at_once(agent: str) -> None:
    """No agent makes the expressions work for long: each is asked a hundred times."""
    for _ in range(100):
        bot_reason(agent, False)
