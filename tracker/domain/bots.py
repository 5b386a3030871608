"""Bot detection by user agent: a verdict needs evidence that no person's browser gives.

The list of crawlers (crawler-user-agents) grows by what was seen in logs, and some of that is an app that people use, or
the build of a phone. In the agent of a program that is no browser, a name from the list is evidence by itself. In a
browser's agent it is evidence only if it is neither the phone's build nor the name of an app that people use, and if the
browser is not built into an app. A word that says what the program is (bot, crawler, spider, …) is evidence everywhere.
"""

from __future__ import annotations

import re

from crawleruseragents import CRAWLER_PATTERNS

#: The agents of browsers, and of apps that show pages with the system's browser: their beginning and the engine they name.
_BROWSER = re.compile(r"Mozilla/\d.*(?:AppleWebKit/|Gecko/[\d.]+ |Trident/|MSIE \d|Presto/)", re.DOTALL)
#: A browser that is built into an app: Android's WebView, Electron, and iOS' view, which does not say Safari.
_EMBEDDED = re.compile(
    r"; wv\)|Version/4\.0 Chrome/|Electron/|\bWebView\b|\((?:iPhone|iPad|iPod)(?!.*Safari/)", re.DOTALL
)
#: Words by which programs say that they are robots. Cubot makes telephones; MSIE and its imitators say "compatible".
_WORDS = re.compile(
    r"(?<![Cc][Uu])bot(?![a-z])|crawl|spider|slurp|headless|lighthouse|synthetic|phantomjs|selenium|playwright"
    r"|puppeteer|pagespeed|web preview|bingpreview|linkcheck|pingdom|uptime|favicon"
    r"|\+?https?://|\bcompatible; (?!MSIE |Konqueror|Googletoolbar|ms-office)",
    re.IGNORECASE,
)
#: Parts of people's agents beside the browser: the build of a device, and names of apps. They are no evidence, even if the
#: list has them: Sogou and Steam make browsers, Slack calls its window Sonic, the others show links in their apps.
_APPS_AND_BUILDS = re.compile(
    r"Build/[^;)]*|\bSE 2\.X MetaSr [\d.]+|\bSogou(?:MSE|MobileBrowser|Search|Gecko)[^\s,;)]*|\bSonic/|\bValve Steam[^;)]*"
    r"|\b(?:Code|Cursor|Windsurf|Trae|Notion|Slack|Slack_SSB|Discord|discord|Asana|Teams|Obsidian|Figma|Postman|Bluesky|Feedly"
    r"|Viber|Tumblr|PayPal|Goodreads|Blackboard|upday|Mastodon|WhatsApp|Telegram|Pinterest|Instagram|Snapchat|Line|LINE|Flipboard"
    r"|Instapaper|NewsBlur|Reeder|Miniflux|MetaIAB|FBAN|FBAV|Steam|Zoom|Skype|Evernote|Todoist|Medium|Quora|Reddit|Shazam"
    r"|Nextcloud|NextCloud|Fluid|Silk)\b(?!-)(?: Client| App| for \w+)?[/ ]?",
)
#: Proxies through which mailbox providers and others fetch a picture when a person looks at it.
_IMAGE_PROXIES = re.compile(
    r"GoogleImageProxy|YahooMailProxy|YahooCacheSystem|FastmailUA|StartpagePrivateImageProxy|github-camo"
    r"|DuckDuckGo-Image-Proxy|ProtonMail|\bOutlook-Express|Shortwave Image Fetcher"
)
NO_USER_AGENT = "no user agent"


def image_proxy(user_agent: str) -> str | None:
    """Return the name of the proxy that fetches the pictures of mails for people, or None for any other agent."""
    match = _IMAGE_PROXIES.search(user_agent)
    return match and match[0]


def bot_reason(user_agent: str, is_image: bool) -> str | None:
    """Return the part of the agent that shows a robot, or None for a person's agent.

    `is_image` says that the request fetched the picture of a mail, which image proxies do for people.
    """
    if not user_agent.strip():
        return NO_USER_AGENT
    if is_image and image_proxy(user_agent):
        return None
    if not _BROWSER.match(user_agent):
        match = _WORDS.search(user_agent) or CRAWLER_PATTERNS.case_sensitive.search(user_agent)
        return match and _evidence(CRAWLER_PATTERNS.case_sensitive.search(user_agent) or match)
    rest = _APPS_AND_BUILDS.sub(" ", user_agent)
    found = CRAWLER_PATTERNS.case_sensitive.search(rest)
    word = _WORDS.search(rest)
    if word or (found and not _EMBEDDED.search(user_agent)):
        return _evidence(found or word)
    return None


def _evidence(match: re.Match[str] | None) -> str:
    return (match[0].strip(" /(;+") if match else "") or "robot"
